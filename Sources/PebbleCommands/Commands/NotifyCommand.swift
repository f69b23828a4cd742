// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble notify`: record that something happened.
struct NotifyCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "notify", abstract: "Record a custom notice")

    @Option(name: .customLong("repeat-after"))
    var repeatAfter: GoDuration?

    @Argument
    var key: String

    @Argument
    var data: [String] = []

    func run(in session: Session) throws {
        var values: [String: String] = [:]
        for item in data {
            guard let equals = item.firstIndex(of: "=") else {
                throw CommandFailure("data args must be in \"name=value\" format, not \"\(item)\"")
            }
            values[String(item[..<equals])] = String(item[item.index(after: equals)...])
        }
        let id = try session.client.addNotice(key: key, data: values, repeatAfter: repeatAfter?.duration)
        session.output.line("Recorded notice \(id)")
    }
}
