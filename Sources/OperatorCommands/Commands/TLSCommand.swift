// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine
import ServerCertificates

/// Has the site served over HTTPS.
struct TLSCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tls",
        abstract: "Serves the site over HTTPS with a certificate of yours, or tells which it has.",
        discussion: """
            The certificate is looked at before anything changes, and taken up without a dropped request; give the \
            renewed one the same way. As root the ports are 443 and 80, otherwise 8443.

            EXAMPLE:
              indico-operator tls --certificate events.pem --key events.key
              indico-operator tls
              indico-operator tls --off
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        help: ArgumentHelp(
            "The certificate, then those that lead from it to an authority, in PEM.",
            valueName: "file"
        ),
        completion: .file()
    )
    var certificate: String?

    @Option(help: ArgumentHelp("Its key in PEM, without a password.", valueName: "file"), completion: .file())
    var key: String?

    @Option(help: "The name people use; that of site_url, or the certificate's first, when left out.")
    var host: String?

    @Option(help: "The port of HTTPS.")
    var port: UInt16?

    @Flag(help: "Go back to plain HTTP.")
    var off = false

    func validate() throws {
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("--certificate and --key go together.")
        }
        if off && certificate != nil { throw ValidationError("--off goes without a certificate.") }
        if certificate == nil && (host != nil || port != nil) {
            throw ValidationError("--host and --port go with a certificate.")
        }
        if port == 0 { throw ValidationError("--port is 0.") }
    }

    func run() throws {
        let site = SecureSite(state: try global.installation())
        let output = FileDescriptorOutput.standardOutput
        if off { return output.write("The site is \(try site.stop()) as soon as the charm has seen it.\n") }
        guard let certificate, let key else { return output.write(try shown(site)) }
        let pair = try SiteCertificate(certificatePath: certificate, keyPath: key, at: Int64(time(nil)))
        let address = try site.use(pair, host: host, port: port)
        output.write(
            """
            The site is \(address) as soon as the charm has seen it.
            The certificate ends on \(ServerCertificate.day(pair.facts.notAfter)).

            """
        )
    }

    private func shown(_ site: SecureSite) throws -> String {
        guard let text = try site.served() else {
            return "The site is \(try site.address()); nginx has no certificate.\n"
        }
        let facts = try ServerCertificate(certificate: text, key: nil)
        let end = "\(ServerCertificate.day(facts.notAfter))"
        let problem = facts.problem(at: Int64(time(nil))).map { " (\($0))" } ?? ""
        return """
            The site is \(try site.address()).
            The certificate is for \(facts.names.joined(separator: ", ")), and ends on \(end)\(problem).

            """
    }
}
