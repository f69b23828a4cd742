# SPDX-License-Identifier: Apache-2.0
"""How Indico speaks to a mail server, where its own way falls short.

Indico can only start TLS on a plain connection, and takes any certificate there. The classes here also speak TLS from
the first byte, and hold the server's certificate against the system's authorities, and those the relation gave, unless
told otherwise. EMAIL_BACKEND in indico.conf names one; logging.yaml names the handler.
"""

import os
import smtplib
import ssl
from email.utils import formatdate

from indico.core.config import config
from indico.core.logger import FormattedSubjectSMTPHandler
from indico.vendor.django_mail.backends.smtp import EmailBackend
from indico.vendor.django_mail.utils import DNS_NAME

AUTHORITY = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'smtp-ca.pem')


class StartTLS(EmailBackend):
    """TLS on a connection that is plain at first."""

    from_first_byte = False
    is_verified = True

    def open(self):
        if self.connection:
            return False
        context = ssl.create_default_context()
        if os.path.exists(AUTHORITY) and os.path.getsize(AUTHORITY):
            context.load_verify_locations(AUTHORITY)
        if not self.is_verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        common = {'local_hostname': DNS_NAME.get_fqdn()}
        if self.timeout is not None:
            common['timeout'] = self.timeout
        try:
            if self.from_first_byte:
                self.connection = smtplib.SMTP_SSL(self.host, self.port, context=context, **common)
            else:
                self.connection = smtplib.SMTP(self.host, self.port, **common)
                self.connection.starttls(context=context)
            if self.username and self.password:
                self.connection.login(self.username, self.password)
            return True
        except Exception as error:
            self._give_up()
            if not self.fail_silently or not isinstance(error, OSError):
                raise
            return None

    def _give_up(self):
        """Close what was opened half-way; the next mail begins anew."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class ImplicitTLS(StartTLS):
    """TLS from the first byte, as on port 465."""

    from_first_byte = True


class UnverifiedStartTLS(StartTLS):
    """As `StartTLS`, with any certificate."""

    is_verified = False


class UnverifiedImplicitTLS(ImplicitTLS):
    """As `ImplicitTLS`, with any certificate."""

    is_verified = False


BACKENDS = {f'indico_mail.{kind.__name__}': kind
            for kind in (StartTLS, ImplicitTLS, UnverifiedStartTLS, UnverifiedImplicitTLS)}


class ErrorMails(FormattedSubjectSMTPHandler):
    """Sends errors to the technical contact the way all mail is sent."""

    def __init__(self):
        super().__init__(mailhost=config.SMTP_SERVER, fromaddr=config.NO_REPLY_EMAIL, toaddrs=[config.SUPPORT_EMAIL],
                         subject=f'Unexpected Exception occurred at {config.WORKER_NAME}: %(message)s')

    def emit(self, record):
        try:
            # The subject has it; a formatter of text leaves it behind, ours of JSON does not.
            record.message = record.getMessage()
            login, password = config.SMTP_LOGIN or '', config.SMTP_PASSWORD or ''
            backend = BACKENDS.get(config.EMAIL_BACKEND, EmailBackend)(
                host=config.SMTP_SERVER[0], port=config.SMTP_SERVER[1], username=login, password=password,
                use_tls=config.SMTP_USE_TLS, use_ssl=False, timeout=5, ssl_keyfile='', ssl_certfile='')
            headers = {'From': self.fromaddr, 'To': ', '.join(self.toaddrs), 'Subject': self.getSubject(record),
                       'Date': formatdate()}
            head = ''.join(f'{name}: {" ".join(value.split())}\r\n' for name, value in headers.items())
            head += 'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
            backend.open()
            try:
                backend.connection.sendmail(self.fromaddr, self.toaddrs, (head + self.format(record)).encode())
            finally:
                backend.close()
        except Exception:
            self.handleError(record)
