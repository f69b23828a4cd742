// SPDX-License-Identifier: Apache-2.0
#include "include/ctls.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The library's types, opaque to us as they are to everybody since OpenSSL 1.1, and the numbers its macros stand for.
typedef struct ssl_ctx SSL_CTX;
typedef struct ssl SSL;
typedef struct bio BIO;
typedef struct x509 X509;
typedef struct pkey EVP_PKEY;
typedef struct name X509_NAME;
typedef struct extension X509_EXTENSION;
typedef struct asn1 ASN1_VALUE;
typedef struct stack STACK;
typedef struct general_name GENERAL_NAME;
typedef int verify_callback(int, void *);

enum {
    CTRL_SESSION_CACHE = 44,
    CTRL_HOST_NAME = 55,
    CTRL_CHAIN_CERTIFICATE = 89,
    CTRL_MINIMUM_VERSION = 123,
    VERSION_TLS_1_2 = 0x0303,
    VERIFY_PEER = 1,
    VERIFY_REQUIRED = 2,
    ERROR_WANT_READ = 2,
    ERROR_ZERO_RETURN = 6,
    NID_KEY_USAGE = 83,
    NID_ALTERNATIVE_NAMES = 85,
    NID_BASIC_CONSTRAINTS = 87,
    NID_EXTENDED_KEY_USAGE = 126,
    PURPOSE_CLIENT = 1,
    TEXT_UTF8 = 0x1000,
};
static const uint64_t OPTION_NO_TICKET = (uint64_t)1 << 14;
static const uint64_t OPTION_NO_RENEGOTIATION = (uint64_t)1 << 30;

// Every function that is used: its result, name and parameters.
#define SSL_FUNCTIONS(X)                                                                                               \
    X(const void *, TLS_server_method, (void))                                                                         \
    X(const void *, TLS_client_method, (void))                                                                         \
    X(SSL_CTX *, SSL_CTX_new, (const void *))                                                                          \
    X(void, SSL_CTX_free, (SSL_CTX *))                                                                                 \
    X(long, SSL_CTX_ctrl, (SSL_CTX *, int, long, void *))                                                              \
    X(uint64_t, SSL_CTX_set_options, (SSL_CTX *, uint64_t))                                                            \
    X(int, SSL_CTX_set_num_tickets, (SSL_CTX *, size_t))                                                               \
    X(void, SSL_CTX_set_verify, (SSL_CTX *, int, verify_callback *))                                                   \
    X(int, SSL_CTX_set_default_verify_paths, (SSL_CTX *))                                                              \
    X(int, SSL_CTX_use_certificate, (SSL_CTX *, X509 *))                                                               \
    X(int, SSL_CTX_use_PrivateKey, (SSL_CTX *, EVP_PKEY *))                                                            \
    X(int, SSL_CTX_check_private_key, (const SSL_CTX *))                                                               \
    X(SSL *, SSL_new, (SSL_CTX *))                                                                                     \
    X(void, SSL_free, (SSL *))                                                                                         \
    X(void, SSL_set_bio, (SSL *, BIO *, BIO *))                                                                        \
    X(void, SSL_set_accept_state, (SSL *))                                                                             \
    X(void, SSL_set_connect_state, (SSL *))                                                                            \
    X(int, SSL_do_handshake, (SSL *))                                                                                  \
    X(int, SSL_read, (SSL *, void *, int))                                                                             \
    X(int, SSL_write, (SSL *, const void *, int))                                                                      \
    X(int, SSL_shutdown, (SSL *))                                                                                      \
    X(int, SSL_get_error, (const SSL *, int))                                                                          \
    X(long, SSL_ctrl, (SSL *, int, long, void *))                                                                      \
    X(int, SSL_set1_host, (SSL *, const char *))                                                                       \
    X(void *, SSL_get0_param, (SSL *))                                                                                 \
    X(X509 *, SSL_get1_peer_certificate, (const SSL *))                                                                \
    X(long, SSL_get_verify_result, (const SSL *))

