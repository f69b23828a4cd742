# SPDX-License-Identifier: Apache-2.0
"""A SAML identity provider by pysaml2, in a thread: it signs in whom it is told to, and out."""
import html
from urllib.parse import parse_qs

from providers import WebServer
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server


class IdentityProvider:
    """Has two certificates in its metadata, as while it changes from one to the next; it signs with the second."""

    def __init__(self, authority, directory):
        self.directory = directory
        self.person = {}
        self.requests = []
        self.server = None
        self.url = f'http://127.0.0.1:{WebServer(self.serve).port}'
        # pysaml2's signing takes RSA keys by default.
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives import serialization
        self.pairs = []
        for name in ('idp-old', 'idp-new'):
            key = rsa.generate_private_key(65537, 2048)
            certificate = authority._build(name, key.public_key(), ['127.0.0.1'], 30)
            secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                                       serialization.NoEncryption())
            self.pairs.append((authority._write(f'{name}.pem', authority._pem(certificate)),
                               authority._write(f'{name}.key', secret)))
        self.metadata = directory / 'idp.xml'
        old = str(entity_descriptor(self.configuration(self.pairs[0])))
        new = str(entity_descriptor(self.configuration(self.pairs[1])))
        # The old one's key first, then the new one's.
        begin, end = new.index('<ns0:KeyDescriptor'), new.rindex('</ns0:KeyDescriptor>') + len('</ns0:KeyDescriptor>')
        olds = old[old.index('<ns0:KeyDescriptor'):old.rindex('</ns0:KeyDescriptor>') + len('</ns0:KeyDescriptor>')]
        self.metadata.write_text(new[:begin] + olds + new[begin:end] + new[end:])

    def configuration(self, pair, partner=None):
        services = {'single_sign_on_service': [(f'{self.url}/sso-post', BINDING_HTTP_POST),
                                               (f'{self.url}/sso', BINDING_HTTP_REDIRECT)],
                    'single_logout_service': [(f'{self.url}/slo', BINDING_HTTP_REDIRECT)]}
        certificate, key = pair
        settings = {
            'entityid': f'{self.url}/metadata', 'xmlsec_binary': '/usr/bin/xmlsec1', 'key_file': str(key),
            'cert_file': str(certificate), 'debug': False, 'allow_unknown_attributes': True,
            'service': {'idp': {'name': 'an institute', 'endpoints': services, 'sign_assertion': True,
                                'sign_response': True, 'name_id_format': [NAMEID_FORMAT_PERSISTENT],
                                'policy': {'default': {'lifetime': {'minutes': 15}, 'attribute_restrictions': None,
                                                       'name_form': 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic'}}}},
        }
        if partner:
            settings['metadata'] = {'local': [str(partner)]}
        return IdPConfig().load(settings)

    def meet(self, metadata):
        """Gets to know the service provider whose metadata these are."""
        path = self.directory / 'sp.xml'
        path.write_text(metadata)
        self.server = Server(config=self.configuration(self.pairs[1], path))

    def serve(self, environment, start):
        query = {name: values[0] for name, values in parse_qs(environment['QUERY_STRING']).items()}
        path = environment['PATH_INFO']
        self.requests.append((environment['REQUEST_METHOD'], path))
        if path == '/metadata':
            start('200 OK', [('Content-Type', 'application/samlmetadata+xml')])
            return [self.metadata.read_bytes()]
        if path == '/sso':
            start('200 OK', [('Content-Type', 'text/html')])
            return [self.sign_in(query).encode()]
        if path == '/slo':
            start('302 Found', [('Location', self.sign_out(query))])
            return []
        start('404 Not Found', [])
        return []

    def sign_in(self, query):
        """A form that the browser sends on by itself, with the answer in it."""
        request = self.server.parse_authn_request(query['SAMLRequest'], BINDING_HTTP_REDIRECT)
        arguments = self.server.response_args(request.message)
        identifier = NameID(format=NAMEID_FORMAT_PERSISTENT, text=self.person['identifier'])
        response = self.server.create_authn_response(
            identity=self.person['attributes'], userid=self.person['identifier'], name_id=identifier,
            sign_assertion=True, sign_response=True,
            authn={'class_ref': 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password', 'authn_auth': self.url}, **arguments)
        form = self.server.apply_binding(BINDING_HTTP_POST, str(response), arguments['destination'],
                                         query.get('RelayState', ''), response=True)
        return form['data']

    def sign_out(self, query):
        request = self.server.parse_logout_request(query['SAMLRequest'], BINDING_HTTP_REDIRECT)
        response = self.server.create_logout_response(request.message, [BINDING_HTTP_REDIRECT], sign=False)
        arguments = self.server.apply_binding(
            BINDING_HTTP_REDIRECT, str(response), response.destination, query.get('RelayState', ''), response=True,
            sign=True, sigalg='http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')
        return html.unescape(dict(arguments['headers'])['Location'])
