// SPDX-License-Identifier: Apache-2.0

import PebbleAPI
import PebblePlan

/// A container's Pebble over its Unix socket.
struct SocketPebbleConnection: PebbleConnection {
    let container: String
    let socket: String

    func systemInfo() throws -> SystemInfo { throw unavailable("ask who Pebble is") }
    func plan() throws -> Plan { throw unavailable("read the plan") }
    func addLayer(_ layer: Layer, combine: Bool) throws { throw unavailable("add layer \(layer.label)") }
    func perform(_ operation: ServiceOperation, services: [String], timeout: Duration) throws {
        throw unavailable("\(operation.rawValue) services")
    }
    func services(_ names: [String]) throws -> [ServiceInfo] { throw unavailable("read services") }
    func checks(_ names: [String], level: CheckLevel?) throws -> [CheckInfo] { throw unavailable("read checks") }
    func setChecks(_ names: [String], running: Bool) throws -> [String] { throw unavailable("change checks") }
    func readFile(_ path: String) throws -> [UInt8] { throw unavailable("read \(path)") }
    func writeFile(_ path: String, _ content: [UInt8], options: FileOptions) throws {
        throw unavailable("write \(path)")
    }
    func listFiles(_ path: String, pattern: String?, itself: Bool) throws -> [FileInfo] {
        throw unavailable("list \(path)")
    }
    func makeDirectory(_ path: String, options: FileOptions) throws { throw unavailable("make \(path)") }
    func removePath(_ path: String, recursive: Bool) throws { throw unavailable("remove \(path)") }
    func execute(_ command: ExecCommand) throws -> ExecResult { throw unavailable("run a command") }
    func signal(_ name: String, services: [String]) throws { throw unavailable("send \(name)") }
    func notify(key: String, data: [String: String], repeatAfter: Duration?) throws -> String {
        throw unavailable("record notice \(key)")
    }
    func notices(types: [NoticeType], keys: [String]) throws -> [Notice] { throw unavailable("read notices") }

    private func unavailable(_ operation: String) -> ContainerError {
        ContainerError(kind: .notReachable, container: container, operation: operation, message: "not yet")
    }
}
