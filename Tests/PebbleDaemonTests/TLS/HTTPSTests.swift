// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// The listener with TLS, asked by a client of somebody else's (curl), and checks that ask it.
@Suite(.serialized) struct HTTPSTests {
    /// A client certificate with its key, in files.
    private struct ClientIdentity {
        var certificate: String
        var certificatePath: String
        var keyPath: String

        init(_ name: String, in directory: TestDirectory, days: Int32 = 10) throws {
            let key = try Certificates.makeKey()
            certificate = try Certificates.make(name, key: key, days: days)
            certificatePath = directory.file("\(name).pem")
            keyPath = directory.file("\(name).key")
            try AtomicFile.write(certificate, to: certificatePath, mode: 0o644, isDurable: false)
            try AtomicFile.write(key, to: keyPath, mode: 0o600, isDurable: false)
        }
    }

    private func daemon(_ directory: TestDirectory) async throws -> (daemon: TestDaemon, address: String) {
        let layer = "services: {web: {override: replace, command: sleep 1000}}"
        let daemon = try await TestDaemon(layer: layer, directory: directory) { options in
            options.holds = true
            options.httpsAddress = "127.0.0.1:0"
        }
        let address = try #require(try await daemon.call { try $0.systemInfo() }.httpsAddress)
        return (daemon, address)
    }

    /// Status and body of an answer; status 000 when there was none.
    private func curl(
        _ url: String,
        _ identity: ClientIdentity?,
        _ more: [String] = []
    ) async throws -> (status: String, body: String, code: Int32) {
        var arguments = ["--silent", "--insecure", "--max-time", "20", "--write-out", "\n%{http_code}"]
        if let identity { arguments += ["--cert", identity.certificatePath, "--key", identity.keyPath] }
        let command = Command("/usr/bin/curl", arguments + more + [url], environment: [:], timeout: .seconds(30))
        let result = try await CommandRunner(reaper: try ProcessReaper(adoptsOrphans: false)).run(command)
        let lines = result.outputText.split(separator: "\n", omittingEmptySubsequences: false)
        let body = lines.dropLast().joined(separator: "\n")
        return (String(lines.last ?? ""), body, result.exit.code)
    }

    @Test func `a client without a certificate gets no answer, one that nobody knows what is open`() async throws {
        let directory = try TestDirectory()
        let (daemon, address) = try await daemon(directory)
        let stranger = try ClientIdentity("stranger", in: directory)
        let nobody = try await curl("https://\(address)/v1/system-info", nil)
        #expect(nobody.status == "000")
        #expect(nobody.code != 0)
        #expect(try await curl("https://\(address)/v1/system-info", stranger).status == "200")
        #expect(try await curl("https://\(address)/v1/health", stranger).status == "200")
        let services = try await curl("https://\(address)/v1/services", stranger)
        #expect(services.status == "401")
        #expect(services.body.contains("\"kind\":\"login-required\""))
        // A password is worth nothing here.
        #expect(try await curl("https://\(address)/v1/services", stranger, ["--user", "bob:x"]).status == "401")
        try await daemon.stop()
    }

    @Test func `an identity with the client's certificate has its access`() async throws {
        let directory = try TestDirectory()
        let (daemon, address) = try await daemon(directory)
        let boss = try ClientIdentity("boss", in: directory)
        let reader = try ClientIdentity("reader", in: directory)
        let old = try ClientIdentity("old", in: directory, days: -1)
        try await daemon.call { client in
            var identities: [String: IdentityInfo] = [:]
            for (name, access, identity) in [
                ("boss", IdentityAccess.admin, boss), ("reader", .read, reader), ("old", .admin, old),
            ] {
                identities[name] = IdentityInfo(access: access, cert: .init(pem: identity.certificate))
            }
            try client.changeIdentities(.add, identities)
        }
        #expect(try await curl("https://\(address)/v1/services", boss).body.contains("\"name\":\"web\""))
        #expect(try await curl("https://\(address)/v1/plan?format=yaml", boss).status == "200")
        #expect(try await curl("https://\(address)/v1/services", reader).status == "200")
        #expect(try await curl("https://\(address)/v1/plan?format=yaml", reader).status == "401")
        // Notices belong to users of the machine, and it is not known which one this is.
        #expect(try await curl("https://\(address)/v1/notices", boss).status == "403")
        let start = ["--data", "{\"action\": \"start\", \"services\": [\"web\"]}"]
        #expect(try await curl("https://\(address)/v1/services", reader, start).status == "401")
        #expect(try await curl("https://\(address)/v1/services", boss, start).status == "202")
        // Out of date, the certificate proves nothing.
        #expect(try await curl("https://\(address)/v1/services", old).status == "401")
        try await daemon.stop()
    }