#define CRYPTO_FUNCTIONS(X)                                                                                            \
    X(const void *, BIO_s_mem, (void))                                                                                 \
    X(BIO *, BIO_new, (const void *))                                                                                  \
    X(BIO *, BIO_new_mem_buf, (const void *, int))                                                                     \
    X(int, BIO_free, (BIO *))                                                                                          \
    X(int, BIO_read, (BIO *, void *, int))                                                                             \
    X(int, BIO_write, (BIO *, const void *, int))                                                                      \
    X(unsigned long, ERR_get_error, (void))                                                                            \
    X(unsigned long, ERR_peek_last_error, (void))                                                                      \
    X(void, ERR_clear_error, (void))                                                                                   \
    X(const char *, ERR_reason_error_string, (unsigned long))                                                          \
    X(const char *, X509_verify_cert_error_string, (long))                                                             \
    X(int, X509_VERIFY_PARAM_set1_ip_asc, (void *, const char *))                                                      \
    X(EVP_PKEY *, EVP_PKEY_Q_keygen, (void *, const char *, const char *, ...))                                        \
    X(void, EVP_PKEY_free, (EVP_PKEY *))                                                                               \
    X(EVP_PKEY *, PEM_read_bio_PrivateKey, (BIO *, void *, void *, void *))                                            \
    X(int, PEM_write_bio_PKCS8PrivateKey, (BIO *, const EVP_PKEY *, const void *, char *, int, void *, void *))        \
    X(X509 *, PEM_read_bio_X509, (BIO *, void *, void *, void *))                                                      \
    X(int, PEM_write_bio_X509, (BIO *, X509 *))                                                                        \
    X(X509 *, X509_new, (void))                                                                                        \
    X(void, X509_free, (X509 *))                                                                                       \
    X(int, X509_set_version, (X509 *, long))                                                                           \
    X(ASN1_VALUE *, X509_get_serialNumber, (X509 *))                                                                   \
    X(int, ASN1_INTEGER_set_uint64, (ASN1_VALUE *, uint64_t))                                                          \
    X(ASN1_VALUE *, X509_getm_notBefore, (const X509 *))                                                               \
    X(ASN1_VALUE *, X509_getm_notAfter, (const X509 *))                                                                \
    X(ASN1_VALUE *, X509_time_adj_ex, (ASN1_VALUE *, int, long, time_t *))                                             \
    X(int, X509_cmp_current_time, (const ASN1_VALUE *))                                                                \
    X(X509_NAME *, X509_get_subject_name, (const X509 *))                                                              \
    X(int, X509_NAME_add_entry_by_txt, (X509_NAME *, const char *, int, const unsigned char *, int, int, int))         \
    X(int, X509_set_issuer_name, (X509 *, const X509_NAME *))                                                          \
    X(int, X509_set_pubkey, (X509 *, EVP_PKEY *))                                                                      \
    X(X509_EXTENSION *, X509V3_EXT_conf_nid, (void *, void *, int, const char *))                                      \
    X(void, X509_EXTENSION_free, (X509_EXTENSION *))                                                                   \
    X(int, X509_add_ext, (X509 *, X509_EXTENSION *, int))                                                              \
    X(int, X509_sign, (X509 *, EVP_PKEY *, const void *))                                                              \
    X(int, X509_check_purpose, (X509 *, int, int))                                                                     \
    X(int, X509_check_private_key, (const X509 *, const EVP_PKEY *))                                                   \
    X(int, ASN1_TIME_to_tm, (const ASN1_VALUE *, struct tm *))                                                         \
    X(void *, X509_get_ext_d2i, (const X509 *, int, int *, int *))                                                     \
    X(int, OPENSSL_sk_num, (const STACK *))                                                                            \
    X(void *, OPENSSL_sk_value, (const STACK *, int))                                                                  \
    X(void, GENERAL_NAMES_free, (STACK *))                                                                             \
    X(int, GENERAL_NAME_print, (BIO *, GENERAL_NAME *))                                                                \
    X(int, i2d_X509, (const X509 *, unsigned char **))                                                                 \
    X(int, RAND_bytes, (unsigned char *, int))

#define DECLARE(result, name, parameters) result(*name) parameters;
static struct { SSL_FUNCTIONS(DECLARE) } ssl;
static struct { CRYPTO_FUNCTIONS(DECLARE) } crypto;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_loaded;

static void *open_library(const char *base) {
    // Version 4 kept what is used here.
    const char *versions[] = {"3", "4"};
    for (size_t index = 0; index < sizeof versions / sizeof *versions; index++) {
        char name[64];
        snprintf(name, sizeof name, "lib%s.so.%s", base, versions[index]);
        void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (library) return library;
    }
    return NULL;
}

