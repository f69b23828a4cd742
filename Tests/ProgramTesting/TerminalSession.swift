// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport
import Synchronization

/// A program at a terminal of its own, with somebody who reads what it shows and types.
package final class TerminalSession: Sendable {
    /// The program.
    package let child: ChildProcess
    private let reaper: ProcessReaper
    private let keyboard: Int32
    private let screen: Screen

    /// All that was shown, and how much of it has been looked at.
    private final class Screen: Sendable {
        struct Content {
            var bytes: [UInt8] = []
            var seen = 0
            var hasEnded = false
        }

        let content = Mutex(Content())
    }

    /// Starts a program; the first word is its path.
    package init(_ words: [String], environment: [String: String] = [:], columns: UInt16 = 80) throws {
        let terminal = try PseudoTerminal()
        defer { close(terminal.terminal) }
        try terminal.resize(columns: columns, rows: 24)
        reaper = try ProcessReaper()
        child = try reaper.spawn(
            SpawnRequest(
                executable: words[0],
                arguments: words,
                environment: ["TERM": "xterm", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"].merging(environment) { $1 },
                standing: .ownSession,
                controllingTerminal: terminal.terminal,
                standardInput: terminal.terminal,
                standardOutput: terminal.terminal,
                standardError: terminal.terminal
            )
        )
        keyboard = terminal.controller
        let (screen, controller) = (Screen(), terminal.controller)
        self.screen = screen
        try startThread(named: "screen") {
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(controller, &chunk, chunk.count)
                if count < 0 && errno == EINTR { continue }
                // It fails once nobody has the terminal open any more.
                guard count > 0 else { break }
                screen.content.withLock { $0.bytes += chunk[..<count] }
            }
            screen.content.withLock { $0.hasEnded = true }
            close(controller)
        }
    }

    deinit { child.sendToGroup(.kill) }

    /// Presses keys.
    package func type(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = write(keyboard, bytes, bytes.count)
    }

    /// Waits until a text is shown after what was waited for last.
    ///
    /// - Returns: whether it was, within the time.
    package func shows(_ text: String, within limit: Duration = .seconds(60)) async throws -> Bool {
        let wanted = Array(text.utf8)
        let deadline = ContinuousClock.now + limit
        while true {
            // Read before it is looked: whoever was kept from its turn until the time was up looks once more.
            let isLast = ContinuousClock.now >= deadline
            let (found, hasEnded) = screen.content.withLock { content in
                let range = content.bytes[content.seen...].firstRange(of: wanted)
                if let range { content.seen = range.upperBound }
                return (range != nil, content.hasEnded)
            }
            if found { return true }
            if hasEnded || isLast { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits for the program's end and the last it showed; one that does not end in time is killed, and ends so.
    package func end(within limit: Duration = .seconds(120)) async throws -> ProcessExit {
        let deadline = ContinuousClock.now + limit
        while child.ended == nil && ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
        if child.ended == nil { child.sendToGroup(.kill) }
        let exit = await child.exit()
        // What it left behind may still have the terminal open.
        while !screen.content.withLock({ $0.hasEnded }) && ContinuousClock.now < deadline + limit {
            try await Task.sleep(for: .milliseconds(10))
        }
        return exit
    }

    /// All that was shown so far.
    package var text: String { screen.content.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
}
