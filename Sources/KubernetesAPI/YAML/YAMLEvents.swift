internal import CYaml

/// One step of a YAML document, as libyaml reports it.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd, alias, scalar, listStart, listEnd, mapStart, mapEnd
    }

    var kind: Kind
    /// A scalar's text, or the anchor that an alias names.
    var text = ""
    var anchor: String?
    var tag: String?
    /// Whether a scalar without a tag takes its type from its looks; quoted scalars do not.
    var isImplicit = true
    /// From 1, within the bytes given.
    var line = 0
    var column = 0
}

/// Pulls events out of bytes, one at a time; what go-yaml would say of a syntax error comes out as a ``YAMLError``.
///
/// libyaml is the C library that go-yaml was translated from, so that both stop at the same place for the same reason.
final class YAMLEventSource {
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    /// The parser keeps a pointer to its input, so it needs bytes that stay where they are.
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// libyaml's scanner has a bound of its own, 1,000 levels; what it says of them is said of this one.
    private let maximumDepth: Int

    init(_ bytes: ArraySlice<UInt8>, maximumDepth: Int) throws(YAMLError) {
        self.maximumDepth = maximumDepth
        input = .allocate(capacity: max(bytes.count, 1))
        input.update(repeating: 0)
        _ = input.update(fromContentsOf: bytes)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLError("yaml: out of memory", line: nil, column: nil)
        }
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    func next() throws(YAMLError) -> YAMLEvent {
        var raw = yaml_event_t()
        guard yaml_parser_parse(parser, &raw) == 1 else { throw failure() }
        defer { yaml_event_delete(&raw) }
        var event = YAMLEvent(kind: .streamStart)
        event.line = Int(raw.start_mark.line) + 1
        event.column = Int(raw.start_mark.column) + 1
        switch raw.type {
        case YAML_STREAM_START_EVENT: event.kind = .streamStart
        case YAML_DOCUMENT_START_EVENT: event.kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: event.kind = .documentEnd
        case YAML_ALIAS_EVENT:
            event.kind = .alias
            event.text = Self.text(raw.data.alias.anchor) ?? ""
        case YAML_SCALAR_EVENT:
            event.kind = .scalar
            let scalar = raw.data.scalar
            event.text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            event.anchor = Self.text(scalar.anchor)
            event.tag = Self.text(scalar.tag)
            event.isImplicit = scalar.plain_implicit != 0
        case YAML_SEQUENCE_START_EVENT:
            event.kind = .listStart
            event.anchor = Self.text(raw.data.sequence_start.anchor)
        case YAML_SEQUENCE_END_EVENT: event.kind = .listEnd
        case YAML_MAPPING_START_EVENT:
            event.kind = .mapStart
            event.anchor = Self.text(raw.data.mapping_start.anchor)
        case YAML_MAPPING_END_EVENT: event.kind = .mapEnd
        default: event.kind = .streamEnd
        }
        return event
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(decodingCString: $0, as: UTF8.self) }
    }

    /// go-yaml (`parser.fail`) counts the lines of scanner errors from 1, those of others from 0, and leaves the first
    /// line out. ``YAMLError/line`` has the line that is meant.
    private func failure() -> YAMLError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "unknown problem parsing YAML content"
        guard state.error != YAML_READER_ERROR else {
            let before = input.prefix(min(state.problem_offset, input.count))
            let line = before.reduce(1) { $1 == 10 ? $0 + 1 : $0 }
            return YAMLError("yaml: \(problem)", line: line, column: nil)
        }
        let (line, column) = (Int(state.problem_mark.line) + 1, Int(state.problem_mark.column) + 1)
        if problem.hasPrefix("Maximum nesting level") {
            return YAMLError("yaml: exceeded max depth of \(maximumDepth)", line: line, column: column)
        }
        let isScanner = state.error == YAML_SCANNER_ERROR
        let place = line == 1 ? "" : "line \(isScanner ? line : line - 1): "
        return YAMLError("yaml: \(place)\(problem)", line: line, column: column)
    }
}
