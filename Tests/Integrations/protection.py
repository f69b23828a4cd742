# SPDX-License-Identifier: Apache-2.0
"""TLS at the front door, and what it keeps from Indico: each step is a proof."""
import concurrent.futures
import socket
import ssl
import threading
import time

import requests
from browser import Browser
from cryptography import x509
from installation import ADMINISTRATOR, PASSWORD, ensure, eventually

HOST, PORT = 'localhost', 8443
SITE = f'https://{HOST}:{PORT}'


class Protection:
    def __init__(self, journey):
        self.journey = journey
        self.indico = journey.indico
        self.authority = journey.authority

    def hear(self, text, port=8080, host='127.0.0.1', wait=20):
        """What a server answers to bytes as they are."""
        with socket.create_connection((host, port), timeout=wait) as connection:
            connection.sendall(text if isinstance(text, bytes) else text.encode())
            answer = b''
            try:
                while part := connection.recv(65536):
                    answer += part
            except ConnectionResetError:
                pass
            return answer.decode(errors='replace')

    def ask(self, path='/', headers=(), method='GET', port=8080, name='127.0.0.1:8080'):
        lines = [f'{method} {path} HTTP/1.1', f'Host: {name}', 'Connection: close', *headers, '', '']
        return self.hear('\r\n'.join(lines), port)

    # --- what comes in ---

    def no_false_names(self):
        """Nobody is believed about host, scheme, address or path, and no version is told"""
        for header in ['X-Forwarded-Host: evil.example.com', 'X-Forwarded-Proto: https', 'X-Forwarded-Prefix: /evil',
                       'X-Forwarded-Port: 1', 'Forwarded: host=evil.example.com;proto=https', 'X-Original-URL: /admin/',
                       'X-Rewrite-URL: /admin/', 'Proxy: http://evil.example.com']:
            answer = self.ask('/login/', [header])
            ensure(answer.startswith('HTTP/1.1 200'), f'{header}: {answer[:200]}')
            ensure('evil' not in answer and 'https://127.0.0.1' not in answer, f'{header} is in the page')
        answer = self.ask('/login/', name='evil.example.com')
        ensure(' 302 ' in answer[:20] and 'Location: http://127.0.0.1:8080/login/' in answer, answer[:300])
        answer = self.ask('/ping')
        ensure('\r\nServer: nginx\r\n' in answer and 'uWSGI' not in answer and 'Python' not in answer, answer[:300])
        # Who goes around nginx meets Indico's own check of the host.
        direct = self.ask('/ping', port=8081, name='evil.example.com')
        ensure(' 404 ' in direct[:20], f'uWSGI answers another host with {direct[:60]}')

    def limits(self):
        """What is too large ends at nginx, what it lets through uWSGI takes, and the site goes on"""
        self.indico.run('config', 'max_upload_size=1')
        self.indico.settle()
        large = self.ask('/ping', ['Cookie: a=' + 'x' * 15000, 'X-More: ' + 'y' * 15000, 'X-Most: ' + 'z' * 15000])
        ensure(large.startswith('HTTP/1.1 204'), f'46 kB of headers: {large[:100]}')
        for headers in (['Cookie: a=' + 'x' * 17000], [f'X-{n}: {"y" * 15000}' for n in range(6)]):
            answer = self.ask('/ping', headers)
            ensure(answer[:12] in ('HTTP/1.1 400', 'HTTP/1.1 431'), f'too many headers: {answer[:100]}')
        ensure(self.ask('/' + 'a' * 17000)[:12] == 'HTTP/1.1 414', 'a path of 17 kB')
        answer = self.ask('/event/1/', ['Content-Length: 12000000'], method='POST')
        ensure(answer.startswith('HTTP/1.1 413'), f'a body of 12 MB: {answer[:100]}')
        for text in ('GET /ping HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
                     'GET /ping HTTP/1.1\r\n\r\n', 'nonsense\r\n\r\n', 'GET /ping HTTP/9.9\r\n\r\n',
                     'GET /ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'):
            answer = self.hear(text)
            ensure(answer[9:12] in ('400', '405', '505'), f'{text[:40]!r}: {answer[:80]!r}')
        ensure(self.ask('/ping').startswith('HTTP/1.1 204'), 'the site does not go on')

    def slow_clients(self):
        """Two hundred clients that send nothing keep nobody from being served"""
        held = [socket.create_connection(('127.0.0.1', 8080), timeout=20) for _ in range(200)]
        for connection in held:
            connection.sendall(b'POST /login/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 1000\r\n\r\na')
        answers = [self.ask('/login/')[:12] for _ in range(20)]
        ensure(answers == ['HTTP/1.1 200'] * 20, f'{answers}')
        for connection in held:
            connection.close()

    # --- TLS ---

    def secure(self):
        """With a certificate the site is served over HTTPS; mail goes over TLS from the first byte"""
        self.pair = self.authority.issue('site', [HOST, '127.0.0.1'])
        for names, problem in [(('other', ['example.com']), 'not for localhost'),
                               (('over', [HOST], -2), 'expired on')]:
            pair = self.authority.issue(*names)
            said = self.indico.run('tls', '--certificate', pair[0], '--key', pair[1], '--host', HOST, '--port', PORT,
                                   expect=1)
            ensure(problem in said, said)
        said = self.indico.run('tls', '--certificate', self.pair[0], '--key', pair[1], expect=1)
        ensure('the key is not the one' in said, said)
        self.journey.use_mail('tls', '--authority-file', self.authority.path)
        said = self.indico.run('tls', '--certificate', self.pair[0], '--key', self.pair[1], '--host', HOST, '--port', PORT)
        ensure(SITE in said, said)
        self.indico.settle()
        self.journey.secure = SITE
        visitor = Browser(SITE, verify=str(self.authority.path))
        visitor.log_in(ADMINISTRATOR, PASSWORD)
        ensure(visitor.me()['admin'], f'{visitor.me()}')
        cookie = next(c for c in visitor.session.cookies if c.name == 'indico_session')
        ensure(cookie.secure and cookie.has_nonstandard_attr('HttpOnly'), f'{cookie}')
        key = self.indico.state / 'root/etc/nginx/tls.pem'
        ensure(key.stat().st_mode & 0o777 == 0o600, f'the key has the mode {key.stat().st_mode:o}')
        told = self.indico.run('tls')
        ensure('localhost' in told and SITE in told, told)

    def mail_implicit(self):
        """Mail over TLS from the first byte arrives, with the password"""
        self.journey.receive_mail('tls')

    def plain_leads_there(self):
        """Plain HTTP leads to HTTPS, old protocols are refused, and the checks still find their way"""
        answer = self.ask('/event/1/?a=b', name='localhost')
        ensure(' 301 ' in answer[:20] and f'Location: {SITE}/event/1/?a=b\r\n' in answer, answer[:300])
        mistaken = self.ask('/x', port=PORT, name='localhost')
        ensure(' 301 ' in mistaken[:20] and f'Location: {SITE}/x\r\n' in mistaken, mistaken[:300])
        context = ssl.create_default_context(cafile=self.authority.path)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers('ALL:@SECLEVEL=0')
        try:
            with socket.create_connection((HOST, PORT)) as raw, context.wrap_socket(raw, server_hostname=HOST):
                raise AssertionError('TLS 1.1 is spoken')
        except (ssl.SSLError, ConnectionResetError):
            pass
        answer = requests.get(f'https://127.0.0.1:{PORT}/ping', verify=str(self.authority.path), allow_redirects=False)
        ensure(answer.status_code == 302 and answer.headers['Location'] == f'{SITE}/ping', f'{answer.status_code}')
        ensure('Strict-Transport-Security' not in Browser(SITE, str(self.authority.path)).get('/').headers,
               'browsers are told to keep to HTTPS on a port of its own')

    def served(self):
        """The number of the certificate that is shown."""
        context = ssl.create_default_context(cafile=self.authority.path)
        with socket.create_connection((HOST, PORT)) as raw, context.wrap_socket(raw, server_hostname=HOST) as wrapped:
            return x509.load_der_x509_certificate(wrapped.getpeercert(True)).serial_number

    def renew(self):
        """A renewed certificate is taken up under forty requests a second, and none fails"""
        before, pair = self.served(), self.authority.issue('site-renewed', [HOST, '127.0.0.1'])
        failures, count, end = [], [0], threading.Event()
        verify = str(self.authority.path)

        def visit():
            try:
                answer = requests.get(f'{SITE}/ping', verify=verify, timeout=30)
                if answer.status_code != 204:
                    failures.append(answer.status_code)
            except requests.RequestException as error:
                failures.append(str(error))

        def load():
            with concurrent.futures.ThreadPoolExecutor(60) as pool:
                began = time.monotonic()
                while not end.is_set():
                    pool.submit(visit)
                    count[0] += 1
                    time.sleep(max(0, began + count[0] / 40 - time.monotonic()))
        loading = threading.Thread(target=load)
        loading.start()
        try:
            eventually('load', lambda: count[0] > 80)
            self.indico.run('tls', '--certificate', pair[0], '--key', pair[1])
            eventually('the new certificate', lambda: self.served() != before, within=120)
            seen = count[0]
            eventually('load after it', lambda: count[0] > seen + 80)
        finally:
            end.set()
            loading.join()
        ensure(not failures, f'{len(failures)} of {count[0]} failed: {failures[:3]}')
        print(f'    {count[0]} requests, 0 failed', flush=True)

    def refuse_stranger(self):
        """A mail server whose certificate nobody known has issued gets no mail and no password"""
        server = self.journey.mail['starttls']
        self.journey.use_mail('starttls')
        self.indico.settle()
        before = len(server.mails)
        self.journey.ask_for_mail()
        log = self.indico.log / 'celery.log'
        eventually('the log says why', lambda: 'CERTIFICATE_VERIFY_FAILED' in log.read_text()
                   or 'CERTIFICATE_VERIFY_FAILED' in (self.indico.log / 'indico.log').read_text(), within=120)
        ensure(len(server.mails) == before, 'the mail was sent all the same')

    def back(self):
        """Without the certificate the site speaks plain HTTP again, and the key is gone"""
        self.indico.run('tls', '--off')
        self.indico.settle()
        key = self.indico.state / 'root/etc/nginx/tls.pem'
        ensure(key.read_text() == '', 'the key is still there')
        answer = self.ask('/ping', name='localhost:8080')
        ensure(answer.startswith('HTTP/1.1 204'), answer[:200])

    STEPS = ['no_false_names', 'limits', 'slow_clients', 'secure', 'mail_implicit', 'plain_leads_there', 'renew',
             'refuse_stranger', 'back']
