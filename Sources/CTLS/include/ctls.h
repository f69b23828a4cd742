// SPDX-License-Identifier: Apache-2.0
// As much of TLS as the daemon needs, from the system's OpenSSL 3, which is loaded when it is first wanted: a daemon
// that speaks no TLS does not carry it, and the system's updates reach one that does.
#ifndef CTLS_H
#define CTLS_H

#include <stddef.h>

/// What both ends of connections have in common.
typedef struct ctls_context ctls_context;
/// One end of a connection. It touches no socket: bytes are fed to it and drained from it.
typedef struct ctls_connection ctls_connection;

/// What came of an operation; a positive number of bytes is success as well.
enum ctls_outcome {
    CTLS_WANTS_MORE = 0,  // bytes from the other end are needed
    CTLS_CLOSED = -1,     // the other end said it has no more
    CTLS_FAILED = -2,     // ctls_problem says why
};

/// Loads the library. Returns 0, or -1 when there is none that will do. Threads may call it together.
int ctls_load(void);

/// Why the last operation of this thread failed. Always ends the text, cut if need be.
void ctls_problem(char *text, size_t size);

/// What is wrong with the other end's certificate; empty if nothing is.
void ctls_certificate_problem(ctls_connection *connection, char *text, size_t size);

/// For connections to others: their certificates have to be issued by whom the system trusts. NULL on failure.
ctls_context *ctls_client_context(void);

/// For connections from others: who we are, as PEM, then the certificate of who issued ours. The others have to present
/// a certificate, and to prove that it is theirs, but whoever issued it will do. NULL on failure.
ctls_context *ctls_server_context(const char *certificate, const char *key, const char *issuer);

void ctls_context_free(ctls_context *context);

/// An end of a connection. `host` is the name or address the other end's certificate has to hold, NULL for a server.
ctls_connection *ctls_connection_new(ctls_context *context, const char *host);
void ctls_connection_free(ctls_connection *connection);

/// Takes what came from the other end. Returns 0 or CTLS_FAILED.
int ctls_feed(ctls_connection *connection, const void *bytes, size_t count);
/// Gives what is to be sent to the other end. Returns how much that was.
size_t ctls_drain(ctls_connection *connection, void *bytes, size_t size);

/// Goes on introducing the ends to each other. Returns 1 when that is done.
int ctls_handshake(ctls_connection *connection);
long ctls_read(ctls_connection *connection, void *bytes, size_t size);
long ctls_write(ctls_connection *connection, const void *bytes, size_t count);
/// Says that there will be no more.
void ctls_shutdown(ctls_connection *connection);

/// The other end's certificate as DER, if it is one for clients and valid today. Returns its size, 0 if not.
size_t ctls_client_certificate(ctls_connection *connection, void *bytes, size_t size);

/// What may be wrong with a certificate and its key.
enum ctls_finding {
    CTLS_NO_LIBRARY = -3,
    CTLS_NO_CERTIFICATE = -4,
    CTLS_NO_KEY = -5,
    CTLS_OTHER_KEY = -6,
};

/// Looks at the first certificate of a PEM text, and at its key (NULL to leave it out): from when to when it is valid, in
/// seconds since 1970. Returns 0, or what is wrong. A key that has a password is none.
int ctls_examine(const char *certificate, const char *key, long long *not_before, long long *not_after);

/// The names a certificate is for, a line for each, as "DNS:localhost" or "IP Address:127.0.0.1". Returns their size.
size_t ctls_names(const char *certificate, char *text, size_t size);

/// A new key as PEM. Returns 0 or CTLS_FAILED.
int ctls_make_key(char *pem, size_t size);

/// A certificate as PEM for a key, issued by itself (`issuer` and `issuer_key` NULL) or by another, with the names it
/// is for as OpenSSL writes them ("DNS:localhost,IP:127.0.0.1"; NULL for an issuer). Returns 0 or CTLS_FAILED.
int ctls_make_certificate(const char *common_name, const char *key, const char *issuer, const char *issuer_key,
                          const char *names, int days, char *pem, size_t size);

#endif
