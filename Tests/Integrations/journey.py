# SPDX-License-Identifier: Apache-2.0
"""What Indico does with the servers of others, through its own pages: each step is a proof."""
import concurrent.futures
import json
import re
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urljoin

import requests
from browser import Browser
from installation import ADMINISTRATOR, PASSWORD, csrf, ensure, eventually, make_event
from identities import IdentityProvider
from providers import Authority, Buckets, MailServer, OpenIDProvider

SITE = 'http://127.0.0.1:8080'
CLAIMS = {'given_name': 'Olga', 'family_name': 'Idris', 'email': 'olga@example.com'}


class Journey:
    def __init__(self, installation, scratch):
        self.indico = installation
        self.scratch = scratch
        self.authority = Authority(scratch)
        self.buckets = Buckets(self.authority)
        self.openid = OpenIDProvider('olga-1', CLAIMS)
        self.saml = IdentityProvider(self.authority, scratch)
        self.mail = {'none': MailServer('none', self.authority),
                     'starttls': MailServer('starttls', self.authority, ('mailer', 's3cret, with=all')),
                     'tls': MailServer('tls', self.authority, ('mailer', 's3cret, with=all'))}
        self.chair = None

    def secret(self, text):
        path = self.scratch / 'a-secret'
        path.write_text(text + '\n')
        path.chmod(0o600)
        return path

    # --- before ---

    def prepare(self):
        """An administrator and an event"""
        if not self.indico.python(KNOWN, str(self.indico.state / 'root/srv/indico/etc/indico.conf'), ADMINISTRATOR)[1]:
            self.indico.make_administrator()
        self.chair = Browser(SITE)
        self.chair.log_in(ADMINISTRATOR, PASSWORD)
        self.event = make_event(self.chair)

    def others(self):
        """A plain mail server, a bucket with an authority of its own, an OpenID Connect provider"""
        self.buckets.make('attachments')
        self.indico.run('config', 'extra_settings={"SIGNUP_CAPTCHA": false}', 'synced_fields=first_name,last_name',
                        'workers=2')
        self.use_mail('none')
        self.indico.run('integrate', 's3', '--bucket', 'attachments', '--server-url', self.buckets.url, '--region',
                        'eu-central-1', '--addressing', 'path', '--access-key', 'KEY', '--secret-key-file',
                        self.secret('SECRET'), '--authority-file', self.authority.path)
        said = self.indico.run('integrate', 'oauth', '--issuer', self.openid.issuer, '--client-id', 'unknown',
                               '--client-secret-stdin', entered='none\n')
        callback = re.search(r'http\S+/multipass/\S+', said)[0]
        client = requests.post(f'{self.openid.issuer}/oauth2/clients', json={'redirect_uris': [callback]}).json()
        self.indico.run('integrate', 'oauth', '--issuer', self.openid.issuer, '--client-id', client['client_id'],
                        '--client-secret-stdin', entered=client['client_secret'] + '\n')
        self.indico.settle()

    # --- mail ---

    def use_mail(self, kind, *more):
        server = self.mail[kind]
        words = ['integrate', 'smtp', '--host', 'localhost', '--port', server.port, '--security', kind, *more]
        if server.login:
            words += ['--user', server.login[0], '--password-file', self.secret(server.login[1])]
        self.indico.run(*words)

    def ask_for_mail(self):
        """Has Indico send a mail by its page for forgotten passwords."""
        visitor = Browser(SITE if not self.secure else self.secure, verify=str(self.authority.path))
        visitor.send(visitor.get('/reset-password/'), {'email': ADMINISTRATOR}, having='email')

    secure = None

    def receive_mail(self, kind):
        server = self.mail[kind]
        before = len(server.mails)
        self.ask_for_mail()
        mail = eventually(f'a mail over {kind}', lambda: server.mails[before:], within=120)[0]
        ensure(ADMINISTRATOR in mail['to'], f'the mail went to {mail["to"]}')
        ensure(mail['encrypted'] == (kind != 'none'), f'encrypted: {mail["encrypted"]}')
        ensure(bool(mail['authenticated']) == (server.login is not None), f'authenticated: {mail["authenticated"]}')
        return mail

    def mail_plain(self):
        """Mail without protection arrives"""
        self.receive_mail('none')

    # --- OpenID Connect ---

    def sign_in_by_openid(self):
        """A stranger signs in at the OpenID Connect provider, shows the address is theirs, and has an account"""
        visitor = Browser(SITE)
        page = visitor.get('/login/oauth/')
        ensure(page.url.startswith(self.openid.issuer), f'the way to the provider ends at {page.url}')
        page = visitor.send(page, {'sub': 'olga-1', 'action': 'authorize'}, having='sub')
        ensure('/register/' in page.url, f'after it the visitor is at {page.url} ({page.status_code})')
        # The provider's word for the address is not enough.
        ensure('/userinfo' in self.openid.asked, f'the provider was asked for {self.openid.asked}')
        before = len(self.mail['none'].mails)
        visitor.send(page, {}, having='email')
        mail = eventually('the mail with the link', lambda: self.mail['none'].mails[before:], within=120)[0]
        ensure('olga@example.com' in mail['to'], f'it went to {mail["to"]}')
        link = re.search(r'http\S+/register/\S+token=\S+', mail['text'].replace('=\r\n', '').replace('=3D', '='))[0]
        page = visitor.get(link)
        self.sign_up(visitor, page, 'Olga', 'Idris')
        me = visitor.me()
        ensure((me['first_name'], me['last_name'], me['email']) == ('Olga', 'Idris', 'olga@example.com'), f'{me}')
        again = Browser(SITE)
        again.send(again.get('/login/oauth/'), {'sub': 'olga-1', 'action': 'authorize'}, having='sub')
        ensure(again.me()['id'] == me['id'], 'the second sign-in is somebody else')

    def sign_up(self, visitor, page, first_name, last_name):
        """Sends the form for new people, whose names come from the provider."""
        config = re.search(r'data-config="([^"]*)"', page.text)
        ensure(config, f'{page.url} has no form for new people: {page.status_code} {page.text[:2000]}')
        import html
        config = json.loads(html.unescape(config[1]))
        ensure(config['syncedValues'].get('first_name') == first_name, f'{config}')
        ensure(config['syncedValues'].get('last_name') == last_name, f'{config}')
        fields = {'email': config['initialValues']['email'], 'first_name': first_name, 'last_name': last_name,
                  'synced_fields': config['initialValues']['synced_fields']}
        answer = visitor.session.post(page.url, json=fields, headers={'X-CSRF-Token': csrf(visitor)}, timeout=60)
        ensure(answer.status_code == 200, f'the sign-up answers with {answer.status_code} {answer.text[:1000]}')

    def refuse_unknown_client(self):
        """A provider that denies is told to the visitor, and nobody is signed in"""
        visitor = Browser(SITE)
        page = visitor.get('/login/oauth/')
        answer = visitor.send(page, {'action': 'deny'}, having='sub')
        ensure(answer.url.startswith(SITE) and visitor.me() is None, f'{answer.url}: {visitor.me()}')

    # --- S3 ---

    def upload(self):
        """An attachment that is uploaded on the page lies in the bucket, and comes back"""
        content = bytes(range(256)) * 900
        token = csrf(self.chair)
        self.chair.get(f'{self.event}manage/attachments/')
        answer = self.chair.session.post(
            urljoin(SITE, f'{self.event}manage/attachments/add/files'),
            data={'csrf_token': token, 'folder': '__None', 'acl': '[]'}, files={'files': ('notes é.bin', content)},
            headers={'X-CSRF-Token': token, 'X-Requested-With': 'XMLHttpRequest'}, timeout=60)
        ensure(answer.status_code == 200 and '"success":true' in answer.text.replace(' ', ''),
               f'the upload answers with {answer.status_code} {answer.text[:1500]}')
        objects = self.buckets.objects('attachments')
        ensure(list(objects.values()) == [content], f'in the bucket are {[(k, len(v)) for k, v in objects.items()]}')
        puts = [request for request in self.buckets.requests if request[0] == 'PUT' and len(request[1]) > 13]
        ensure(puts and all('/eu-central-1/s3/' in signed for _, _, signed in puts), f'{puts}')
        ensure(all(path.startswith('/attachments/') for _, path, _ in puts), f'the paths are {puts}')
        links = re.findall(r'/event/\d+/attachments/\d+/\d+/[^"\\?]+', self.chair.get(self.event).text)
        ensure(links, 'the page of the event has no link to it')
        before = len([r for r in self.buckets.requests if r[0] == 'GET'])
        back = self.chair.get(links[-1])
        ensure(back.content == content, f'{links[-1]} gives {back.status_code}, {len(back.content)} bytes')
        ensure(len([r for r in self.buckets.requests if r[0] == 'GET']) > before, 'it did not come from the bucket')

    # --- SAML ---

    def others_again(self):
        """A SAML provider while it changes certificates, and mail over STARTTLS with a password"""
        said = self.indico.run('integrate', 'saml', '--metadata', f'{self.saml.url}/metadata')
        self.metadata = re.search(r'http\S+/multipass/\S+', said)[0]
        self.indico.run('config', 'saml_identifier=_saml_nameid_qualified',
                        'saml_mapping=' + ','.join(f'{field}=urn:mace:dir:attribute-def:{name}' for field, name in [
                            ('first_name', 'givenName'), ('last_name', 'sn'), ('email', 'mail'), ('affiliation', 'o')]))
        self.use_mail('starttls', '--authority-file', self.authority.path, '--sender', 'events@example.com')
        self.indico.settle()
        conf = (self.indico.state / 'root/srv/indico/etc/indico.conf').read_text()
        ensure(conf.count("'signing': [") == 1 and "/sso'" in conf and '/sso-post' not in conf, 'not both certificates')

    def sign_in_by_saml(self):
        """A stranger signs in at the SAML provider, with the attributes it gives, and signs out there too"""
        self.saml.meet(requests.get(self.metadata).text)
        self.saml.person = {'identifier': 'sam-7',
                            'attributes': {'givenName': 'Sámuel', 'sn': 'Lund', 'mail': 'sam@example.com', 'o': 'ETH'}}
        visitor = Browser(SITE)
        page = visitor.get('/login/ubuntu/')
        ensure(page.url.startswith(self.saml.url), f'the way to the provider ends at {page.url}')
        page = visitor.send(page, having='SAMLResponse')
        ensure('/register/ubuntu' in page.url, f'after it the visitor is at {page.url} ({page.status_code})')
        self.sign_up(visitor, page, 'Sámuel', 'Lund')
        me = visitor.me()
        ensure((me['first_name'], me['email']) == ('Sámuel', 'sam@example.com'), f'{me}')
        out = visitor.get('/logout/')
        ensure(('GET', '/slo') in self.saml.requests, f'the provider was asked for {self.saml.requests}')
        ensure(out.status_code == 200 and visitor.me() is None, f'{out.url} {out.status_code}: {visitor.me()}')
        self.saml.person['attributes']['sn'] = 'Lund-Berg'
        again = Browser(SITE)
        again.send(again.get('/login/ubuntu/'), having='SAMLResponse')
        changed = again.me()
        ensure((changed['id'], changed['last_name']) == (me['id'], 'Lund-Berg'), f'{changed}')

    def forge(self):
        """An answer that was changed on the way signs nobody in"""
        import base64
        from browser import Forms
        visitor = Browser(SITE)
        page = visitor.get('/login/ubuntu/')
        form = Forms(page.text).forms[0]
        said = base64.b64decode(form['fields']['SAMLResponse'])
        ensure(b'sam@example.com' in said, 'the answer does not name the person')
        form['fields']['SAMLResponse'] = base64.b64encode(said.replace(b'sam@example.com', b'eve@example.com')).decode()
        answer = visitor.session.post(form['action'], data=form['fields'], timeout=60)
        ensure(visitor.me() is None and '/register/' not in answer.url, f'{answer.url}: {visitor.me()}')

    def mail_starttls(self):
        """Mail over STARTTLS arrives, with the password, from the sender the server insists on"""
        mail = self.receive_mail('starttls')
        ensure(mail['from'] == 'events@example.com', f'it is from {mail["from"]}')

    def errors_by_mail(self):
        """An error of Indico's reaches the technical contact by the same way"""
        module = self.indico.state / 'root/srv/indico'
        code, said = self.indico.python(ERROR, str(module / 'etc/indico.conf'))
        ensure(code == 0, said)
        eventually('the mail with the error', lambda: [m for m in self.mail['starttls'].mails
                                                       if 'Unexpected Exception' in m['text']], within=30)

    STEPS = ['prepare', 'others', 'mail_plain', 'sign_in_by_openid', 'refuse_unknown_client', 'upload', 'others_again',
             'mail_starttls', 'errors_by_mail', 'sign_in_by_saml', 'forge']


# Says the number of somebody, or nothing.
KNOWN = """
import os, sys
os.environ['INDICO_CONFIG'] = sys.argv[1]
sys.path.append(os.path.dirname(sys.argv[1]))
import indico_common
with indico_common.database(indico_common.read_config()) as cursor:
    for row in indico_common.rows(cursor, 'SELECT user_id FROM users.emails WHERE email = %s', sys.argv[2]):
        print(row[0])
"""
ERROR = """
import os, sys
os.environ['INDICO_CONFIG'] = sys.argv[1]
from indico.web.flask.app import make_app
app = make_app()
with app.app_context():
    from indico.core.logger import Logger
    Logger.get('integrations').error('this is a drill')
"""
