// SPDX-License-Identifier: Apache-2.0

/// One request to the API.
struct HTTPRequest {
    var method: String
    var path: String
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    var body: [UInt8] = []

    /// The path with its query.
    var target: String {
        if query.isEmpty { return path }
        return path + "?" + query.map { "\(Self.escaped($0))=\(Self.escaped($1))" }.joined(separator: "&")
    }

    /// What is asked, for messages.
    var description: String {
        "\(method.prefix(1))\(method.dropFirst().lowercased()) \"http://localhost\(target)\""
    }

    /// The bytes that go over the wire.
    func encoded() -> [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        let isChunked = headers.contains { $0.0 == "Transfer-Encoding" }
        if !isChunked, !body.isEmpty || method != "GET" { head += "Content-Length: \(body.count)\r\n" }
        head += "\r\n"
        return Array(head.utf8) + body
    }

    /// Text with everything escaped but letters, digits and `-._~`.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped
    }

    /// A name of the path, escaped so that it is one element.
    static func element(_ text: String) -> String {
        escaped(text).split(separator: "/", omittingEmptySubsequences: false).joined(separator: "%2F")
    }
}
