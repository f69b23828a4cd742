// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// One endpoint: a method on a path.
struct Route: Sendable {
    typealias Handler = @Sendable (API, APIRequest) async throws -> APIResponse
    typealias Lookup = @Sendable (isolated Supervisor, APIRequest) throws -> APIResponse

    /// What is done about a request.
    enum Answer: Sendable {
        /// It may take its time, change things and read a body.
        case inTime(Handler)
        /// It is all there already, and only looked up: such a request needs no task of its own.
        case atOnce(Lookup)
    }

    var method: HTTPMethod
    /// Segments, of which those in braces take anything.
    var pattern: [Substring]
    var access: AccessLevel
    var answer: Answer

    init(_ method: HTTPMethod, _ path: String, _ access: AccessLevel, _ handler: @escaping Handler) {
        self.init(method, path, access, .inTime(handler))
    }

    init(_ method: HTTPMethod, _ path: String, _ access: AccessLevel, atOnce lookup: @escaping Lookup) {
        self.init(method, path, access, .atOnce(lookup))
    }

    private init(_ method: HTTPMethod, _ path: String, _ access: AccessLevel, _ answer: Answer) {
        self.method = method
        pattern = Self.segments(path[...])
        self.access = access
        self.answer = answer
    }

    /// What a path says where the pattern is open; nil if it does not fit.
    func captures(_ path: [Substring]) -> [String]? {
        guard path.count == pattern.count else { return nil }
        var captures: [String] = []
        for (wanted, found) in zip(pattern, path) {
            if wanted.first == "{" {
                guard !found.isEmpty else { return nil }
                captures.append(String(found))
            } else if wanted != found {
                return nil
            }
        }
        return captures
    }

    static func segments(_ path: Substring) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }
}

/// Finds the endpoint a request is for.
struct Router: Sendable {
    enum Match: Sendable {
        case route(Route, captures: [String])
        /// The path is one of ours, the method is not.
        case wrongMethod
        case nothing
    }

    /// Those whose pattern leaves nothing open, by their path: most requests are for one of them.
    private let plain: [String: [Route]]
    private let open: [Route]

    init(_ routes: [Route]) {
        let isOpen = { (route: Route) in route.pattern.contains { $0.first == "{" } }
        plain = Dictionary(grouping: routes.filter { !isOpen($0) }) { $0.pattern.joined(separator: "/") }
        open = routes.filter(isOpen)
    }

    func match(_ method: HTTPMethod, _ path: String) -> Match {
        let exact = plain[path] ?? []
        if let route = exact.first(where: { $0.method == method }) { return .route(route, captures: []) }
        let segments = Route.segments(path[...])
        var isKnown = !exact.isEmpty
        for route in open {
            guard let captures = route.captures(segments) else { continue }
            if route.method == method { return .route(route, captures: captures) }
            isKnown = true
        }
        return isKnown ? .wrongMethod : .nothing
    }
}
