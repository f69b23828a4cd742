// SPDX-License-Identifier: Apache-2.0

/// Ports that are taken, found before anything is started.
package enum PortCheck {
    /// Throws one error that names every busy port and, where it may be seen, who holds it.
    package static func check(
        _ ports: [WantedPort],
        isFree: (WantedPort) -> Bool = { $0.isFree() },
        holder: (WantedPort) -> ProcessEntry? = PortHolder.find
    ) throws(OperatorError) {
        let busy = ports.filter { !isFree($0) }
        guard !busy.isEmpty else { return }
        let lines = busy.map { port in
            let who =
                holder(port).map { "\($0.commandLine.prefix(60)) (process \($0.pid))" } ?? "a process of another user"
            return "port \(port.number)/\(port.transport.rawValue) for \(port.purpose) is held by \(who)"
        }
        throw OperatorError(
            lines.count == 1 ? lines[0] : "\(busy.count) ports are taken",
            remedy: (lines.count == 1 ? [] : lines).map { "- " + $0 }.joined(separator: "\n")
                + (lines.count == 1 ? "" : "\n")
                + "Stop what holds \(lines.count == 1 ? "it" : "them"), then run this again."
        )
    }
}