    @Test func `large bodies go through both ways`() async throws {
        let directory = try TestDirectory()
        let (daemon, address) = try await daemon(directory)
        let boss = try ClientIdentity("boss", in: directory)
        try await daemon.call { client in
            let identity = IdentityInfo(access: .admin, cert: .init(pem: boss.certificate))
            try client.changeIdentities(.add, ["boss": identity])
        }
        let line = String(repeating: "x", count: 4000)
        let layer = "summary: \(line)\ndescription: " + String(repeating: "\(line) ", count: 200)
        let file = directory.file("request")
        let json =
            "{\"action\": \"add\", \"label\": \"big\", \"format\": \"yaml\", \"layer\": \"\(layer.replacing("\n", with: "\\n"))\"}"
        try AtomicFile.write(json, to: file, mode: 0o644, isDurable: false)
        let added = try await curl("https://\(address)/v1/layers", boss, ["--data-binary", "@\(file)"])
        #expect(added.status == "200")
        let copy = directory.file("copy")
        let files = "https://\(address)/v1/files?action=read&path=\(file)"
        let read = try await curl(files, boss, ["--header", "Accept: multipart/form-data", "--output", copy])
        #expect(read.status == "200")
        let text = String(decoding: try FileBytes.read(copy), as: UTF8.self)
        #expect(text.contains(json))
        try await daemon.stop()
    }

    @Test func `the key stays, and is for the daemon's eyes`() async throws {
        let directory = try TestDirectory()
        let (first, _) = try await daemon(directory)
        try await first.stop()
        let path = directory.file("identity/key.pem")
        let key = try FileBytes.read(path)
        var information = stat()
        #expect(stat(path, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
        let (second, _) = try await daemon(directory)
        try await second.stop()
        #expect(try FileBytes.read(path) == key)
        // What clients are shown is issued by that key, for this machine.
        let verify = Command(
            "/usr/bin/openssl",
            ["x509", "-in", directory.file("tls/certificate.pem"), "-noout", "-ext", "subjectAltName"],
            environment: [:],
            timeout: .seconds(30)
        )
        let result = try await CommandRunner(reaper: try ProcessReaper(adoptsOrphans: false)).run(verify)
        #expect(result.outputText.contains("DNS:localhost, IP Address:127.0.0.1"))
    }

    @Test func `without persistence there is no key to keep, and so no listener`() async throws {
        let directory = try TestDirectory()
        let error = await #expect(throws: DaemonError.self) {
            _ = try await TestDaemon(directory: directory) { options in
                options.isPersistent = false
                options.httpsAddress = "127.0.0.1:0"
            }
        }
        #expect(error?.message.contains("PEBBLE_PERSIST") == true)
    }

    @Test func `a check over TLS wants a certificate that the system trusts`() async throws {
        let directory = try TestDirectory()
        let (server, address) = try await daemon(directory)
        let daemon = try await TestDaemon(
            layer:
                "checks: {page: {override: replace, period: 1h, timeout: 1m, http: {url: \"https://\(address)/v1/health\"}}}"
        )
        let refresh = try await daemon.call { try $0.refreshCheck("page") }
        let reason = "TLS handshake failed: certificate verify failed (self-signed certificate"
        #expect(refresh.error?.hasPrefix("Get \"https://\(address)/v1/health\": \(reason)") == true)
        try await daemon.stop()
        try await server.stop()
    }

    /// A client for `exec` of a few lines, as curl speaks no WebSocket.
    private static let execClient = """
        import base64, json, os, socket, ssl, sys
        host, port = sys.argv[1].rsplit(':', 1)
        context = ssl._create_unverified_context()
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        def ask(request):
            stream = context.wrap_socket(socket.create_connection((host, int(port)))).makefile('rwb')
            stream.write(request.encode())
            stream.flush()
            length = 0
            while (line := stream.readline().strip()):
                if line.lower().startswith(b'content-length:'): length = int(line.split(b':')[1])
            return stream, length
        body = json.dumps({'command': ['sh', '-c', 'cat; echo over TLS']})
        head = 'Host: x\\r\\nContent-Length: %d\\r\\n\\r\\n%s' % (len(body), body)
        stream, length = ask('POST /v1/exec HTTP/1.1\\r\\n' + head)
        task = json.loads(stream.read(length))['result']['task-id']
        head = 'Host: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n'
        key = base64.b64encode(os.urandom(16)).decode()
        stream, _ = ask('GET /v1/tasks/%s/websocket/stdio HTTP/1.1\\r\\n%sSec-WebSocket-Key: %s\\r\\n\\r\\n' % (task, head, key))
        def send(opcode, data): stream.write(bytes([0x80 | opcode, 0x80 | len(data), 0, 0, 0, 0]) + data); stream.flush()
        send(2, b'input ')
        send(1, b'{"command":"end"}')
        while True:
            first, length = stream.read(2)
            data = stream.read(length)
            if first & 15 == 1: break
            if first & 15 == 2: sys.stdout.write(data.decode())
        """

    @Test func `a command runs over TLS as over the socket`() async throws {
        let directory = try TestDirectory()
        let (daemon, address) = try await daemon(directory)
        let boss = try ClientIdentity("boss", in: directory)
        try await daemon.call { client in
            let identity = IdentityInfo(access: .admin, cert: .init(pem: boss.certificate))
            try client.changeIdentities(.add, ["boss": identity])
        }
        let python = try #require(Machine.findExecutable("python3", path: "/usr/bin:/usr/local/bin:/bin"))
        let command = Command(
            python,
            ["-c", Self.execClient, address, boss.certificatePath, boss.keyPath],
            environment: [:],
            timeout: .seconds(60)
        )
        let result = try await CommandRunner(reaper: try ProcessReaper(adoptsOrphans: false)).run(command)
        #expect(result.outputText == "input over TLS\n", "\(result.errorText)")
        try await daemon.stop()
    }
}
