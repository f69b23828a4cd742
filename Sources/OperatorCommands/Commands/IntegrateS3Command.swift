// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

extension ObjectBucket.Addressing: ExpressibleByArgument {}

/// A bucket, as the commands for attachments and for backups take it.
struct BucketOptions: ParsableArguments {
    @Option(help: "The bucket's name; it has to be there.")
    var bucket: String

    @Option(help: ArgumentHelp("The server's URL; Amazon's own when left out.", valueName: "url"))
    var serverUrl: String?

    @Option(help: "The region, where the server wants one.")
    var region: String?

    @Option(help: ArgumentHelp("The key that names the account.", valueName: "key"))
    var accessKey: String

    @Option(
        help: ArgumentHelp("The key that proves it, in the first line of a file.", valueName: "file"),
        completion: .file()
    )
    var secretKeyFile: String?

    @Flag(help: "The key that proves it, in the first line of standard input.")
    var secretKeyStdin = false

    @Option(help: "Where the bucket's name goes in a request: path or host.")
    var addressing: ObjectBucket.Addressing?

    @Option(
        help: ArgumentHelp("Certificates in PEM that the server's is issued by.", valueName: "file"),
        completion: .file()
    )
    var authorityFile: String?

    func validate() throws {
        guard !bucket.isEmpty, !bucket.contains(where: { $0 == " " || $0 == "," || $0 == "/" }) else {
            throw ValidationError("--bucket is empty or has a space, a comma or a slash in it.")
        }
        if let serverUrl, !serverUrl.hasPrefix("https://"), !serverUrl.hasPrefix("http://") {
            throw ValidationError("--server-url has to start with https:// or http://.")
        }
        guard (secretKeyFile != nil) != secretKeyStdin else {
            throw ValidationError("Give one of --secret-key-file and --secret-key-stdin.")
        }
    }

    func read() throws -> ObjectBucket {
        ObjectBucket(
            name: bucket,
            accessKey: accessKey,
            secretKey: try FirstLine.read(secretKeyFile ?? "-"),
            endpoint: serverUrl ?? "",
            region: region ?? "",
            addressing: addressing,
            authority: try authorityFile.map(PEMText.readAuthority) ?? ""
        )
    }
}

/// Relates Indico to a bucket for attachments.
struct IntegrateS3Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "s3",
        abstract: "Keeps attachments in a bucket.",
        discussion: """
            What was uploaded before is read from where it is. Run again with other values it changes them.

            EXAMPLE:
              indico-operator integrate s3 --bucket indico --server-url https://s3.example.com \\
                --access-key KEY --secret-key-file ~/s3-secret
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: BucketOptions

    func run() throws {
        try global.agent().integrate(endpoint: "s3", with: options.read().answer)
        FileDescriptorOutput.standardOutput.write(
            "Indico keeps attachments in the bucket \(options.bucket) as soon as the charm has seen it.\n"
        )
    }
}

/// Relates Indico to a bucket for backups.
struct IntegrateBackupsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backups",
        abstract: "Keeps backups in a bucket.",
        discussion: """
            EXAMPLE:
              indico-operator integrate backups --bucket indico-backups --region eu-west-1 \\
                --access-key KEY --secret-key-file ~/s3-secret
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: BucketOptions

    func run() throws {
        try global.agent().integrate(endpoint: "backups", with: options.read().answer)
        FileDescriptorOutput.standardOutput.write(
            "Backups go to the bucket \(options.bucket) as soon as the charm has seen it.\n"
        )
    }
}
