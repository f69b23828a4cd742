// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import Synchronization

/// Copies the output of services to the daemon's own, on a thread.
///
/// A reader that does not keep up must not stop the services, so what does not fit in the buffer is dropped, and said
/// to be.
final class OutputCopier: Sendable {
    private struct State {
        var lines: [UInt8] = []
        var dropped = 0
    }

    private static let capacity = 4 << 20
    private let state = Mutex(State())
    private let wakeup: Pipe

    init() throws(SystemError) {
        wakeup = try Pipe()
        let copier = self
        try startThread(named: "output") { copier.run() }
    }

    func copy(_ service: String, _ line: LogRing.Line) {
        let wasEmpty = state.withLock { state in
            let wasEmpty = state.lines.isEmpty
            guard state.lines.count + line.bytes.count < Self.capacity else {
                state.dropped += 1
                return false
            }
            if state.dropped > 0 {
                let note = "\(line.time.text(fractionDigits: 3)) [pebble] \(state.dropped) lines of output dropped\n"
                state.lines += Array(note.utf8)
                state.dropped = 0
            }
            state.lines += Array("\(line.time.text(fractionDigits: 3)) [\(service)] ".utf8)
            state.lines += line.bytes
            state.lines.append(UInt8(ascii: "\n"))
            return wasEmpty
        }
        if wasEmpty {
            var byte: UInt8 = 0
            _ = write(wakeup.writeEnd, &byte, 1)
        }
    }

    private func run() {
        var byte: UInt8 = 0
        while read(wakeup.readEnd, &byte, 1) > 0 {
            let lines = state.withLock { state in
                defer { state.lines = [] }
                return state.lines
            }
            // Nobody reads any more: nothing to be done about it.
            _ = Result { () throws(SystemError) in try FileBytes.write(lines, to: 1, named: "standard output") }
        }
    }
}
