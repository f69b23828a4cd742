// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

/// Relates Indico to an OpenID Connect provider.
struct IntegrateOAuthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oauth",
        abstract: "Lets people sign in at an OpenID Connect provider.",
        discussion: """
            What the provider offers is read from its URL. It has to know Indico as a client: the command tells the \
            address to register there. Run again with other values it changes them.

            EXAMPLE:
              indico-operator integrate oauth --issuer https://id.example.com --client-id indico \\
                --client-secret-file ~/client-secret
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: ArgumentHelp("The provider's URL.", valueName: "url"))
    var issuer: String

    @Option(help: "Indico's name as the provider's client.")
    var clientId: String

    @Option(
        help: ArgumentHelp("Its password, in the first line of a file.", valueName: "file"),
        completion: .file()
    )
    var clientSecretFile: String?

    @Flag(help: "Its password, in the first line of standard input.")
    var clientSecretStdin = false

    @Option(
        help: ArgumentHelp("Certificates in PEM that the provider's is issued by.", valueName: "file"),
        completion: .file()
    )
    var authorityFile: String?

    func validate() throws {
        guard issuer.hasPrefix("https://") || issuer.hasPrefix("http://") else {
            throw ValidationError("--issuer has to start with https:// or http://.")
        }
        guard !clientId.isEmpty else { throw ValidationError("--client-id is empty.") }
        guard (clientSecretFile != nil) != clientSecretStdin else {
            throw ValidationError("Give one of --client-secret-file and --client-secret-stdin.")
        }
    }

    func run() throws {
        let state = try global.installation()
        let reader = ProviderMetadata(state: state, environment: global.environment)
        let provider = OpenIDProvider(
            metadata: try reader.openID(issuer: issuer, authority: authorityFile.map(AbsolutePath.of)),
            clientID: clientId,
            clientSecret: try FirstLine.read(clientSecretFile ?? "-"),
            authority: try authorityFile.map(PEMText.readAuthority) ?? ""
        )
        try global.agent().integrate(endpoint: OpenIDProvider.endpoint, with: provider.answer)
        let site = SiteAddress.read(state: state) ?? HomePage().url
        FileDescriptorOutput.standardOutput.write(
            """
            People sign in at \(issuer) as soon as the charm has seen it.
            Register this address with the provider: \(site)\(OpenIDProvider.callbackPath)

            """
        )
    }
}

/// Relates Indico to a SAML identity provider.
struct IntegrateSAMLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "saml",
        abstract: "Lets people sign in at a SAML identity provider.",
        discussion: """
            The provider's metadata tell where it is and what it signs with; it in turn has to be given Indico's, whose \
            address the command tells. Run again it reads them anew.

            Which attribute names a person and which fill the profile are the options saml_identifier and saml_mapping.

            EXAMPLE:
              indico-operator integrate saml --metadata https://idp.example.com/metadata
              indico-operator integrate saml --metadata ./idp-metadata.xml
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        help: ArgumentHelp("The provider's metadata.", valueName: "url-or-file"),
        completion: .file()
    )
    var metadata: String

    @Option(
        help: ArgumentHelp("Certificates in PEM that the server's of the metadata is issued by.", valueName: "file"),
        completion: .file()
    )
    var authorityFile: String?

    func run() throws {
        let state = try global.installation()
        let isAddress = metadata.hasPrefix("https://") || metadata.hasPrefix("http://")
        let reader = ProviderMetadata(state: state, environment: global.environment)
        let identities = SAMLIdentities(
            metadata: try reader.saml(
                isAddress ? metadata : AbsolutePath.of(metadata),
                authority: authorityFile.map(AbsolutePath.of)
            )
        )
        try global.agent().integrate(endpoint: SAMLIdentities.endpoint, with: identities.answer)
        let site = SiteAddress.read(state: state) ?? HomePage().url
        FileDescriptorOutput.standardOutput.write(
            """
            People sign in at \(identities.metadata["entity_id"] ?? "the provider") as soon as the charm has seen it.
            Give the provider Indico's metadata: \(site)\(SAMLIdentities.metadataPath)

            """
        )
    }
}
