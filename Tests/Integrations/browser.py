# SPDX-License-Identifier: Apache-2.0
"""A visitor of Indico: follows links and sends forms, through nginx."""
import html.parser
from urllib.parse import urljoin

import requests


class Forms(html.parser.HTMLParser):
    """The forms of a page: where each goes, and the values it would send."""

    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == 'form':
            self.forms.append({'action': values.get('action') or '', 'method': (values.get('method') or 'get').lower(),
                               'fields': {}})
        elif tag in ('input', 'textarea') and self.forms and values.get('name'):
            if values.get('type') not in ('submit', 'checkbox', 'radio') or 'checked' in values:
                self.forms[-1]['fields'][values['name']] = values.get('value') or ''


class Browser:
    def __init__(self, site, verify=True):
        self.site = site
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = verify

    def get(self, path, **options):
        return self.session.get(urljoin(self.site, path), timeout=60, **options)

    def post(self, path, fields, **options):
        return self.session.post(urljoin(self.site, path), data=fields, timeout=60, **options)

    def send(self, page, fields=(), having=None):
        """Sends a form of a page: the one with a field of that name, or the first."""
        forms = Forms(page.text).forms
        form = next((f for f in forms if having is None or having in f['fields']), None)
        if form is None:
            raise AssertionError(f'{page.url} ({page.status_code}) has no form with {having}: {page.text[:3000]}')
        target = urljoin(page.url, form['action'])
        if form['method'] == 'get':
            return self.session.get(target, params=form['fields'] | dict(fields), timeout=60)
        return self.session.post(target, data=form['fields'] | dict(fields), timeout=60)

    def me(self):
        """Who Indico takes the visitor for; None for nobody."""
        return self.get('/api/user/').json()

    def log_in(self, email, password):
        page = self.get('/login/')
        answer = self.send(page, {'identifier': email, 'password': password}, having='identifier')
        assert self.me() is not None, f'the log-in of {email} ended at {answer.url}'
