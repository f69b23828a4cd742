// SPDX-License-Identifier: Apache-2.0

// The examples of docs/reference/pebble-client.md, which a test holds equal to these and runs.

import Dispatch
public import PebbleAPI
public import PebbleClient

/// Starts the enabled services that do not run, and returns their names.
public func startWhatIsDown(at socketPath: String) throws -> [String] {
    let pebble = PebbleClient(socketPath: socketPath)
    let down = try pebble.services().filter { $0.startup == .enabled && !$0.isRunning }
    let names = down.map(\.name)
    if !names.isEmpty { try pebble.perform(.start, names, timeout: .seconds(30)) }
    return names
}

/// Restarts a service and says how that went.
public func restart(_ service: String, _ pebble: PebbleClient) -> String {
    do throws(PebbleClientError) {
        let change = try pebble.perform(.restart, [service], timeout: .seconds(60))
        return "change \(change.id) is \(change.status)"
    } catch {
        switch error {
        case .notReachable: return "is the daemon there? \(error)"
        case .timedOut(_, let duration): return "not within \(duration)"
        case .changeFailed(let change): return "change \(change.id) went wrong: \(error)"
        case .refused(let status, _): return "refused with \(status): \(error)"
        case .badReply, .fileFailed: return "\(error)"
        }
    }
}

/// Asks for an action without waiting, and looks at the change now and then.
public func startAndWatch(
    _ service: String,
    _ pebble: PebbleClient,
    onProgress: (ChangeInfo) -> Void
) throws -> ChangeInfo {
    let id = try pebble.begin(.start, [service])
    while true {
        do throws(PebbleClientError) {
            return try pebble.waitForChange(id, timeout: .milliseconds(200))
        } catch {
            guard case .timedOut = error else { throw error }
            onProgress(try pebble.change(id))
        }
    }
}

/// Counts the words of a text by a program where the daemon is.
public func countWords(of text: String, _ pebble: PebbleClient) throws -> Int? {
    var call = ExecCall(["wc", "-w"])
    call.input = .bytes(Array(text.utf8))
    call.timeout = .seconds(10)
    let outcome = try pebble.exec(call)
    guard outcome.exitCode == 0 else { return nil }
    let output = String(decoding: outcome.standardOutput, as: UTF8.self)
    return Int(output.prefix { $0.isNumber })
}

/// Runs a command, hands on its output as it comes, and ends it with a signal at a word from it.
public func run(_ command: [String], until word: String, _ pebble: PebbleClient) throws -> Int {
    let control = ExecControl()
    var output: [UInt8] = []
    return try pebble.exec(ExecCall(command), control: control) { _, bytes in
        output += bytes
        if String(decoding: output, as: UTF8.self).contains(word) { control?.signal("SIGTERM") }
    }
}

/// Writes a configuration if it is new, and has the service read it again.
public func configure(_ service: String, _ path: String, _ content: String, _ pebble: PebbleClient) throws -> Bool {
    let wanted = Array(content.utf8)
    do throws(PebbleClientError) {
        if try pebble.readFile(path) == wanted { return false }
    } catch {
        // The first time, there is none.
        guard error.isNotFound else { throw error }
    }
    try pebble.writeFile(path, wanted, permissions: 0o640, makeParents: true)
    try pebble.sendSignal("SIGHUP", to: [service])
    return true
}

/// Reads a service's output from what is kept of it on, up to a line that contains a word.
public func firstLine(of service: String, with word: String, _ pebble: PebbleClient) throws -> LogEntry? {
    var found: LogEntry?
    try pebble.followLogs([service], count: nil) { entry in
        if entry.message.contains(word) { found = entry }
        return found == nil
    }
    return found
}

/// Waits for somebody to say that something happened, such as `pebble notify example.com/backup-done`.
public func waitForBackup(after last: Timestamp?, _ pebble: PebbleClient) throws -> Notice? {
    try pebble.notices(types: [.custom], keys: ["example.com/backup-done"], after: last, waiting: .seconds(20)).last
}

/// Asks from a task: the client blocks, which the threads that tasks run on must not do for long.
public func services(of pebble: PebbleClient) async throws -> [ServiceInfo] {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
            continuation.resume(with: Result { try pebble.services() })
        }
    }
}
