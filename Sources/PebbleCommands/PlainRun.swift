// SPDX-License-Identifier: Apache-2.0

extension RunCommand {
    /// Reads the words of a `run` that are all as expected; nil if any is not, or asks for help.
    ///
    /// A container's first process, and each of ours, starts with such words. Reading them here spares it the making of
    /// every command's parser, which is more than half of the work of a start; anything else has the parser's answer.
    init?(plain words: [String]) {
        guard words.first == "run" else { return nil }
        var seen: Set<String> = []
        var values: [String: String] = [:]
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = word == "-v" ? "--verbose" : String(parts[0])
            guard seen.insert(name).inserted else { return nil }
            switch name {
            case "--create-dirs", "--hold", "--verbose":
                guard parts.count == 1 else { return nil }
            case "--http", "--https", "--identities":
                guard let value = parts.count > 1 ? String(parts[1]) : rest.popFirst(), !value.isEmpty,
                    !value.hasPrefix("-")
                else { return nil }
                values[name] = value
            default:
                return nil
            }
        }
        self.init()
        var flags = DaemonFlags()
        flags.createDirectories = seen.contains("--create-dirs")
        flags.hold = seen.contains("--hold")
        flags.verbose = seen.contains("--verbose")
        flags.http = values["--http"]
        flags.https = values["--https"]
        flags.identities = values["--identities"]
        daemon = flags
    }
}
