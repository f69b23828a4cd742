# SPDX-License-Identifier: Apache-2.0
"""Small servers of others beside Indico, each in a thread: S3, mail, OpenID Connect."""
import datetime
import ipaddress
import socket
import ssl
import threading

import aiosmtpd.controller
import aiosmtpd.smtp
import boto3
import werkzeug.serving
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Issues certificates, as an institute's own does."""

    def __init__(self, directory):
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._build('an authority', self.key.public_key(), None, days=30)
        self.path = self._write('authority.pem', self._pem(self.certificate))

    def issue(self, name, hosts, days=30):
        """Gives the paths of a certificate and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(name, key.public_key(), hosts, days)
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                   serialization.NoEncryption())
        return self._write(f'{name}.pem', self._pem(certificate)), self._write(f'{name}.key', secret)

    def _build(self, name, key, hosts, days):
        now = datetime.datetime.now(datetime.UTC)
        # One that is over was valid before.
        start = now - datetime.timedelta(days=1 if days > 0 else 60)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'an authority')])
        builder = (x509.CertificateBuilder().issuer_name(issuer).public_key(key)
                   .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(start).not_valid_after(now + datetime.timedelta(days=days))
                   .add_extension(x509.BasicConstraints(ca=hosts is None, path_length=None), critical=True))
        if hosts:
            names = [x509.IPAddress(ipaddress.ip_address(h)) if h[0].isdigit() else x509.DNSName(h) for h in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    @staticmethod
    def _pem(certificate):
        return certificate.public_bytes(serialization.Encoding.PEM)

    def _write(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path


class WebServer:
    """A WSGI application at a port of this machine, until the end."""

    def __init__(self, application, certificate=None):
        self.server = werkzeug.serving.make_server('127.0.0.1', 0, application, threaded=True, ssl_context=certificate)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Buckets:
    """moto's S3 over TLS, with what was asked of it."""

    def __init__(self, authority):
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        self.application = DomainDispatcherApplication(create_backend_app)
        self.requests = []
        certificate, key = authority.issue('buckets', ['127.0.0.1', 'localhost'])
        self.url = f'https://127.0.0.1:{WebServer(self._note, (str(certificate), str(key))).port}'
        self.client = boto3.client('s3', endpoint_url=self.url, region_name='eu-central-1', verify=str(authority.path),
                                   aws_access_key_id='KEY', aws_secret_access_key='SECRET')

    def _note(self, environment, start):
        self.requests.append((environment['REQUEST_METHOD'], environment['PATH_INFO'],
                              environment.get('HTTP_AUTHORIZATION', '')))
        return self.application(environment, start)

    def make(self, name):
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})

    def objects(self, name):
        """The content of each object by its key."""
        keys = [entry['Key'] for entry in self.client.list_objects_v2(Bucket=name).get('Contents', [])]
        return {key: self.client.get_object(Bucket=name, Key=key)['Body'].read() for key in keys}


class MailServer:
    """aiosmtpd with one kind of protection; keeps what comes, and how it came."""

    def __init__(self, kind, authority, login=None):
        self.mails = []
        self.login = login
        certificate, key = authority.issue(f'mail-{kind}', ['localhost', '127.0.0.1'])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        options = {'hostname': '127.0.0.1', 'port': 0}
        if login:
            options |= {'authenticator': self._authenticate, 'auth_required': True, 'auth_require_tls': kind != 'none'}
        if kind == 'starttls':
            options |= {'tls_context': context, 'require_starttls': True}
        elif kind == 'tls':
            options |= {'ssl_context': context, 'auth_require_tls': False}
        self.controller = Controller(self, **options)
        self.controller.start()
        self.port = self.controller.server.sockets[0].getsockname()[1]

    def _authenticate(self, server, session, envelope, mechanism, data):
        good = (data.login.decode(), data.password.decode()) == self.login
        return aiosmtpd.smtp.AuthResult(success=good)

    async def handle_DATA(self, server, session, envelope):
        self.mails.append({'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'text': envelope.content.decode(),
                           'authenticated': session.authenticated,
                           'encrypted': server.transport.get_extra_info('ssl_object') is not None})
        return '250 taken'

    def stop(self):
        self.controller.stop()


class Controller(aiosmtpd.controller.Controller):
    """One that takes whatever port is free; its own look at itself asks the port it was given, as a server."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        if self.ssl_context is None:
            return super()._trigger_server()
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(('127.0.0.1', self.port)) as raw, anybody.wrap_socket(raw) as connection:
            connection.recv(1024)


class OpenIDProvider:
    """oidc-provider-mock: an OpenID Connect provider that knows its clients and one person."""

    def __init__(self, person, claims):
        from oidc_provider_mock import User, _app, app
        # It names no key in its tokens, as providers do: Indico 3.2's library wants it, also where there is one only.
        plain = _app.OpenIDCode.get_jwt_config
        _app.OpenIDCode.get_jwt_config = lambda grant, *arguments: (
            plain(grant, *arguments) | {'kid': _app.storage.jwk.thumbprint()})
        application = app(require_client_registration=True, require_nonce=True,
                          user_claims=[User(sub=person, claims=claims)])
        self.asked = []

        def noting(environment, start):
            self.asked.append(environment['PATH_INFO'])
            return application.wsgi_app(environment, start)

        self.issuer = f'http://127.0.0.1:{WebServer(noting).port}'
