import PromQL

/// The template of `line_format` and `label_format`: the part of Go's `text/template` that such lines use.
///
/// Text, `{{ .label }}`, pipelines of functions, `{{ if }} … {{ else if }} … {{ else }} … {{ end }}`, parentheses,
/// strings and numbers, `{{-` and `-}}`. `range`, `with`, `define`, `template`, `block` and variables are left out.
struct LogTemplate: Sendable {
    indirect enum Node: Sendable {
        case text(String)
        case output(Value)
        case condition(Value, [Node], [Node])
    }

    indirect enum Value: Sendable {
        case label(String)
        case string(String)
        case number(Double)
        case bool(Bool)
        case call(String, [Value])
    }

    enum Malformed: Error {
        /// In the words of Go's template parser.
        case syntax(String)
        case unsupported(String)
    }

    let nodes: [Node]

    /// Bounds on nesting.
    static let maximumDepth = 50

    init(_ text: String) throws(Malformed) {
        var reader = LogTemplateReader(text)
        nodes = try reader.template()
    }

    /// What a template sees.
    struct Context {
        var label: (String) -> String
        var line: String
        /// Nanoseconds since 1970.
        var timestamp: Int64
    }

    /// Why a template could not be executed for one line.
    struct Failure: Error { let message: String }

    func execute(_ context: Context) throws(Failure) -> String {
        var out = ""
        try LogTemplate.execute(nodes, context, &out)
        return out
    }

    private static func execute(_ nodes: [Node], _ context: Context, _ out: inout String) throws(Failure) {
        for node in nodes {
            switch node {
            case .text(let text): out += text
            case .output(let value): out += try evaluate(value, context).text
            case .condition(let condition, let then, let otherwise):
                try execute(try evaluate(condition, context).isTrue ? then : otherwise, context, &out)
            }
        }
    }

    static func evaluate(_ value: Value, _ context: Context) throws(Failure) -> LogTemplateValue {
        switch value {
        case .label(let name): return .string(context.label(name))
        case .string(let text): return .string(text)
        case .number(let number): return .number(number)
        case .bool(let flag): return .bool(flag)
        case .call(let name, let arguments):
            if name == "__line__" { return .string(context.line) }
            if name == "__timestamp__" { return .string(LogTime.rfc3339(context.timestamp)) }
            // These two look at no more arguments than they need.
            if name == "and" || name == "or" {
                var last = LogTemplateValue.bool(name == "and")
                for argument in arguments {
                    last = try evaluate(argument, context)
                    if last.isTrue != (name == "and") { return last }
                }
                return last
            }
            var values: [LogTemplateValue] = []
            for argument in arguments { values.append(try evaluate(argument, context)) }
            return try LogTemplateFunctions.call(name, values)
        }
    }
}

/// Reads a template.
private struct LogTemplateReader {
    private enum Word: Equatable {
        case name(String)
        case field(String)
        case string(String)
        case number(Double)
        case pipe, open, close, end
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var words: [Word] = []
    private var place = 0
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func template() throws(LogTemplate.Malformed) -> [LogTemplate.Node] {
        let (nodes, ending) = try nodes()
        if let ending { throw .syntax("unexpected {{\(ending)}}") }
        return nodes
    }

    private func starts(_ text: String, at place: Int) -> Bool {
        let wanted = Array(text.unicodeScalars)
        return place + wanted.count <= scalars.count && scalars[place..<(place + wanted.count)].elementsEqual(wanted)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
    }

    /// Nodes up to the end of the text or to `{{end}}` and `{{else}}`, which are returned.
    private mutating func nodes() throws(LogTemplate.Malformed) -> ([LogTemplate.Node], ending: String?) {
        depth += 1
        defer { depth -= 1 }
        if depth > LogTemplate.maximumDepth { throw .syntax("the template nests too deeply") }
        var nodes: [LogTemplate.Node] = []
        var text = String.UnicodeScalarView()
        func flush() {
            if !text.isEmpty { nodes.append(.text(String(text))) }
            text = String.UnicodeScalarView()
        }
        while position < scalars.count {
            guard starts("{{", at: position) else {
                text.append(scalars[position])
                position += 1
                continue
            }
            position += 2
            if starts("- ", at: position) {
                while let last = text.last, Self.isSpace(last) { text.removeLast() }
                position += 1
            }
            flush()
            try action()
            switch words[0] {
            case .name("end"): return (nodes, "end")
            case .name("else"): return (nodes, "else")
            case .name("if"):
                place = 1
                nodes.append(try condition())
            case .name(let word)
            where ["range", "with", "define", "template", "block", "break", "continue"].contains(word):
                throw .unsupported("{{\(word)}}")
            case .end: if words.count == 1 { continue }
            default:
                place = 0
                nodes.append(.output(try pipeline()))
            }
        }
        flush()
        return (nodes, nil)
    }

    /// Behind `{{if`: the condition and its branches up to `{{end}}`.
    private mutating func condition() throws(LogTemplate.Malformed) -> LogTemplate.Node {
        let value = try pipeline()
        let (then, ending) = try nodes()
        guard let ending else { throw .syntax("unexpected EOF") }
        if ending == "end" { return .condition(value, then, []) }
        if words.count > 2, words[1] == .name("if") {
            place = 2
            depth += 1
            defer { depth -= 1 }
            if depth > LogTemplate.maximumDepth { throw .syntax("the template nests too deeply") }
            return .condition(value, then, [try condition()])
        }
        let (otherwise, last) = try nodes()
        guard last == "end" else { throw .syntax(last == nil ? "unexpected EOF" : "unexpected {{else}}") }
        return .condition(value, then, otherwise)
    }

