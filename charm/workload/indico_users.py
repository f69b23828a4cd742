# SPDX-License-Identifier: Apache-2.0
"""Administrators made, and persons made unknown."""

import sys
import uuid

from indico_common import Failure, text
from indico_schema import application

MAX_ANONYMIZED_AT_ONCE = 50

def add_admin(request):
    email = text(request, 'email').lower()
    password = text(request, 'password')
    names = {'first_name': text(request, 'first-name', 'Indico'), 'last_name': text(request, 'last-name', 'Administrator'),
             'affiliation': (request.get('affiliation') or '').strip()}
    with application() as app, app.test_request_context():
        from indico.core.db import db
        from indico.modules.auth import Identity
        from indico.modules.users import User
        from indico.modules.users.operations import create_user
        from indico.util.passwords import validate_secure_password
        from indico.util.string import validate_email
        if not validate_email(email, check_dns=False):
            raise Failure('invalid-email', f'{email} is not a valid e-mail address')
        if problem := validate_secure_password('set-user-password', password, username=email):
            raise Failure('weak-password', str(problem))
        if User.query.filter(User.all_emails == email, ~User.is_deleted, ~User.is_pending).has_rows():
            raise Failure('exists', f'a user with the e-mail address {email} exists already')
        if Identity.query.filter_by(provider='indico', identifier=email).has_rows():
            raise Failure('exists', f'the user name {email} is taken')
        user = create_user(email, names, Identity(provider='indico', identifier=email, password=password))
        user.is_admin = True
        db.session.commit()
        return {'id': user.id, 'email': email, 'username': email}


def anonymize_user(request):
    emails = request.get('emails')
    if not isinstance(emails, list) or not emails or not all(isinstance(e, str) and e.strip() for e in emails):
        raise Failure('bad-request', 'emails must be a list of e-mail addresses')
    if len(emails) > MAX_ANONYMIZED_AT_ONCE:
        raise Failure('bad-request', f'at most {MAX_ANONYMIZED_AT_ONCE} e-mail addresses at once')
    results = {}
    with application() as app, app.test_request_context():
        from indico.core.db import db
        from indico.modules.users import User
        for email in dict.fromkeys(e.strip().lower() for e in emails):
            user = User.query.filter(User.all_emails == email, ~User.is_system).first()
            if user is None:
                results[email] = 'not-found'
                continue
            try:
                erase(user)
                db.session.commit()
                results[email] = 'anonymized'
            except Exception as error:
                db.session.rollback()
                print(f'cannot anonymize user {user.id}: {error!r}', file=sys.stderr)
                results[email] = f'failed: {type(error).__name__}'
    return {'results': results}


def erase(user):
    """Remove what identifies a person from the account and its registrations; the rows stay, so events stay whole."""
    from indico.core.db import db
    from indico.modules.events.registration.models.registrations import Registration
    from indico.modules.users.models.users import ProfilePictureSource
    for registration in Registration.query.filter_by(user_id=user.id):
        erase_registration(registration)
    for collection in ('identities', 'favorite_users', 'favorite_categories', 'secondary_emails'):
        getattr(user, collection).clear()
    for key in ('api_key', 'old_api_keys', 'personal_tokens', 'oauth_app_links'):
        value = getattr(user, key, None)
        if value is not None:
            for item in ([value] if isinstance(value, db.Model) else list(value)):
                db.session.delete(item)
    user.first_name, user.last_name = 'Anonymized', uuid.uuid4().hex[:12]
    user.email = f'{uuid.uuid4().hex}@anonymized.invalid'
    user.phone = user.address = user.affiliation = ''
    user.affiliation_id = None
    user.picture = user.picture_metadata = None
    user.picture_source = ProfilePictureSource.standard
    user.signing_secret = str(uuid.uuid4())
    user.is_admin = False
    user.is_deleted = True
    user.settings.delete_all()
    db.session.flush()


def erase_registration(registration):
    from indico.modules.events.registration.models.form_fields import RegistrationFormField
    email = f'{uuid.uuid4().hex}@anonymized.invalid'
    for number, data in registration.data_by_field.items():
        kind = RegistrationFormField.get(number).input_type
        if kind in ('text', 'textarea'):
            data.data = 'Anonymized'
        elif kind == 'email':
            data.data = email
        elif kind == 'phone':
            data.data = ''
    registration.first_name, registration.last_name = 'Anonymized', uuid.uuid4().hex[:12]
    registration.email = email
    registration.user = None
