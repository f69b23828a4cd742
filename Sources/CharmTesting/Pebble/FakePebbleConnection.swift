// SPDX-License-Identifier: Apache-2.0

import CharmKit
import PebbleAPI
import PebblePlan

/// A charm's view of a Pebble in memory.
struct FakePebbleConnection: PebbleConnection {
    let container: String
    /// nil for a container the stated world does not have.
    let pebble: FakePebble?

    /// Calls Pebble if it answers, and puts its failure into the words of a container.
    private func call<Value>(_ operation: String, _ body: (FakePebble) throws -> Value) throws -> Value {
        guard let pebble, pebble.state.canConnect else {
            throw ContainerError(
                kind: .notReachable,
                container: container,
                operation: operation,
                message: "no Pebble listens in the container"
            )
        }
        do {
            return try body(pebble)
        } catch let failure as FakePebble.ChangeFailure {
            throw ContainerError(
                kind: failure.kind,
                container: container,
                operation: operation,
                message: failure.message
            )
        }
    }

    func systemInfo() throws -> SystemInfo {
        try call("ask who Pebble is") { SystemInfo(bootID: $0.state.bootID, version: "v1.26.0") }
    }

    func plan() throws -> Plan { try call("read the plan") { try $0.plan() } }

    func addLayer(_ layer: Layer, combine: Bool) throws {
        try call("add layer \(layer.label)") { try $0.addLayer(layer, combine: combine) }
    }

    func perform(_ operation: ServiceOperation, services: [String], timeout: Duration) throws {
        try call("\(operation.rawValue) services") { try $0.perform(operation, services) }
    }

    func services(_ names: [String]) throws -> [ServiceInfo] { try call("read services") { try $0.services(names) } }

    func checks(_ names: [String], level: CheckLevel?) throws -> [CheckInfo] {
        try call("read checks") { try $0.checks(names, level: level) }
    }

    func setChecks(_ names: [String], running: Bool) throws -> [String] {
        try call("change checks") { try $0.setChecks(names, running: running) }
    }

    func readFile(_ path: String) throws -> [UInt8] { try call("read \(path)") { try $0.readFile(path) } }

    func writeFile(_ path: String, _ content: [UInt8], options: FileOptions) throws {
        try call("write \(path)") { try $0.writeFile(path, content, options) }
    }

    func listFiles(_ path: String, pattern: String?, itself: Bool) throws -> [FileInfo] {
        try call("list \(path)") { try $0.listFiles(path, pattern: pattern, itself: itself) }
    }

    func makeDirectory(_ path: String, options: FileOptions) throws {
        try call("make directory \(path)") { try $0.makeDirectory(path, options) }
    }

    func removePath(_ path: String, recursive: Bool) throws {
        try call("remove \(path)") { try $0.removePath(path, recursive: recursive) }
    }

    func execute(_ command: ExecCommand) throws -> ExecResult {
        let name = command.words.first ?? ""
        return try call("run \(name)") { pebble in
            pebble.record(.executed(command))
            guard let result = pebble.state.execute(command) else {
                throw FakePebble.ChangeFailure(
                    kind: .refused,
                    message: "cannot find executable \"\(name)\": executable file not found in $PATH"
                )
            }
            return result
        }
    }

    func signal(_ name: String, services: [String]) throws {
        try call("send \(name)") { pebble in
            for service in services {
                guard pebble.state.running[service] != nil else {
                    let text = "cannot send signal to \"\(service)\": service is not running"
                    throw FakePebble.ChangeFailure(kind: .refused, message: text)
                }
                pebble.record(.signalled(name, service: service))
            }
        }
    }

    func notify(key: String, data: [String: String], repeatAfter: Duration?) throws -> String {
        try call("record notice \(key)") { pebble in
            pebble.state.notices[key] = data
            pebble.record(.notified(key))
            return String(pebble.state.notices.count)
        }
    }

    func notices(types: [NoticeType], keys: [String]) throws -> [Notice] {
        try call("read notices") { pebble in
            guard types.isEmpty || types.contains(.custom) else { return [] }
            let time = Timestamp(seconds: 0)
            return pebble.state.notices.sorted { $0.key < $1.key }
                .filter { keys.isEmpty || keys.contains($0.key) }.enumerated()
                .map { index, notice in
                    Notice(
                        id: String(index + 1),
                        userID: nil,
                        type: .custom,
                        key: notice.key,
                        firstOccurred: time,
                        lastOccurred: time,
                        lastRepeated: time,
                        lastData: notice.value
                    )
                }
        }
    }
}
