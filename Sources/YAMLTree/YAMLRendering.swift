// SPDX-License-Identifier: Apache-2.0

extension YAMLNode {
    /// The node as YAML in block style, with a newline at the end.
    ///
    /// Long lines stay as they are, and lists in mappings are indented, as Go programs write them.
    package func rendered(indent: Int = 4) -> String {
        var renderer = YAMLRenderer(indent: indent)
        renderer.render(self)
        return renderer.output
    }
}

private struct YAMLRenderer {
    let indent: Int
    var output = ""

    init(indent: Int) {
        self.indent = indent
    }

    mutating func render(_ node: YAMLNode) {
        switch node.content {
        case .scalar(let scalar):
            output += text(scalar, depth: 1) + "\n"
        case .sequence(let nodes) where nodes.isEmpty:
            output += "[]\n"
        case .sequence(let nodes):
            items(nodes, depth: 0)
        case .mapping(let mapping) where mapping.pairs.isEmpty:
            output += "{}\n"
        case .mapping(let mapping):
            pairs(mapping, depth: 0, firstIsPlaced: false)
        }
    }

    private func margin(_ depth: Int) -> String {
        String(repeating: " ", count: depth * indent)
    }

    private mutating func pairs(_ mapping: YAMLMapping, depth: Int, firstIsPlaced: Bool, offset: String = "") {
        for (index, pair) in mapping.pairs.enumerated() {
            if index > 0 || !firstIsPlaced { output += margin(depth) + offset }
            output += key(pair.key) + ":"
            value(pair.value, depth: depth + 1, offset: offset)
        }
    }

    private func key(_ node: YAMLNode) -> String {
        guard let scalar = node.scalar else { return "? " }
        return scalar.text.contains("\n") ? Self.doubleQuoted(scalar.text) : text(scalar, depth: 0)
    }

    /// Writes a value after its key or dash, whose line is still open.
    private mutating func value(_ node: YAMLNode, depth: Int, offset: String) {
        switch node.content {
        case .scalar(let scalar):
            output += " " + text(scalar, depth: depth, offset: offset) + "\n"
        case .sequence(let nodes) where nodes.isEmpty:
            output += " []\n"
        case .sequence(let nodes):
            output += "\n"
            items(nodes, depth: depth, offset: offset)
        case .mapping(let mapping) where mapping.pairs.isEmpty:
            output += " {}\n"
        case .mapping(let mapping):
            output += "\n"
            pairs(mapping, depth: depth, firstIsPlaced: false, offset: offset)
        }
    }

    private mutating func items(_ nodes: [YAMLNode], depth: Int, offset: String = "") {
        for node in nodes {
            output += margin(depth) + offset + "-"
            switch node.content {
            case .mapping(let mapping) where !mapping.pairs.isEmpty:
                output += " "
                pairs(mapping, depth: depth, firstIsPlaced: true, offset: offset + "  ")
            default:
                value(node, depth: depth + 1, offset: offset)
            }
        }
    }

    private func text(_ scalar: YAMLScalar, depth: Int, offset: String = "") -> String {
        let text = scalar.text
        if scalar.isNull { return "null" }
        if scalar.tag == YAMLScalar.timestampTag { return text }
        if Self.fitsLiteral(text) { return literal(text, depth: depth, offset: offset) }
        if Self.needsEscapes(text) { return Self.doubleQuoted(text) }
        if case .string = scalar.value, !YAMLScalar.looksLikeText(text) { return Self.doubleQuoted(text) }
        if !Self.fitsPlain(text) {
            return Self.singleQuoted(text)
        }
        return text
    }

    private func literal(_ text: String, depth: Int, offset: String) -> String {
        let ending = text.hasSuffix("\n\n") || text == "\n" ? "+" : text.hasSuffix("\n") ? "" : "-"
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if text.hasSuffix("\n") { lines.removeLast() }
        let pad = margin(max(depth, 1)) + offset
        return "|\(ending)\n" + lines.map { $0.isEmpty ? "" : pad + $0 }.joined(separator: "\n")
    }

    /// Whether text of several lines can stand as a block as it is.
    private static func fitsLiteral(_ text: String) -> Bool {
        guard text.contains("\n") else { return false }
        // By scalars, since a mark may join the blank to it.
        if let first = text.unicodeScalars.first, first == " " || first == "\n" { return false }
        if text.hasSuffix(" ") { return false }
        return !text.unicodeScalars.contains { $0 != "\n" && isSpecial($0) } && !hasBlankAtLineEnd(text)
    }

    /// Without the standard library's search for texts, which comes with an engine for regular expressions.
    private static func hasBlankAtLineEnd(_ text: String) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { $0 == 0x20 && $1 == 0x0A }
    }

    private static func needsEscapes(_ text: String) -> Bool {
        text.unicodeScalars.contains(where: isSpecial)
    }

    private static func isSpecial(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09: true
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: false
        case 0x1_0000...0x10_FFFF: false
        default: true
        }
    }

    /// Whether text can stand without quotes in a block.
    private static func fitsPlain(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return false }
        if first == " " || last == " " || last == ":" { return false }
        if hasIndicator(text) || text.hasPrefix("---") || text.hasPrefix("...") { return false }
        switch first {
        case ",", "[", "]", "{", "}", "#", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`":
            return false
        case "-", "?", ":":
            let second = text.unicodeScalars.dropFirst().first
            return second != nil && second != " "
        default:
            return true
        }
    }

    /// Whether a colon or a number sign stands where YAML reads it; by bytes, since a mark may join the blank to it.
    private static func hasIndicator(_ text: String) -> Bool {
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if previous == UInt8(ascii: ":") && byte == UInt8(ascii: " ") { return true }
            if previous == UInt8(ascii: " ") && byte == UInt8(ascii: "#") { return true }
            previous = byte
        }
        return false
    }

    /// By scalars, since a mark may join the quote to it.
    private static func singleQuoted(_ text: String) -> String {
        var quoted = "'"
        for scalar in text.unicodeScalars {
            if scalar == "'" { quoted += "'" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "'"
    }

    private static func doubleQuoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case _ where isSpecial(scalar): quoted += escape(scalar)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let (letter, width) = scalar.value <= 0xFF ? ("x", 2) : scalar.value <= 0xFFFF ? ("u", 4) : ("U", 8)
        return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
    }
}
