// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import NIOCore
import NIOHTTP1
import PebbleAPI

/// A request, read as far as its head goes.
struct APIRequest: Sendable {
    var method: HTTPMethod
    var path: String
    var query: [(name: String, value: String)]
    var headers: HTTPHeaders
    var body = RequestBody.none
    var caller = Caller(peer: .remote, access: nil)
    /// What the pattern of the route left open, in order.
    var captures: [String] = []

    /// The first value of a query parameter; empty if there is none.
    func parameter(_ name: String) -> String {
        query.first { $0.name == name }?.value ?? ""
    }

    /// All values of a parameter that may be repeated or hold several, separated by commas.
    func list(_ name: String) -> [String] {
        query.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map(String.init) }
    }

    /// Decodes the first JSON value of the body; what follows it is ignored.
    ///
    /// `goType` is what the original calls the type of the body when it tells of a field that does not fit.
    func decode<Value: Decodable>(
        _ type: Value.Type,
        prefix: String = "cannot decode request body",
        goType: String = ""
    ) async throws -> Value {
        // What is announced need not come to be too much.
        if let announced = headers.first(name: "content-length"), Int(announced) ?? .max > APILimits.bodySize {
            throw DaemonError(.invalid, "request body must be \(APILimits.bodySize) bytes or less")
        }
        let body = try await body.collect(limit: APILimits.bodySize)
        return try JSONBody.decode(type, from: Array(body.readableBytesView), prefix: prefix, goType: goType)
    }
}

/// What a request may cost.
enum APILimits {
    /// Bodies but those of files, which are written as they come.
    static let bodySize = 16 << 20
    /// The metadata in front of written files.
    static let metadataSize = 4 << 20
}

/// Splits the target of a request.
enum RequestTarget {
    static func split(_ uri: String) -> (path: String, query: [(name: String, value: String)]) {
        let parts = origin(uri).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = decode(parts[0], plusIsBlank: false)
        guard parts.count > 1 else { return (path, []) }
        let query = parts[1].split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count > 1 ? decode(halves[1], plusIsBlank: true) : ""
            return (name: decode(halves[0], plusIsBlank: true), value: value)
        }
        return (path, query)
    }

    /// A target with the scheme and host that clients of proxies put in front, without them.
    static func origin(_ uri: String) -> Substring {
        guard let scheme = ["http://", "https://"].first(where: { uri.prefix($0.count).lowercased() == $0 }) else {
            return uri[...]
        }
        let rest = uri.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
        return rest.first == "/" ? rest : "/" + rest
    }

    /// Without doubled slashes and dots; what differs is sent to the right place.
    static func clean(_ path: String) -> String {
        guard needsCleaning(path.utf8) else { return path }
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        let isDirectory = path.hasSuffix("/") && !parts.isEmpty
        return "/" + parts.joined(separator: "/") + (isDirectory ? "/" : "")
    }

    /// Whether there is anything doubled or dotted in a path, which nearly never is so.
    private static func needsCleaning(_ path: String.UTF8View) -> Bool {
        guard path.first == UInt8(ascii: "/") else { return true }
        return zip(path, path.dropFirst()).contains { byte, next in
            byte == UInt8(ascii: "/") && (next == UInt8(ascii: "/") || next == UInt8(ascii: "."))
        }
    }

    static func decode(_ text: Substring, plusIsBlank: Bool) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || plusIsBlank && $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsBlank:
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                if let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 {
                    bytes.append(code)
                    rest.removeFirst(2)
                } else {
                    bytes.append(byte)
                }
            default:
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
