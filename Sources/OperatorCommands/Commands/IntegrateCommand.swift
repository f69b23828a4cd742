// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

/// Relates Indico to a service.
struct IntegrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "integrate",
        abstract: "Connects Indico to a service.",
        discussion: """
            EXAMPLE:
              indico-operator integrate smtp --host localhost
              indico-operator integrate saml --metadata https://idp.example.com/metadata
            """,
        subcommands: [
            IntegrateSMTPCommand.self, IntegrateS3Command.self, IntegrateBackupsCommand.self, IntegrateSAMLCommand.self,
            IntegrateOAuthCommand.self,
        ]
    )
}

extension MailRelay.Security: ExpressibleByArgument {}

/// Relates Indico to a mail relay.
struct IntegrateSMTPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smtp",
        abstract: "Sends mail through an SMTP server.",
        discussion: """
            Run again with other values it changes them.

            EXAMPLE:
              indico-operator integrate smtp --host localhost --port 25
              indico-operator integrate smtp --host mail.example.com --port 587 \\
                --security starttls --user indico --password-file ~/smtp-password
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: "The server.")
    var host: String

    @Option(help: "Its port.")
    var port: UInt16 = 25

    @Option(help: "Whom to log in as; nobody when left out.")
    var user: String?

    @Option(help: ArgumentHelp("The password, in the first line of a file.", valueName: "file"), completion: .file())
    var passwordFile: String?

    @Flag(help: "The password, in the first line of standard input.")
    var passwordStdin = false

    @Option(
        help:
            "none, starttls, or tls for TLS from the first byte (on the ports 25 and 587 it is starttls all the same)."
    )
    var security = MailRelay.Security.none

    @Option(help: ArgumentHelp("The sender's address.", valueName: "address"))
    var sender: String?

    @Option(help: "The domain of the sender.")
    var domain: String?

    @Flag(help: "Take any certificate of the server.")
    var skipCertificateCheck = false

    @Option(
        help: ArgumentHelp("Certificates in PEM that the server's is issued by.", valueName: "file"),
        completion: .file()
    )
    var authorityFile: String?

    func validate() throws {
        guard !host.isEmpty, !host.contains(" ") else { throw ValidationError("--host is empty or has a space in it.") }
        guard port > 0 else { throw ValidationError("--port is 0.") }
        if passwordFile != nil && passwordStdin {
            throw ValidationError("Give --password-file or --password-stdin, not both.")
        }
        let hasPassword = passwordFile != nil || passwordStdin
        if (user ?? "").isEmpty && hasPassword { throw ValidationError("A password needs --user.") }
        if !(user ?? "").isEmpty && !hasPassword {
            throw ValidationError("--user needs --password-file or --password-stdin.")
        }
    }

    func run() throws {
        let agent = try global.agent()
        let password = try passwordFile.map(FirstLine.read) ?? (passwordStdin ? FirstLine.read("-") : "")
        let relay = MailRelay(
            host: host,
            port: port,
            user: user ?? "",
            password: password,
            security: security,
            sender: sender ?? "",
            domain: domain ?? "",
            skipsCertificateCheck: skipCertificateCheck,
            authority: try authorityFile.map(PEMText.readAuthority) ?? ""
        )
        try agent.integrate(endpoint: MailRelay.endpoint, with: relay.answer)
        FileDescriptorOutput.standardOutput.write(
            "Indico sends mail through \(host):\(port) as soon as the charm has seen it.\n"
        )
    }
}
