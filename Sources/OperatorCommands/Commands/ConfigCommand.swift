// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import Pods
import UnitAgent

/// Reads and changes the charm's options.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows or changes options.",
        discussion: """
            Without arguments all options are listed; a name shows that one's value; name=value sets it. Several are set \
            together or not at all.

            EXAMPLE:
              indico-operator config
              indico-operator config indico_public_support_email
              indico-operator config default_timezone=UTC indico_support_email=a@example.ch
              indico-operator config --reset indico_public_support_email
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Nothing, one name, or any number of name=value.")
    var items: [String] = []

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Give options their defaults back.", valueName: "name"))
    var reset: [String] = []

    @Option(help: "tabular, json or yaml.")
    var format = OutputFormat.tabular

    func validate() throws {
        let settings = items.filter { $0.contains("=") }
        guard settings.isEmpty || settings.count == items.count else {
            throw ValidationError("Names to show and name=value to set do not go together.")
        }
        guard settings.count == items.count || items.count == 1 else {
            throw ValidationError("Show one option at a time.")
        }
        guard reset.isEmpty || settings.count == items.count else {
            throw ValidationError("--reset goes with name=value only.")
        }
        let names = settings.map(Self.name) + reset
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ValidationError("\(twice) is given twice.")
        }
        if names.contains("") { throw ValidationError("An option has no name.") }
    }

    private static func name(_ setting: String) -> String { String(setting.prefix { $0 != "=" }) }

    func run() throws {
        let agent = try global.agent()
        let output = FileDescriptorOutput.standardOutput
        if items.contains(where: { $0.contains("=") }) || !reset.isEmpty { return try change(agent) }
        let options = try agent.config()
        guard let wanted = items.first else { return output.write(try ConfigTable.text(options, format: format)) }
        guard let option = options.first(where: { $0.name == wanted }) else {
            throw ValidationError("There is no option \(wanted). 'indico-operator config' lists them.")
        }
        output.write((option.value?.text ?? "") + "\n")
    }

    private func change(_ agent: AgentControlClient) throws {
        var values: [String: String] = [:]
        for item in items { values[Self.name(item)] = String(item.drop { $0 != "=" }.dropFirst()) }
        // First what may be refused, so that nothing has changed when it is.
        if !values.isEmpty { try agent.setConfig(values) }
        if !reset.isEmpty { try agent.resetConfig(reset) }
        // The other units are told by the controller of the pods.
        let pods = PodLayout(try global.installation())
        guard pods.isUsed else { return }
        try PodSpec.change(pods) { spec in
            for (name, value) in values { spec.config[name] = value }
            for name in reset { spec.config[name] = nil }
        }
    }
}

/// The options as a table or for programs.
enum ConfigTable {
    static func text(_ options: [ConfigOptionState], format: OutputFormat) throws -> String {
        switch format {
        case .json: return try StructuredOutput.json(options)
        case .yaml: return try StructuredOutput.yaml(options)
        case .tabular: break
        }
        var lines: [String] = []
        for option in options {
            let value = option.value.map(shown) ?? "-"
            let origin =
                option.source == .user
                ? "set; default \(option.defaultValue.map(shown) ?? "none")" : option.source.rawValue
            lines.append("\(option.name) = \(value)   (\(option.type), \(origin))")
            let description = option.description.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
                .joined(separator: " ")
            lines += wrapped(description, width: 100).map { "    " + $0 }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func shown(_ value: ConfigValue) -> String {
        if case .string(let text) = value {
            let firstLine = text.prefix { !$0.isNewline }
            return "\"" + firstLine + (firstLine.count < text.count ? " …" : "") + "\""
        }
        return value.text
    }

    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty && line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }
}
