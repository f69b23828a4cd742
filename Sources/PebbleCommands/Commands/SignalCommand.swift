// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble signal`: one signal to some services.
struct SignalCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "signal",
        abstract: "Send a signal to one or more running services"
    )

    @Argument
    var signal: String

    @Argument
    var names: [String] = []

    func run(in session: Session) throws {
        guard signal == signal.uppercased() else {
            throw CommandFailure("signal name must be uppercase, for example HUP")
        }
        try session.client.sendSignal(signal.hasPrefix("SIG") ? signal : "SIG" + signal, to: names)
    }
}
