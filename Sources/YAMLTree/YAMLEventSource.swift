// SPDX-License-Identifier: Apache-2.0
import CYAML

/// What libyaml reports of a text, one step at a time.
enum YAMLEvent {
    case documentStart
    case documentEnd
    case streamEnd
    case alias(String)
    case scalar(YAMLScalar, anchor: String?)
    case sequenceStart(anchor: String?)
    case sequenceEnd
    case mappingStart(anchor: String?)
    case mappingEnd
    case other
}

/// Owns one libyaml parser over bytes that outlive it.
struct YAMLEventSource: ~Copyable {
    // libyaml keeps a pointer to the parser inside the parser, so it must not move.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let lastLine: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(YAMLError) {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        let newline = UInt8(ascii: "\n")
        lastLine = bytes.count { $0 == newline } + (bytes.last == newline ? 0 : 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLError(message: "out of memory", place: nil)
        }
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event and where it begins.
    func next() throws(YAMLError) -> (YAMLEvent, YAMLPlace) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        let place = YAMLPlace(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
        return (translate(event), place)
    }

    private func translate(_ event: yaml_event_t) -> YAMLEvent {
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: .documentStart
        case YAML_DOCUMENT_END_EVENT: .documentEnd
        case YAML_STREAM_END_EVENT: .streamEnd
        case YAML_ALIAS_EVENT: .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT: Self.scalar(event)
        case YAML_SEQUENCE_START_EVENT: .sequenceStart(anchor: Self.text(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: .sequenceEnd
        case YAML_MAPPING_START_EVENT: .mappingStart(anchor: Self.text(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: .mappingEnd
        default: .other
        }
    }

    private static func scalar(_ event: yaml_event_t) -> YAMLEvent {
        let data = event.data.scalar
        let style: YAMLScalar.Style =
            switch data.style {
            case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
            case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
            case YAML_LITERAL_SCALAR_STYLE: .literal
            case YAML_FOLDED_SCALAR_STYLE: .folded
            default: .plain
            }
        let content = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
        return .scalar(YAMLScalar(text: content, style: style, tag: text(data.tag)), anchor: text(data.anchor))
    }

    private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func failure() -> YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "cannot be read"
        let mark = parser.pointee.problem_mark
        if parser.pointee.error == YAML_READER_ERROR {
            return YAMLError(message: "\(problem) at byte \(parser.pointee.problem_offset)", place: nil)
        }
        // What is missing at the end is looked for on the line after the last.
        let line = min(Int(mark.line) + 1, max(lastLine, 1))
        return YAMLError(message: problem, place: YAMLPlace(line: line, column: Int(mark.column) + 1))
    }
}