    /// The words of an action, up to and behind `}}`.
    private mutating func action() throws(LogTemplate.Malformed) {
        words = []
        while true {
            while position < scalars.count, Self.isSpace(scalars[position]) { position += 1 }
            guard position < scalars.count else { throw .syntax("unclosed action") }
            if starts("}}", at: position) {
                position += 2
                break
            }
            if starts("-}}", at: position) {
                position += 3
                while position < scalars.count, Self.isSpace(scalars[position]) { position += 1 }
                break
            }
            if starts("/*", at: position) {
                while position < scalars.count, !starts("*/", at: position) { position += 1 }
                guard position < scalars.count else { throw .syntax("unclosed comment") }
                position += 2
                continue
            }
            words.append(try word())
        }
        words.append(.end)
    }

    private mutating func word() throws(LogTemplate.Malformed) -> Word {
        let first = scalars[position]
        let start = position
        func isName(_ scalar: Unicode.Scalar) -> Bool {
            scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        }
        switch first {
        case "|":
            position += 1
            return .pipe
        case "(":
            position += 1
            return .open
        case ")":
            position += 1
            return .close
        case "$": throw .unsupported("variables")
        case "\"", "`":
            position += 1
            while position < scalars.count, scalars[position] != first {
                if scalars[position] == "\\", first == "\"" { position += 1 }
                position += 1
            }
            guard position < scalars.count else {
                throw .syntax(first == "`" ? "unterminated raw quoted string" : "unterminated quoted string")
            }
            position += 1
            let literal = String(String.UnicodeScalarView(scalars[start..<position]))
            guard let text = GoQuote.unquote(literal) else { throw .syntax("invalid syntax") }
            return .string(text)
        case ".":
            position += 1
            while position < scalars.count, isName(scalars[position]) { position += 1 }
            return .field(String(String.UnicodeScalarView(scalars[(start + 1)..<position])))
        default:
            if ("0"..."9").contains(first) || first == "-" || first == "+" {
                position += 1
                while position < scalars.count, isName(scalars[position]) || scalars[position] == "." { position += 1 }
                let text = String(String.UnicodeScalarView(scalars[start..<position]))
                guard let number = GoFloat.parse(text) else {
                    throw .syntax("bad number syntax: \(GoQuote.quote(text))")
                }
                return .number(number)
            }
            while position < scalars.count, isName(scalars[position]) { position += 1 }
            guard position > start else {
                throw .syntax("unexpected \(GoQuote.quote(String(first))) in command")
            }
            return .name(String(String.UnicodeScalarView(scalars[start..<position])))
        }
    }

    /// Commands with `|` between: the value of one is the last argument of the next.
    private mutating func pipeline() throws(LogTemplate.Malformed) -> LogTemplate.Value {
        depth += 1
        defer { depth -= 1 }
        if depth > LogTemplate.maximumDepth { throw .syntax("the template nests too deeply") }
        var value = try command(behind: nil)
        var count = 0
        while words[place] == .pipe {
            place += 1
            count += 1
            if count > LogTemplate.maximumDepth { throw .syntax("the pipeline is too long") }
            value = try command(behind: value)
        }
        guard words[place] == .end || words[place] == .close else { throw .syntax("unexpected word in operand") }
        return value
    }

    private mutating func command(
        behind before: LogTemplate.Value?
    ) throws(LogTemplate.Malformed) -> LogTemplate.Value {
        guard case .name(let name) = words[place], name != "true", name != "false" else {
            guard before == nil else { throw .syntax("non executable command in pipeline stage 2") }
            return try operand()
        }
        place += 1
        guard LogTemplateFunctions.names.contains(name) else {
            if LogTemplateFunctions.leftOut.contains(name) { throw .unsupported("function \(name)") }
            throw .syntax("function \(GoQuote.quote(name)) not defined")
        }
        var arguments: [LogTemplate.Value] = []
        while words[place] != .pipe, words[place] != .end, words[place] != .close {
            if case .name(let inner) = words[place], inner != "true", inner != "false" {
                guard LogTemplateFunctions.names.contains(inner) else {
                    throw .syntax("function \(GoQuote.quote(inner)) not defined")
                }
                place += 1
                arguments.append(.call(inner, []))
            } else {
                arguments.append(try operand())
            }
        }
        if let before { arguments.append(before) }
        return .call(name, arguments)
    }

    private mutating func operand() throws(LogTemplate.Malformed) -> LogTemplate.Value {
        let word = words[place]
        place += 1
        switch word {
        case .field(let name): return .label(name)
        case .string(let text): return .string(text)
        case .number(let number): return .number(number)
        case .name("true"): return .bool(true)
        case .name("false"): return .bool(false)
        case .open:
            let value = try pipeline()
            guard words[place] == .close else { throw .syntax("unclosed left paren") }
            place += 1
            return value
        case .name(let name): throw .syntax("function \(GoQuote.quote(name)) not defined")
        case .end, .pipe, .close:
            place -= 1
            throw .syntax("missing value for command")
        }
    }
}
