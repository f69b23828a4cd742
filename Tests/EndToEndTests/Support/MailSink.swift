// SPDX-License-Identifier: Apache-2.0
import OneMachine

/// A real SMTP server that keeps what it is given: aiosmtpd from PyPI.
final class MailSink {
    let port: UInt16
    private let process: SideProcess
    private let file: String

    private static let program = """
        import asyncio, os, sys
        from aiosmtpd.controller import UnthreadedController
        class Keeper:
            async def handle_DATA(self, server, session, envelope):
                if os.path.exists(sys.argv[1] + '.slow'):
                    open(sys.argv[1] + '.begun', 'w').close()
                    await asyncio.sleep(5)
                with open(sys.argv[1], 'ab') as file:
                    file.write(b'TO ' + ','.join(envelope.rcpt_tos).encode() + b'\\n' + envelope.content + b'\\n')
                return '250 kept'
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        UnthreadedController(Keeper(), hostname='127.0.0.1', port=int(sys.argv[2]), loop=loop).begin()
        loop.run_forever()
        """

    init(scratch: String) throws {
        let environment = scratch + "/mail"
        let variables = EndToEnd.environment.filter {
            $0.key.hasPrefix("PIP_") || $0.key == "HOME" || $0.key.hasSuffix("_proxy")
        }
        for words in [
            ["/usr/bin/python3", "-m", "venv", environment],
            [environment + "/bin/pip", "install", "-q", "aiosmtpd==1.4.6"],
        ] {
            let outcome = try SetupCommand(words[0], Array(words.dropFirst()), environment: variables).run()
            try ensure(outcome.succeeded, outcome.lastLines.joined(separator: "\n"))
        }
        file = scratch + "/mails"
        port = try SideProcess.freePort(from: 21025, for: "mail")
        let python = environment + "/bin/python"
        process = try SideProcess([python, "-c", Self.program, file, String(port)], log: scratch + "/mail.log")
        let wanted = WantedPort(port, purpose: "mail")
        _ = try eventually("the mail server", within: .seconds(30)) { wanted.isFree() ? nil : true }
    }

    /// Has the server take its time over each mail from now on.
    func beSlow() throws { try FileStore.write("", to: file + ".slow", mode: 0o644) }

    /// Whether a mail has begun to come in since the server is slow.
    var hasBegun: Bool { FileStore.exists(file + ".begun") }

    /// All mail so far.
    var mails: String { ((try? FileStore.text(file)) ?? nil) ?? "" }
}
