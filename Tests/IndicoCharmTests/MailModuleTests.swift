// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import Testing

/// How errors become mails, with an Indico that is a few lines.
///
/// With the real one it is shown by `make integrations`.
@Suite struct MailModuleTests {
    private static let program = """
        import logging, logging.handlers, sys, types
        sys.path.insert(0, sys.argv[1])
        sent = []
        class Backend:
            connection = None
            def __init__(self, **options):
                pass
            def open(self):
                self.connection = self
            def close(self):
                pass
            def sendmail(self, sender, recipients, text):
                sent.append((sender, recipients, text.decode()))
        class Handler(logging.handlers.SMTPHandler):
            def getSubject(self, record):
                return f'[https://indico.example.com] {self.subject % record.__dict__}'
        def module(name, **members):
            sys.modules[name] = types.ModuleType(name)
            vars(sys.modules[name]).update(members)
        settings = types.SimpleNamespace(
            SMTP_SERVER=('mail.example.com', 25), SMTP_LOGIN='', SMTP_PASSWORD='', SMTP_USE_TLS=False, EMAIL_BACKEND='',
            NO_REPLY_EMAIL='no-reply@example.com', SUPPORT_EMAIL='tech@example.com', WORKER_NAME='one')
        for name in ('indico', 'indico.core', 'indico.vendor', 'indico.vendor.django_mail'):
            module(name)
        module('celery', current_task=None)
        module('celery.signals', before_task_publish=types.SimpleNamespace(connect=lambda *_, **__: None))
        module('indico.core.config', config=settings)
        module('indico.core.logger', FormattedSubjectSMTPHandler=Handler)
        module('indico.vendor.django_mail.backends')
        module('indico.vendor.django_mail.backends.smtp', EmailBackend=Backend)
        module('indico.vendor.django_mail.utils', DNS_NAME=None)
        import indico_mail, indico_logging
        # A handler before it writes JSON, as in logging.yaml.
        first, mails = logging.StreamHandler(sys.stdout), indico_mail.ErrorMails()
        first.setFormatter(indico_logging.JSONFormatter())
        log = logging.getLogger('indico')
        log.handlers = [first, mails]
        log.error('a drill: %s', 'Zürich')
        [(sender, recipients, text)] = sent
        assert (sender, recipients) == ('no-reply@example.com', ['tech@example.com'])
        assert 'Subject: [https://indico.example.com] Unexpected Exception occurred at one: a drill: Zürich' in text, text
        assert text.endswith('a drill: Zürich'), text
        """

    @Test func `an error becomes a mail also when all that was written before is JSON`() async throws {
        let modules = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../charm/workload").path
        let result = try await CommandRunner(reaper: try ProcessReaper()).run(
            Command(
                "/usr/bin/python3",
                ["-B", "-c", Self.program, modules],
                environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
                timeout: .seconds(60)
            )
        )
        #expect(result.isSuccess, "\(result.errorText)")
    }
}
