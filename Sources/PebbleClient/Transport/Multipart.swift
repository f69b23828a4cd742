// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One part of a `multipart/form-data` body.
struct MultipartPart {
    var name: String
    var filename: String?
    var contentType: String?
    var content: [UInt8]
}

/// Several parts, as they go over the wire.
enum Multipart {
    /// Writes parts between boundaries that none of them contains.
    static func encode(_ parts: [MultipartPart]) -> (contentType: String, body: [UInt8]) {
        var boundary = randomBoundary()
        while parts.contains(where: { find(Array(boundary.utf8), in: $0.content, from: 0) != nil }) {
            boundary = randomBoundary()
        }
        var body: [UInt8] = []
        body.reserveCapacity(parts.reduce(256) { $0 + $1.content.count + 300 })
        for part in parts {
            var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(escaped(part.name))\""
            if let filename = part.filename { head += "; filename=\"\(escaped(filename))\"" }
            head += "\r\n"
            if let type = part.contentType { head += "Content-Type: \(type)\r\n" }
            body += Array((head + "\r\n").utf8)
            body += part.content
            body += Array("\r\n".utf8)
        }
        body += Array("--\(boundary)--\r\n".utf8)
        return ("multipart/form-data; boundary=\(boundary)", body)
    }

    /// What stands before and after the content of a written file that is not known yet.
    ///
    /// The boundary is too random to stand in it by chance.
    static func frame(
        request: [UInt8],
        path: String
    ) -> (contentType: String, before: [UInt8], after: [UInt8]) {
        let boundary = randomBoundary()
        let disposition = "Content-Disposition: form-data; name="
        var before = Array("--\(boundary)\r\n\(disposition)\"request\"\r\n".utf8)
        before += Array("Content-Type: application/json\r\n\r\n".utf8) + request
        let file = "\(disposition)\"files\"; filename=\"\(escaped(path))\"\r\n"
        before += Array("\r\n--\(boundary)\r\n\(file)Content-Type: application/octet-stream\r\n\r\n".utf8)
        let after = Array("\r\n--\(boundary)--\r\n".utf8)
        return ("multipart/form-data; boundary=\(boundary)", before, after)
    }

    private static func randomBoundary() -> String {
        // At least 32 characters: the server takes no shorter one.
        (0..<4).map { _ in String(UInt64.random(in: .min ... .max) | 1 << 63, radix: 16) }.joined()
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                escaped += "\\"
                escaped.unicodeScalars.append(scalar)
            case "\r": escaped += "%0D"
            case "\n": escaped += "%0A"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The boundary a content type names.
    static func boundary(of contentType: String) -> String? {
        guard contentType.lowercased().hasPrefix("multipart/form-data") else { return nil }
        for parameter in contentType.split(separator: ";").dropFirst() {
            let pair = parameter.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].lowercased() == "boundary" else { continue }
            let value = pair[1]
            if value.hasPrefix("\""), value.hasSuffix("\""), value.count > 1 {
                return String(value.dropFirst().dropLast())
            }
            return String(value)
        }
        return nil
    }

    /// Reads parts.
    static func decode(_ body: [UInt8], boundary: String) throws(MalformedReply) -> [MultipartPart] {
        let opening = Array("--\(boundary)".utf8)
        let delimiter = Array("\r\n--\(boundary)".utf8)
        guard body.starts(with: opening) else { throw MalformedReply(reason: "the parts do not begin") }
        var parts: [MultipartPart] = []
        var position = opening.count
        while true {
            let rest = body[position...]
            if rest.starts(with: Array("--".utf8)) { return parts }
            guard rest.starts(with: Array("\r\n".utf8)), let end = findDelimiter(delimiter, in: body, from: position)
            else {
                throw MalformedReply(reason: "the parts do not end")
            }
            parts.append(try part(body[(position + 2)..<max(end, position + 2)]))
            position = end + delimiter.count
        }
    }

    /// Where a boundary stands that nothing follows but the end of its line or of all parts.
    private static func findDelimiter(_ delimiter: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        var position = start
        while let found = find(delimiter, in: body, from: position) {
            let after = body[(found + delimiter.count)...]
            if after.starts(with: Array("\r\n".utf8)) || after.starts(with: Array("--".utf8)) { return found }
            position = found + 1
        }
        return nil
    }

    private static func part(_ bytes: ArraySlice<UInt8>) throws(MalformedReply) -> MultipartPart {
        let whole = Array(bytes)
        guard let end = find(Array("\r\n\r\n".utf8), in: whole, from: 0) else {
            throw MalformedReply(reason: "a part has no head")
        }
        var part = head(whole[..<end])
        part.content = Array(whole[(end + 4)...])
        return part
    }

    /// Reads the head of a part.
    static func head(_ bytes: ArraySlice<UInt8>) -> MultipartPart {
        var part = MultipartPart(name: "", filename: nil, contentType: nil, content: [])
        let head = String(decoding: bytes, as: UTF8.self)
        for line in head.unicodeScalars.split(separator: "\n").map({ String($0) }) {
            let field = line.hasSuffix("\r") ? String(line.dropLast()) : line
            guard let colon = field.firstIndex(of: ":") else { continue }
            let value = field[field.index(after: colon)...].drop { $0 == " " }
            switch field[..<colon].lowercased() {
            case "content-disposition":
                part.name = parameter("name", of: value) ?? ""
                part.filename = parameter("filename", of: value)
            case "content-type": part.contentType = String(value)
            default: break
            }
        }
        return part
    }

    /// A quoted parameter of a header field.
    private static func parameter(_ name: String, of value: Substring) -> String? {
        let scalars = Array(value.unicodeScalars)
        let pattern = Array("; \(name)=\"".unicodeScalars)
        guard scalars.count >= pattern.count else { return nil }
        for start in 0...(scalars.count - pattern.count)
        where Array(scalars[start..<(start + pattern.count)]) == pattern {
            var text = String.UnicodeScalarView()
            var index = start + pattern.count
            while index < scalars.count, scalars[index] != "\"" {
                if scalars[index] == "\\", index + 1 < scalars.count { index += 1 }
                text.append(scalars[index])
                index += 1
            }
            return String(text)
        }
        return nil
    }

    /// Where bytes first stand in others.
    static func find(_ needle: [UInt8], in haystack: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, haystack.count - start >= needle.count else { return nil }
        return haystack.withUnsafeBytes { hay in
            needle.withUnsafeBytes { pattern -> Int? in
                guard let base = hay.baseAddress, let wanted = pattern.baseAddress else { return nil }
                var position = start
                while position + needle.count <= haystack.count {
                    let room = haystack.count - needle.count - position + 1
                    guard let found = memchr(base + position, Int32(first), room) else { return nil }
                    let index = UnsafeRawPointer(found) - base
                    if memcmp(base + index, wanted, needle.count) == 0 { return index }
                    position = index + 1
                }
                return nil
            }
        }
    }
}