static void load(void) {
    void *crypto_library = open_library("crypto");
    void *ssl_library = open_library("ssl");
    if (!crypto_library || !ssl_library) return;
    int missing = 0;
#define FIND(library, table, name)                                                                                     \
    {                                                                                                                  \
        void *symbol = dlsym(library, #name);                                                                          \
        if (!symbol) missing++;                                                                                        \
        memcpy(&table.name, &symbol, sizeof symbol);                                                                   \
    }
#define FIND_SSL(result, name, parameters) FIND(ssl_library, ssl, name)
#define FIND_CRYPTO(result, name, parameters) FIND(crypto_library, crypto, name)
    SSL_FUNCTIONS(FIND_SSL)
    CRYPTO_FUNCTIONS(FIND_CRYPTO)
    is_loaded = missing == 0;
}

int ctls_load(void) {
    pthread_once(&once, load);
    return is_loaded ? 0 : -1;
}

void ctls_problem(char *text, size_t size) {
    const char *reason = NULL;
    if (ctls_load() != 0) {
        reason = "there is no OpenSSL 3 on this machine (libssl.so.3)";
    } else {
        unsigned long code = crypto.ERR_peek_last_error();
        if (code) reason = crypto.ERR_reason_error_string(code);
        crypto.ERR_clear_error();
    }
    snprintf(text, size, "%s", reason ? reason : "unknown TLS error");
}

// MARK: Contexts

static SSL_CTX *ssl_context(ctls_context *context) { return (SSL_CTX *)context; }

static SSL_CTX *new_context(const void *method) {
    crypto.ERR_clear_error();
    SSL_CTX *context = ssl.SSL_CTX_new(method);
    if (context) ssl.SSL_CTX_ctrl(context, CTRL_MINIMUM_VERSION, VERSION_TLS_1_2, NULL);
    return context;
}

ctls_context *ctls_client_context(void) {
    if (ctls_load() != 0) return NULL;
    SSL_CTX *context = new_context(ssl.TLS_client_method());
    if (!context) return NULL;
    if (ssl.SSL_CTX_set_default_verify_paths(context) != 1) {
        ssl.SSL_CTX_free(context);
        return NULL;
    }
    ssl.SSL_CTX_set_verify(context, VERIFY_PEER, NULL);
    return (ctls_context *)context;
}

static X509 *read_certificate(const char *pem) {
    BIO *bio = crypto.BIO_new_mem_buf(pem, -1);
    if (!bio) return NULL;
    X509 *certificate = crypto.PEM_read_bio_X509(bio, NULL, NULL, NULL);
    crypto.BIO_free(bio);
    return certificate;
}

static EVP_PKEY *read_key(const char *pem) {
    BIO *bio = crypto.BIO_new_mem_buf(pem, -1);
    if (!bio) return NULL;
    EVP_PKEY *key = crypto.PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    crypto.BIO_free(bio);
    return key;
}

// Any certificate will do: who it belongs to is looked up afterwards. That the other end holds its key is proven
// whatever is answered here.
static int accept_any(int is_good, void *store) {
    (void)is_good;
    (void)store;
    return 1;
}

ctls_context *ctls_server_context(const char *certificate_text, const char *key_text, const char *issuer_text) {
    if (ctls_load() != 0) return NULL;
    SSL_CTX *context = new_context(ssl.TLS_server_method());
    if (!context) return NULL;
    X509 *certificate = read_certificate(certificate_text);
    X509 *issuer = issuer_text ? read_certificate(issuer_text) : NULL;
    EVP_PKEY *key = read_key(key_text);
    int is_good = certificate && key && (issuer || !issuer_text) &&
                  ssl.SSL_CTX_use_certificate(context, certificate) == 1 &&
                  ssl.SSL_CTX_use_PrivateKey(context, key) == 1 && ssl.SSL_CTX_check_private_key(context) == 1 &&
                  (!issuer || ssl.SSL_CTX_ctrl(context, CTRL_CHAIN_CERTIFICATE, 1, issuer) == 1);
    crypto.X509_free(certificate);
    crypto.X509_free(issuer);
    crypto.EVP_PKEY_free(key);
    if (!is_good) {
        ssl.SSL_CTX_free(context);
        return NULL;
    }
    // Every connection proves anew who it is: nothing is resumed or renegotiated.
    ssl.SSL_CTX_ctrl(context, CTRL_SESSION_CACHE, 0, NULL);
    ssl.SSL_CTX_set_options(context, OPTION_NO_TICKET | OPTION_NO_RENEGOTIATION);
    ssl.SSL_CTX_set_num_tickets(context, 0);
    ssl.SSL_CTX_set_verify(context, VERIFY_PEER | VERIFY_REQUIRED, accept_any);
    return (ctls_context *)context;
}

void ctls_context_free(ctls_context *context) { ssl.SSL_CTX_free(ssl_context(context)); }

// MARK: Connections

struct ctls_connection {
    SSL *end;
    BIO *incoming;
    BIO *outgoing;
};

ctls_connection *ctls_connection_new(ctls_context *context, const char *host) {
    ctls_connection *connection = calloc(1, sizeof *connection);
    if (!connection) return NULL;
    crypto.ERR_clear_error();
    connection->end = ssl.SSL_new(ssl_context(context));
    connection->incoming = crypto.BIO_new(crypto.BIO_s_mem());
    connection->outgoing = crypto.BIO_new(crypto.BIO_s_mem());
    if (!connection->end || !connection->incoming || !connection->outgoing) {
        crypto.BIO_free(connection->incoming);
        crypto.BIO_free(connection->outgoing);
        ssl.SSL_free(connection->end);
        free(connection);
        return NULL;
    }
    // Both belong to the end from here on.
    ssl.SSL_set_bio(connection->end, connection->incoming, connection->outgoing);
    if (!host) {
        ssl.SSL_set_accept_state(connection->end);
        return connection;
    }
    ssl.SSL_set_connect_state(connection->end);
    unsigned char address[16];
    int is_address = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    int is_set;
    if (is_address) {
        is_set = crypto.X509_VERIFY_PARAM_set1_ip_asc(ssl.SSL_get0_param(connection->end), host);
    } else {
        ssl.SSL_ctrl(connection->end, CTRL_HOST_NAME, 0, (void *)host);
        is_set = ssl.SSL_set1_host(connection->end, host);
    }
    if (is_set != 1) {
        // Without it, anybody's certificate would do.
        ctls_connection_free(connection);
        return NULL;
    }
    return connection;
}

void ctls_connection_free(ctls_connection *connection) {
    if (!connection) return;
    ssl.SSL_free(connection->end);
    free(connection);
}

int ctls_feed(ctls_connection *connection, const void *bytes, size_t count) {
    const char *rest = bytes;
    while (count > 0) {
        int piece = count > INT32_MAX ? INT32_MAX : (int)count;
        int written = crypto.BIO_write(connection->incoming, rest, piece);
        if (written <= 0) return CTLS_FAILED;
        rest += written;
        count -= (size_t)written;
    }
    return 0;
}

size_t ctls_drain(ctls_connection *connection, void *bytes, size_t size) {
    int count = crypto.BIO_read(connection->outgoing, bytes, size > INT32_MAX ? INT32_MAX : (int)size);
    return count > 0 ? (size_t)count : 0;
}

static int outcome(ctls_connection *connection, int result) {
    if (result > 0) return result;
    switch (ssl.SSL_get_error(connection->end, result)) {
    case ERROR_WANT_READ: return CTLS_WANTS_MORE;
    case ERROR_ZERO_RETURN: return CTLS_CLOSED;
    default: return CTLS_FAILED;
    }
}

int ctls_handshake(ctls_connection *connection) {
    crypto.ERR_clear_error();
    return outcome(connection, ssl.SSL_do_handshake(connection->end));
}

long ctls_read(ctls_connection *connection, void *bytes, size_t size) {
    crypto.ERR_clear_error();
    return outcome(connection, ssl.SSL_read(connection->end, bytes, size > INT32_MAX ? INT32_MAX : (int)size));
}

long ctls_write(ctls_connection *connection, const void *bytes, size_t count) {
    crypto.ERR_clear_error();
    if (count == 0) return 0;
    return outcome(connection, ssl.SSL_write(connection->end, bytes, count > INT32_MAX ? INT32_MAX : (int)count));
}

void ctls_shutdown(ctls_connection *connection) {
    crypto.ERR_clear_error();
    ssl.SSL_shutdown(connection->end);
}

void ctls_certificate_problem(ctls_connection *connection, char *text, size_t size) {
    long result = ssl.SSL_get_verify_result(connection->end);
    snprintf(text, size, "%s", result ? crypto.X509_verify_cert_error_string(result) : "");
}

// MARK: Certificates and keys

static size_t write_der(X509 *certificate, void *bytes, size_t size) {
    int length = crypto.i2d_X509(certificate, NULL);
    if (length <= 0 || (size_t)length > size) return 0;
    unsigned char *end = bytes;
    return (size_t)crypto.i2d_X509(certificate, &end);
}

size_t ctls_client_certificate(ctls_connection *connection, void *bytes, size_t size) {
    X509 *certificate = ssl.SSL_get1_peer_certificate(connection->end);
    if (!certificate) return 0;
    int is_valid = crypto.X509_cmp_current_time(crypto.X509_getm_notBefore(certificate)) < 0 &&
                   crypto.X509_cmp_current_time(crypto.X509_getm_notAfter(certificate)) > 0 &&
                   crypto.X509_check_purpose(certificate, PURPOSE_CLIENT, 0) == 1;
    size_t count = is_valid ? write_der(certificate, bytes, size) : 0;
    crypto.X509_free(certificate);
    return count;
}

static int read_all(BIO *bio, char *text, size_t size) {
    int count = crypto.BIO_read(bio, text, (int)size - 1);
    if (count <= 0) return CTLS_FAILED;
    text[count] = 0;
    return 0;
}

int ctls_make_key(char *pem, size_t size) {
    if (ctls_load() != 0) return CTLS_FAILED;
    crypto.ERR_clear_error();
    EVP_PKEY *key = crypto.EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = crypto.BIO_new(crypto.BIO_s_mem());
    int result = CTLS_FAILED;
    if (key && bio && crypto.PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
        result = read_all(bio, pem, size);
    crypto.BIO_free(bio);
    crypto.EVP_PKEY_free(key);
    return result;
}

static int add_extension(X509 *certificate, int number, const char *value) {
    X509_EXTENSION *extension = crypto.X509V3_EXT_conf_nid(NULL, NULL, number, value);
    if (!extension) return 0;
    int is_added = crypto.X509_add_ext(certificate, extension, -1);
    crypto.X509_EXTENSION_free(extension);
    return is_added;
}

static int fill(X509 *certificate, const char *common_name, EVP_PKEY *key, X509 *issuer, const char *names, int days) {
    uint64_t serial = 0;
    if (crypto.RAND_bytes((unsigned char *)&serial, sizeof serial) != 1) return 0;
    // Positive, and never nothing.
    serial = (serial >> 1) | 1;
    X509_NAME *subject = crypto.X509_get_subject_name(certificate);
    // An hour back: clocks differ.
    return crypto.X509_set_version(certificate, 2) == 1 &&
           crypto.ASN1_INTEGER_set_uint64(crypto.X509_get_serialNumber(certificate), serial) == 1 &&
           crypto.X509_time_adj_ex(crypto.X509_getm_notBefore(certificate), 0, -3600, NULL) &&
           crypto.X509_time_adj_ex(crypto.X509_getm_notAfter(certificate), days, 0, NULL) &&
           crypto.X509_NAME_add_entry_by_txt(subject, "CN", TEXT_UTF8, (const unsigned char *)common_name, -1, -1,
                                             0) == 1 &&
           crypto.X509_set_issuer_name(certificate, issuer ? crypto.X509_get_subject_name(issuer) : subject) == 1 &&
           crypto.X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_BASIC_CONSTRAINTS, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE") == 1 &&
           add_extension(certificate, NID_KEY_USAGE,
                         issuer ? "critical,digitalSignature" : "critical,digitalSignature,keyCertSign") == 1 &&
           (!issuer || add_extension(certificate, NID_EXTENDED_KEY_USAGE, "serverAuth,clientAuth") == 1) &&
           (!names || add_extension(certificate, NID_ALTERNATIVE_NAMES, names) == 1);
}

int ctls_make_certificate(const char *common_name, const char *key_text, const char *issuer_text,
                          const char *issuer_key_text, const char *names, int days, char *pem, size_t size) {
    if (ctls_load() != 0) return CTLS_FAILED;
    crypto.ERR_clear_error();
    X509 *certificate = crypto.X509_new();
    X509 *issuer = issuer_text ? read_certificate(issuer_text) : NULL;
    EVP_PKEY *key = read_key(key_text);
    EVP_PKEY *issuer_key = issuer_key_text ? read_key(issuer_key_text) : NULL;
    BIO *bio = crypto.BIO_new(crypto.BIO_s_mem());
    int result = CTLS_FAILED;
    int is_complete = certificate && key && bio && (issuer || !issuer_text) && (issuer_key || !issuer_key_text);
    if (is_complete && fill(certificate, common_name, key, issuer, names, days) &&
        crypto.X509_sign(certificate, issuer_key ? issuer_key : key, NULL) > 0 &&
        crypto.PEM_write_bio_X509(bio, certificate) == 1)
        result = read_all(bio, pem, size);
    crypto.BIO_free(bio);
    crypto.X509_free(certificate);
    crypto.X509_free(issuer);
    crypto.EVP_PKEY_free(key);
    crypto.EVP_PKEY_free(issuer_key);
    return result;
}

// MARK: Looking at what others made

// A key with a password is no key for a server: without this, the library would ask whoever sits at the terminal.
static int give_no_password(char *text, int size, int is_writing, void *data) {
    (void)text;
    (void)size;
    (void)is_writing;
    (void)data;
    return 0;
}

int ctls_examine(const char *certificate_text, const char *key_text, long long *not_before, long long *not_after) {
    if (ctls_load() != 0) return CTLS_NO_LIBRARY;
    crypto.ERR_clear_error();
    X509 *certificate = read_certificate(certificate_text);
    if (!certificate) return CTLS_NO_CERTIFICATE;
    struct tm start, end;
    int result = 0;
    if (crypto.ASN1_TIME_to_tm(crypto.X509_getm_notBefore(certificate), &start) != 1 ||
        crypto.ASN1_TIME_to_tm(crypto.X509_getm_notAfter(certificate), &end) != 1) {
        result = CTLS_NO_CERTIFICATE;
    } else {
        *not_before = (long long)timegm(&start);
        *not_after = (long long)timegm(&end);
    }
    if (result == 0 && key_text) {
        BIO *bio = crypto.BIO_new_mem_buf(key_text, -1);
        EVP_PKEY *key = bio ? crypto.PEM_read_bio_PrivateKey(bio, NULL, (void *)give_no_password, NULL) : NULL;
        crypto.BIO_free(bio);
        if (!key) {
            result = CTLS_NO_KEY;
        } else if (crypto.X509_check_private_key(certificate, key) != 1) {
            result = CTLS_OTHER_KEY;
        }
        crypto.EVP_PKEY_free(key);
    }
    crypto.X509_free(certificate);
    crypto.ERR_clear_error();
    return result;
}

size_t ctls_names(const char *certificate_text, char *text, size_t size) {
    if (ctls_load() != 0) return 0;
    crypto.ERR_clear_error();
    X509 *certificate = read_certificate(certificate_text);
    STACK *names = certificate ? crypto.X509_get_ext_d2i(certificate, NID_ALTERNATIVE_NAMES, NULL, NULL) : NULL;
    size_t count = 0;
    for (int index = 0; names && index < crypto.OPENSSL_sk_num(names); index++) {
        BIO *bio = crypto.BIO_new(crypto.BIO_s_mem());
        if (!bio) break;
        crypto.GENERAL_NAME_print(bio, crypto.OPENSSL_sk_value(names, index));
        // One that does not fit is left out, as are all after it.
        if (size - count < 2) {
            crypto.BIO_free(bio);
            break;
        }
        int length = crypto.BIO_read(bio, text + count, (int)(size - count - 1));
        crypto.BIO_free(bio);
        if (length <= 0 || (size_t)length == size - count - 1) break;
        count += (size_t)length;
        text[count++] = '\n';
    }
    if (names) crypto.GENERAL_NAMES_free(names);
    crypto.X509_free(certificate);
    crypto.ERR_clear_error();
    return count;
}
