// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import FoundationEssentials
import Glibc
import LinuxSupport
import Testing

@testable import IndicoCharm

/// A real nginx with the charm's configuration, some static files and nobody behind it.
struct NginxServer {
    let ports: WorkloadPorts
    private let behind: ListeningSocket
    private let host: String

    struct Answer {
        let status: Int
        let head: String
        let body: [UInt8]

        var text: String { head + String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> [String] {
            head.split(separator: "\r\n").compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { return nil }
                return String(parts[1].drop { $0 == " " })
            }
        }
    }

    /// Runs a body beside nginx.
    static func serving(
        _ change: (inout IndicoSettings) throws -> Void,
        body: (NginxServer) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "nginx-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let layout = try WorkloadLayout(root: directory.path)
        for path in [
            layout.nginxSettings, layout.nginxData, layout.nginxLogs, layout.staticFiles + "/dist/js",
            layout.archive, layout.settings,
        ] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for (path, text) in [
            ("\(layout.staticFiles)/dist/js/main.0123abcd.js", "plain"),
            ("\(layout.staticFiles)/dist/js/main.0123abcd.js.gz", "packed beforehand"),
            ("\(layout.staticFiles)/dist/js/other.js", "other"), ("\(layout.archive)/secret.txt", "SECRET"),
            (layout.indicoConfiguration, "SECRET"),
        ] {
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        // The workers of a root's nginx are somebody else, who must get at the files.
        try openWay(to: directory.path)
        let behind = try ListeningSocket()
        var ports = WorkloadPorts()
        ports.uwsgi = behind.port
        ports.nginx = try ListeningSocket.freePort()
        ports.nginxStatus = try ListeningSocket.freePort()
        var settings = try sampleSettings { $0.options.trustedProxies = [] }
        try change(&settings)
        if let certificate = settings.certificate {
            try Data(certificate.file.utf8).write(to: URL(filePath: layout.nginxCertificate))
        }
        let text = NginxConfiguration.render(settings, layout: layout, ports: ports)
        try Data(text.utf8).write(to: URL(filePath: layout.nginxConfiguration))
        let runner = CommandRunner(reaper: try ProcessReaper())
        let command = Command(
            "/usr/sbin/nginx",
            ["-e", "stderr", "-p", layout.nginxData, "-c", layout.nginxConfiguration],
            environment: ["PATH": "/usr/sbin:/usr/bin"],
            timeout: .seconds(120)
        )
        let server = NginxServer(ports: ports, behind: behind, host: settings.site.authority)
        let task = Task { try await runner.run(command) }
        do {
            try await server.awaitAnswer()
            try await body(server)
        } catch {
            await stop(layout, task)
            throw error
        }
        await stop(layout, task)
    }

    /// Ends nginx by the process number in its file: only that one.
    private static func stop(_ layout: WorkloadLayout, _ task: Task<CommandResult, any Error>) async {
        let text = (try? String(contentsOfFile: layout.nginxPID, encoding: .utf8)) ?? ""
        if let process = Int32(text.filter(\.isNumber)), process > 1 { kill(process, SIGTERM) } else { task.cancel() }
        _ = try? await task.value
    }

    private static func openWay(to path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func awaitAnswer() async throws {
        for _ in 0..<400 {
            if let answer = try? ask("GET", "/health"), answer.status == 204 { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("nginx does not answer")
    }

    /// Asks for a path; who is behind nginx hangs up without an answer.
    func ask(_ method: String, _ path: String, headers: [String] = []) throws -> Answer {
        try ask(method, path, headers: headers) { _ = behind.hangUp() }
    }

    /// What arrives behind nginx for a request.
    func seenBehind(headers: [String]) throws -> String {
        var seen = ""
        _ = try ask("GET", "/event/1/", headers: headers) { seen = behind.hangUp() }
        return seen
    }

    private func ask(_ method: String, _ path: String, headers: [String], serve: () -> Void) throws -> Answer {
        let socket = try ConnectedSocket(port: ports.nginx)
        let lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)", "Connection: close"] + headers + ["", ""]
        socket.send(lines.joined(separator: "\r\n"))
        let bytes = socket.readAll(serving: behind, serve)
        let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        let head = String(decoding: bytes[..<(end?.lowerBound ?? bytes.endIndex)], as: UTF8.self)
        let words = head.split(separator: " ", maxSplits: 2)
        guard words.count > 1, let status = Int(words[1]) else { throw NoAnswer(path: path) }
        return Answer(status: status, head: head, body: Array(bytes[(end?.upperBound ?? bytes.endIndex)...]))
    }

    struct NoAnswer: Error {
        let path: String
    }
}

/// A socket that listens on this host.
final class ListeningSocket {
    let descriptor: Int32
    let port: Int

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.address(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
        #expect(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// A port nobody listens on now.
    static func freePort() throws -> Int { try ListeningSocket().port }

    static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port).bigEndian)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return address
    }

    /// Takes one connection, reads what it says and closes it.
    func hangUp() -> String {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return "" }
        defer { close(connection) }
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = recv(connection, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}

/// A socket connected to a port of this host.
final class ConnectedSocket {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = ListeningSocket.address(port)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else { throw NginxServer.NoAnswer(path: "port \(port)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Reads until the other side closes, and lets who is behind it answer whenever somebody comes there.
    func readAll(serving behind: ListeningSocket, _ serve: () -> Void) -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: behind.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waiting, 2, 20_000) > 0 else { return result }
            if waiting[1].revents != 0 { serve() }
            guard waiting[0].revents != 0 else { continue }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return result }
            result += buffer[..<count]
        }
    }
}
