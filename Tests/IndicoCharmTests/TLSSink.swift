// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import Testing

/// A web server over TLS for `localhost`, by Python and with a certificate by openssl; it keeps what it is sent.
struct TLSSink {
    let port: UInt16
    /// The file of the certificate to trust.
    let authority: String
    private let directory: String
    private let child: ChildProcess
    private let reaper: ProcessReaper

    private static let script = """
        import socket, ssl, sys
        directory = sys.argv[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory + '/server.crt', directory + '/server.key')
        listener = socket.create_server(('127.0.0.1', 0))
        open(directory + '/port.new', 'w').write(str(listener.getsockname()[1]))
        import os; os.rename(directory + '/port.new', directory + '/port')
        while True:
            plain, _ = listener.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as secured:
                    request = b''
                    while b'\\r\\n\\r\\n' not in request: request += secured.recv(65536)
                    head, body = request.split(b'\\r\\n\\r\\n', 1)
                    length = next(int(l.split(b':')[1]) for l in head.split(b'\\r\\n') if l.startswith(b'Content-Length'))
                    while len(body) < length: body += secured.recv(65536)
                    open(directory + '/request.new', 'wb').write(head + b'\\r\\n\\r\\n' + body)
                    os.rename(directory + '/request.new', directory + '/request')
                    secured.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n')
            except (OSError, ssl.SSLError):
                pass
        """

    static func start() async throws -> TLSSink {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sink-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let reaper = try ProcessReaper()
        let openssl = Command(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sink", "-addext",
                "subjectAltName=DNS:localhost", "-keyout", "server.key", "-out", "server.crt",
            ],
            environment: [:],
            directory: directory,
            timeout: .seconds(120)
        )
        let made = try await CommandRunner(reaper: reaper).run(openssl)
        try #require(made.isSuccess, "\(made.errorText)")
        let child = try reaper.spawn(
            SpawnRequest(
                executable: "/usr/bin/python3",
                arguments: ["python3", "-c", script, directory],
                environment: [:]
            )
        )
        let port = try #require(UInt16(try await text(directory + "/port")))
        return TLSSink(
            port: port,
            authority: directory + "/server.crt",
            directory: directory,
            child: child,
            reaper: reaper
        )
    }

    /// The last request, whole.
    func request() async throws -> String { try await Self.text(directory + "/request") }

    func end() async {
        child.send(.kill)
        _ = await child.exit()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Waits for a file and reads it.
    private static func text(_ path: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            if let bytes = try? FileBytes.read(path) { return String(decoding: bytes, as: UTF8.self) }
            try #require(ContinuousClock.now < deadline, "\(path) did not come")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
