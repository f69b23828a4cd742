# SPDX-License-Identifier: Apache-2.0
"""What identity providers say of themselves, in the words of the relations they come by.

    python -I indico_providers.py openid|saml < request.json > reply.json

The request is one JSON object on standard input, the reply one on standard output: {"databag": {...}}, or {"error":
TEXT}. On one machine `indico-operator integrate` asks; on Juju the providers' own charms know.
"""

import json
import os
import sys

SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'
MOST_BYTES = 20_000_000
REDIRECT, POST = ('urn:oasis:names:tc:SAML:2.0:bindings:' + name for name in ('HTTP-Redirect', 'HTTP-POST'))
NAMES = {'md': 'urn:oasis:names:tc:SAML:2.0:metadata', 'ds': 'http://www.w3.org/2000/09/xmldsig#'}


class Problem(Exception):
    """What is wrong, for people."""


def fetch(url, authority):
    import requests
    given = os.environ.get('REQUESTS_CA_BUNDLE') or os.environ.get('SSL_CERT_FILE')
    known = SYSTEM_AUTHORITIES if os.path.exists(SYSTEM_AUTHORITIES) else True
    try:
        with requests.get(url, timeout=20, verify=authority or given or known, stream=True) as answer:
            if answer.status_code != 200:
                raise Problem(f'{url} answers with {answer.status_code}')
            content = answer.raw.read(MOST_BYTES + 1, decode_content=True)
    except (requests.RequestException, OSError) as error:
        raise Problem(f'{url} cannot be fetched: {error}') from error
    if len(content) > MOST_BYTES:
        raise Problem(f'{url} is larger than {MOST_BYTES // 1_000_000} MB')
    return content


def openid(request):
    """Read what the provider says at the place its standard names (OpenID Connect Discovery 1.0)."""
    issuer = request['issuer']
    url = issuer.rstrip('/') + '/.well-known/openid-configuration'
    try:
        said = json.loads(fetch(url, request.get('authority')))
    except ValueError as error:
        raise Problem(f'{url} is not JSON: {error}') from error
    if not isinstance(said, dict):
        raise Problem(f'{url} is not a JSON object')
    if str(said.get('issuer', '')).rstrip('/') != issuer.rstrip('/'):
        raise Problem(f"{url} is of the issuer {said.get('issuer')}: give that one")
    databag = {'issuer_url': said['issuer']}
    for key, theirs in [('authorization_endpoint', 'authorization_endpoint'), ('token_endpoint', 'token_endpoint'),
                        ('userinfo_endpoint', 'userinfo_endpoint'), ('jwks_endpoint', 'jwks_uri')]:
        if not isinstance(said.get(theirs), str):
            raise Problem(f'the provider names no {theirs}')
        databag[key] = said[theirs]
    if isinstance(said.get('introspection_endpoint'), str):
        databag['introspection_endpoint'] = said['introspection_endpoint']
    # Whoever does not say what it offers is taken to offer what the standard has.
    offered = said.get('scopes_supported') or ['openid', 'profile', 'email']
    databag['scope'] = ' '.join(scope for scope in ('openid', 'profile', 'email') if scope in offered or scope == 'openid')
    return databag


def saml(request):
    """Read a provider's metadata (SAML 2.0 Metadata), of which there must be one in the file."""
    from lxml import etree
    source = request['source']
    if source.startswith(('https://', 'http://')):
        content = fetch(source, request.get('authority'))
    else:
        try:
            with open(source, 'rb') as file:
                content = file.read(MOST_BYTES)
        except OSError as error:
            raise Problem(f'{source} cannot be read: {error.strerror}') from error
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise Problem(f'{source} is not XML: {error}') from error
    providers = root.xpath('descendant-or-self::md:EntityDescriptor[md:IDPSSODescriptor]', namespaces=NAMES)
    if len(providers) != 1:
        raise Problem(f'{source} describes {len(providers)} identity providers, and it has to be one')
    descriptor = providers[0].find('md:IDPSSODescriptor', NAMES)
    databag = {'entity_id': providers[0].get('entityID') or ''}
    if not databag['entity_id']:
        raise Problem(f'{source} names no entityID')
    keys = descriptor.xpath('md:KeyDescriptor[not(@use) or @use="signing"]//ds:X509Certificate', namespaces=NAMES)
    certificates = list(dict.fromkeys(''.join((key.text or '').split()) for key in keys))
    if not certificates:
        raise Problem(f'{source} has no certificate to check signatures with')
    databag['x509certs'] = ','.join(certificates)
    if source.startswith(('https://', 'http://')):
        databag['metadata_url'] = source
    for name, service in [('single_sign_on_service', 'SingleSignOnService'),
                          ('single_logout_service', 'SingleLogoutService')]:
        for method, binding in [('redirect', REDIRECT), ('post', POST)]:
            found = descriptor.xpath(f'md:{service}[@Binding="{binding}"]', namespaces=NAMES)
            if found:
                key = f'{name}_{method}'
                databag |= {f'{key}_url': found[0].get('Location'), f'{key}_binding': binding}
                if found[0].get('ResponseLocation'):
                    databag[f'{key}_response_url'] = found[0].get('ResponseLocation')
    if 'single_sign_on_service_redirect_url' not in databag:
        raise Problem(f'{source} offers no sign-on by HTTP-Redirect, the one binding Indico can send by')
    return databag


def main(arguments):
    try:
        reply = {'databag': {'openid': openid, 'saml': saml}[arguments[0]](json.load(sys.stdin))}
    except Problem as problem:
        reply = {'error': str(problem)}
    json.dump(reply, sys.stdout, sort_keys=True)
    return 0 if 'databag' in reply else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
