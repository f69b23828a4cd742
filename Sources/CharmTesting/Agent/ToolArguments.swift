// SPDX-License-Identifier: Apache-2.0

/// The arguments of a hook tool: flags anywhere, `--flag value` or `--flag=value`, `--` ends them.
struct ToolArguments {
    private(set) var flags: [String: String] = [:]
    private(set) var positionals: [String] = []

    // `switches` take no value unless it follows an equals sign.
    init(_ arguments: [String], switches: Set<String> = []) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                positionals += rest
                return
            }
            guard argument.hasPrefix("-"), argument.count > 1 else {
                positionals.append(argument)
                continue
            }
            if let equals = argument.firstIndex(of: "=") {
                flags[String(argument[..<equals])] = String(argument[argument.index(after: equals)...])
            } else if switches.contains(argument) {
                flags[argument] = "true"
            } else {
                flags[argument] = rest.popFirst() ?? ""
            }
        }
    }

    func isOn(_ flag: String) -> Bool {
        flags[flag].map { $0.lowercased() == "true" } ?? false
    }
}
