// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine

/// A directory of its own for one test, gone after it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/one-machine-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a scratch directory") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Tests run servers as another account where they run as root.
        chmod(path, 0o755)
    }

    deinit {
        // Left behind it would only take room; there is nobody here to tell.
        try? DirectoryRemoval.remove(path)
    }

    var state: StateDirectory {
        get throws { try StateDirectory(path: path + "/state") }
    }

    /// Whom servers run as: PostgreSQL refuses root.
    static var account: Account {
        get throws {
            if geteuid() != 0 { return try Account.current() }
            guard let nobody = Account.named("nobody") else { throw OperatorError("there is no account nobody") }
            return nobody
        }
    }
}

/// A TCP port that was free a moment ago.
func freePort() throws -> UInt16 {
    let listener = try Listener()
    return listener.port
}

/// Holds a TCP port on the loopback.
final class Listener {
    let descriptor: Int32
    let port: UInt16

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw SystemError.last("listen on the loopback") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}

/// A server started for a test, ended with it.
final class TestServer {
    let pid: ProcessID

    init(_ executable: String, _ arguments: [String], account: Account, log: String) throws {
        let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw SystemError.last("open \(log)") }
        defer { close(output) }
        let identity = geteuid() == 0 ? SpawnRequest.Identity(userID: account.userID, groupID: account.groupID) : nil
        pid = try ProcessSpawner.spawn(
            SpawnRequest(
                executable: executable,
                arguments: [executable] + arguments,
                environment: ["PATH": SetupCommand.path, "LANG": "C.UTF-8"],
                directory: "/",
                identity: identity,
                standing: .ownGroup,
                standardOutput: output,
                standardError: output
            )
        )
    }

    deinit {
        ProcessTable.signalGroup(pid, .kill)
        var status: Int32 = 0
        waitpid(pid.rawValue, &status, 0)
    }
}

/// Tries until it succeeds, for a good while.
func eventually<Value>(_ body: () throws -> Value?) throws -> Value {
    let deadline = ContinuousClock.now + .seconds(90)
    while true {
        if let value = try body() { return value }
        guard ContinuousClock.now < deadline else { throw OperatorError("it did not come true in time") }
        usleep(50_000)
    }
}
