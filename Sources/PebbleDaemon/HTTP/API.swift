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
    let daemonUserID = geteuid()

    init(supervisor: Supervisor) {
        self.supervisor = supervisor
        router = Router(
            Self.systemRoutes + Self.healthRoutes + Self.servicesRoutes + Self.changesRoutes + Self.planRoutes
                + Self.signalsRoutes + Self.logsRoutes + Self.filesRoutes + Self.execRoutes + Self.checksRoutes
                + Self.noticesRoutes + Self.identitiesRoutes + Self.metricsRoutes
        )
    }

    /// Answers a request that has come whole, has no body, and asks for what is there; says whether it was one.
    ///
    /// A task would cost as much as all the rest.
    func answerAtOnce(_ head: HTTPRequestHead, peer: Peer, channel: any Channel) -> Bool {
        // A password takes a thread and a while.
        guard !head.headers.contains(name: "authorization") else { return false }
        return supervisor.assumeIsolated { supervisor in
            let start = ContinuousClock.now
            guard let response = lookUp(head, peer: peer, supervisor) else { return false }
            supervisor.restSoon()
            supervisor.flush()
            var reply = HTTPResponseHead(version: head.version, status: .init(statusCode: response.status))
            reply.headers = response.headers
            if case .bytes(let bytes) = response.body {
                write(bytes, reply, to: head, keepsAlive: head.isKeepAlive, channel)
            }
            logRequest(head, response.status, peer, ContinuousClock.now - start)
            return true
        }
    }

    /// Answers a plain request for a target, if it asks for what is there: gives the bytes of the whole answer.
    func answer(plain target: String, peer: Peer, channel: any Channel) -> ByteBuffer? {
        supervisor.assumeIsolated { supervisor in
            let start = ContinuousClock.now
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target)
            guard let response = lookUp(head, peer: peer, supervisor), case .bytes(let body) = response.body else {
                return nil
            }
            supervisor.restSoon()
            supervisor.flush()
            let bytes = response.encoded(body, channel.allocator)
            logRequest(head, response.status, peer, ContinuousClock.now - start)
            return bytes
        }
    }

    private func lookUp(_ head: HTTPRequestHead, peer: Peer, _ supervisor: isolated Supervisor) -> APIResponse? {
        do {
            guard case .route(let route, var request) = try find(head), case .atOnce(let lookup) = route.answer else {
                return nil
            }
            let access = AccessRules.access(
                peer: peer,
                credentials: nil,
                identities: supervisor.document.identities,
                daemonUserID: daemonUserID,
                verify: { _, _ in false }
            )
            request.caller = Caller(
                peer: peer,
                access: access,
                identity: AccessRules.identity(of: peer, supervisor.document.identities)
            )
            try admit(request, to: route)
            return try lookup(supervisor, request)
        } catch {
            return ErrorMapping.response(to: error)
        }
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
            return supervisor.startTask { _ in await serve(head, body: body, peer: peer, channel: channel) }
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
            switch try find(head) {
            case .elsewhere(let response):
                return response
            case .route(let route, var request):
                request.body = body
                request.caller = await caller(head, peer: peer)
                try admit(request, to: route)
                switch route.answer {
                case .inTime(let handler): return try await handler(self, request)
                case .atOnce(let lookup): return try await lookup(supervisor, request)
                }
            }
        } catch {
            return ErrorMapping.response(to: error)
        }
    }

    /// What a request turns out to be for.
    private enum Found {
        case route(Route, APIRequest)
        /// The client is sent to the right place.
        case elsewhere(APIResponse)
    }

    private func find(_ head: HTTPRequestHead) throws -> Found {
        let (path, query) = RequestTarget.split(head.uri)
        let clean = RequestTarget.clean(path)
        guard path.hasPrefix("/") else {
            throw DaemonError(.notFound, "invalid API endpoint requested")
        }
        guard clean == path else {
            var response = APIResponse.text("", status: 301, contentType: nil)
            let query = head.uri.firstIndex(of: "?").map { String(head.uri[$0...]) } ?? ""
            response.headers.add(name: "Location", value: clean + query)
            return .elsewhere(response)
        }
        switch router.match(head.method, path) {
        case .nothing:
            throw DaemonError(.notFound, "invalid API endpoint requested")
        case .wrongMethod:
            let result = ErrorResult(message: "method \"\(head.method.rawValue)\" not allowed")
            return .elsewhere(APIResponse.error(result, status: 405))
        case .route(let route, let captures):
            return .route(
                route,
                APIRequest(method: head.method, path: path, query: query, headers: head.headers, captures: captures)
            )
        }
    }

    private func admit(_ request: APIRequest, to route: Route) throws(DaemonError) {
        guard route.access.allows(request.caller) else {
            supervisor.surroundings.log.record(.denied(by: request.caller.name, path: request.path))
            throw DaemonError(.unauthenticated, "access denied", kind: .loginRequired)
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
            daemonUserID: daemonUserID,
            verify: { _, _ in isVerified }
        )
        let identity = isVerified ? credentials?.name : AccessRules.identity(of: peer, identities)
        return Caller(peer: peer, access: access, identity: identity)
    }

    private func send(
        _ response: APIResponse,
        to head: HTTPRequestHead,
        keepsAlive: Bool,
        _ channel: any Channel
    ) async throws {
        var reply = HTTPResponseHead(version: head.version, status: .init(statusCode: response.status))
        reply.headers = response.headers
        switch response.body {
        case .bytes(let bytes):
            write(bytes, reply, to: head, keepsAlive: keepsAlive, channel)
        case .stream(let write):
            if !keepsAlive { reply.headers.replaceOrAdd(name: "Connection", value: "close") }
            try await channel.writeAndFlush(HTTPServerResponsePart.head(reply))
            try await write(ResponseWriter(channel: channel))
            try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
            if !keepsAlive { channel.close(promise: nil) }
        }
    }

    private func write(
        _ bytes: ByteBuffer,
        _ reply: HTTPResponseHead,
        to head: HTTPRequestHead,
        keepsAlive: Bool,
        _ channel: any Channel
    ) {
        var reply = reply
        if !keepsAlive { reply.headers.replaceOrAdd(name: "Connection", value: "close") }
        reply.headers.replaceOrAdd(name: "Content-Length", value: String(bytes.readableBytes))
        channel.write(HTTPServerResponsePart.head(reply), promise: nil)
        if head.method != .HEAD { channel.write(HTTPServerResponsePart.body(.byteBuffer(bytes)), promise: nil) }
        // Not waited for, as waiting is done on another thread, and the way there and back costs more than the
        // rest. The connection sees to it that the next request is read only when there is room for its answer.
        let isWritten = keepsAlive ? nil : channel.eventLoop.makePromise(of: Void.self)
        isWritten?.futureResult.whenComplete { _ in channel.close(promise: nil) }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: isWritten)
    }

    private func logRequest(_ head: HTTPRequestHead, _ status: Int, _ peer: Peer, _ duration: Duration) {
        if head.method == .GET, head.uri.hasPrefix("/v1/system-info") || head.uri.hasPrefix("/v1/health") { return }
        if head.method == .GET, head.uri.hasPrefix("/v1/changes/"), !head.uri.dropFirst(12).contains("/") { return }
        let uri = LogText.escaped(head.uri)
        supervisor.surroundings.log.writeSoon(
            "\(head.method.rawValue) \(uri) \(GoDuration(duration)) \(status) (\(peer.transport))",
            on: supervisor.loop
        )
    }
}

/// Text from outside, fit for a log of lines.
enum LogText {
    /// Control characters would let a client write lines of its own.
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 32 || $0 == 127 }) else { return text }
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
