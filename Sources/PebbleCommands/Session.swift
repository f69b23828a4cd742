// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleClient

/// What one run of the command has to work with.
package struct Session: Sendable {
    /// The variables of the process.
    let environment: [String: String]
    /// Where text goes.
    let output: Output
    /// The daemon's directory.
    let directory: String
    /// The daemon's socket.
    let socketPath: String
    /// Calls the daemon.
    let client: PebbleClient
    /// The users and groups of the machine.
    let accounts = Accounts()

    init(environment: [String: String], output: Output) {
        self.environment = environment
        self.output = output
        directory = environment.nonEmpty("PEBBLE") ?? "/var/lib/pebble/default"
        socketPath = environment.nonEmpty("PEBBLE_SOCKET") ?? directory + "/.pebble.socket"
        client = PebbleClient(socketPath: socketPath)
    }

    /// Where the command remembers what it has shown.
    var memory: CommandMemory {
        let base =
            environment.nonEmpty("XDG_CONFIG_HOME") ?? environment.nonEmpty("HOME").map { $0 + "/.config" }
            ?? "/root/.config"
        return CommandMemory(path: base + "/pebble/cli.json", socketPath: socketPath)
    }
}

extension [String: String] {
    /// The value of a variable that is set to something.
    func nonEmpty(_ name: String) -> String? {
        self[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
