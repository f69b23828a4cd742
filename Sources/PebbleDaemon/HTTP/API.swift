// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import NIOCore
import NIOHTTP1
import NIOPosix
import PebbleAPI

/// The daemon's API: what HTTP requests mean for the supervisor.
///
/// One file per resource: see `Routes`.
struct API: Sendable {
    let supervisor: Supervisor
    let router: Router

    init(supervisor: Supervisor) {
        self.supervisor = supervisor
        router = Router(
            Self.systemRoutes + Self.healthRoutes + Self.servicesRoutes + Self.changesRoutes + Self.planRoutes
                + Self.signalsRoutes + Self.logsRoutes + Self.filesRoutes + Self.execRoutes + Self.checksRoutes
                + Self.noticesRoutes + Self.identitiesRoutes + Self.metricsRoutes
        )
    }

    /// Begins to answer a request.
    ///
    /// On the supervisor's loop, as is the rest of it.
    func begin(
        _ head: HTTPRequestHead,
        body: RequestBody,
        peer: Peer,
        channel: any Channel
    ) -> Task<Void, Never> {
        supervisor.assumeIsolated { supervisor in
            supervisor.restSoon()
            return Task {
                // Captured so that the task is the supervisor's and needs no change of thread.
                _ = supervisor
                await serve(head, body: body, peer: peer, channel: channel)
            }
        }
    }

    private func serve(_ head: HTTPRequestHead, body: RequestBody, peer: Peer, channel: any Channel) async {
        let start = ContinuousClock.now
        let response = await respond(to: head, body: body, peer: peer)
        // An unread rest would be taken for the next request. Much of it is not worth waiting for.
        let isDrained = await body.drain(limit: Self.announcedSize(head) > Self.drainLimit ? 0 : Self.drainLimit)
        await supervisor.flush()
        do {
            try await send(response, to: head, keepsAlive: head.isKeepAlive && isDrained, channel)
        } catch {
            // The client is gone, and with it the only one to tell.
            channel.close(promise: nil)
        }
        logRequest(head, response.status, peer, ContinuousClock.now - start)
    }

    private static let drainLimit = 1 << 20

    private static func announcedSize(_ head: HTTPRequestHead) -> Int {
        head.headers.first(name: "content-length").map { Int($0) ?? .max } ?? 0
    }

    private func respond(to head: HTTPRequestHead, body: RequestBody, peer: Peer) async -> APIResponse {
        do {
            let (path, query) = RequestTarget.split(head.uri)
            let clean = RequestTarget.clean(path)
            guard path.hasPrefix("/") else {
                throw DaemonError(.notFound, "invalid API endpoint requested")
            }
            guard clean == path else {
                var response = APIResponse.text("", status: 301, contentType: nil)
                let query = head.uri.firstIndex(of: "?").map { String(head.uri[$0...]) } ?? ""
                response.headers.add(name: "Location", value: clean + query)
                return response
            }
            switch router.match(head.method, path) {
            case .nothing:
                throw DaemonError(.notFound, "invalid API endpoint requested")
            case .wrongMethod:
                let result = ErrorResult(message: "method \"\(head.method.rawValue)\" not allowed")
                return APIResponse.error(result, status: 405)
            case .route(let route, let captures):
                let caller = await caller(head, peer: peer)
                guard route.access.allows(caller) else {
                    supervisor.surroundings.log.record(.denied(peer, path: path))
                    throw DaemonError(.unauthenticated, "access denied", kind: .loginRequired)
                }
                if case .admin = route.access {
                    supervisor.surroundings.log.record(.adminAllowed(peer, path: path))
                }
                let request = APIRequest(
                    method: head.method,
                    path: path,
                    query: query,
                    headers: head.headers,
                    body: body,
                    caller: caller,
                    captures: captures
                )
                return try await route.handler(self, request)
            }
        } catch {
            return ErrorMapping.response(to: error)
        }
    }

    /// Who asks, and what they may.
    func caller(_ head: HTTPRequestHead, peer: Peer) async -> Caller {
        let identities = await supervisor.document.identities
        let credentials = BasicCredentials.read(head.headers.first(name: "authorization"))
        var isVerified = false
        var takesPassword = true
        if case .secured = peer { takesPassword = false }
        if takesPassword, let credentials, let hash = identities[credentials.name]?.basic?.password {
            // Thousands of rounds: on a thread, so that others need not wait for it.
            let password = credentials.password
            isVerified =
                (try? await NIOThreadPool.singleton.runIfActive { PasswordHash.verify(password, hash) }) ?? false
        }
        let access = AccessRules.access(
            peer: peer,
            credentials: credentials,
            identities: identities,
            daemonUserID: geteuid(),
            verify: { _, _ in isVerified }
        )
        return Caller(peer: peer, access: access)
    }

    private func send(
        _ response: APIResponse,
        to head: HTTPRequestHead,
        keepsAlive: Bool,
        _ channel: any Channel
    ) async throws {
        var reply = HTTPResponseHead(version: head.version, status: .init(statusCode: response.status))
        reply.headers = response.headers
        if !keepsAlive { reply.headers.replaceOrAdd(name: "Connection", value: "close") }
        switch response.body {
        case .bytes(let bytes):
            reply.headers.replaceOrAdd(name: "Content-Length", value: String(bytes.readableBytes))
            channel.write(HTTPServerResponsePart.head(reply), promise: nil)
            if head.method != .HEAD { channel.write(HTTPServerResponsePart.body(.byteBuffer(bytes)), promise: nil) }
            // Not waited for, as waiting is done on another thread, and the way there and back costs more than the
            // rest. The connection sees to it that the next request is read only when there is room for its answer.
            let isWritten = keepsAlive ? nil : channel.eventLoop.makePromise(of: Void.self)
            isWritten?.futureResult.whenComplete { _ in channel.close(promise: nil) }
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: isWritten)
        case .stream(let write):
            try await channel.writeAndFlush(HTTPServerResponsePart.head(reply))
            try await write(ResponseWriter(channel: channel))
            try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
            if !keepsAlive { channel.close(promise: nil) }
        }
    }

    private func logRequest(_ head: HTTPRequestHead, _ status: Int, _ peer: Peer, _ duration: Duration) {
        if head.method == .GET, head.uri.hasPrefix("/v1/system-info") || head.uri.hasPrefix("/v1/health") { return }
        if head.method == .GET, head.uri.hasPrefix("/v1/changes/"), !head.uri.dropFirst(12).contains("/") { return }
        let uri = LogText.escaped(head.uri)
        supervisor.surroundings.log.write(
            "\(head.method.rawValue) \(uri) \(GoDuration(duration)) \(status) (\(peer.transport))"
        )
    }
}

/// Text from outside, fit for a log of lines.
enum LogText {
    /// Control characters would let a client write lines of its own.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.value < 32 || scalar.value == 127 ? "\\x\(String(scalar.value, radix: 16))" : String(scalar)
        }.joined()
    }
}

/// A name and password in a request.
enum BasicCredentials {
    static func read(_ header: String?) -> (name: String, password: String)? {
        guard let header, header.lowercased().hasPrefix("basic "),
            let data = Data(base64Encoded: header.dropFirst(6).trimmed)
        else { return nil }
        let parts = String(decoding: data, as: UTF8.self).split(
            separator: ":",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard parts.count == 2 else { return nil }
        return (String(parts[0]), String(parts[1]))
    }
}
