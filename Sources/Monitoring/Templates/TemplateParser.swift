import PromQL

/// Reads a template as Go's text/template/parse does, and stops at the first thing that is wrong.
struct TemplateParser {
    private var tokens: [TemplateToken] = []
    private var position = 0
    private let source: [UInt8]
    private let name: String
    private var depth = 0
    /// The variables that may be used here.
    private var variables: [String]
    /// `define`d templates by name.
    private(set) var definitions: [String: [TemplateNode]] = [:]

    /// How deep actions and brackets may lie in each other.
    private static let maximumDepth = 100

    init(_ text: String, name: String, variables: [String]) {
        source = Array(text.utf8)
        self.name = name
        self.variables = variables
    }

    mutating func parse() throws(TemplateError) -> [TemplateNode] {
        var lexer = TemplateLexer(String(decoding: source, as: UTF8.self), name: name)
        tokens = try lexer.lex()
        let (nodes, end) = try list(ends: [])
        if let end { throw fails("unexpected {{\(end)}}") }
        return nodes
    }

    private func fails(_ message: String) -> TemplateError {
        let at = position < tokens.count ? tokens[position].offset : source.count
        let line = 1 + source[..<min(at, source.count)].count { $0 == 10 }
        return TemplateError("template: \(name):\(line): \(message)")
    }

    private func slice(_ start: Int, _ end: Int) -> String {
        String(
            decoding: source[min(start, source.count)..<max(min(start, source.count), min(end, source.count))],
            as: UTF8.self)
    }

    // MARK: Nodes

    /// Nodes up to one of the words that end or divide a list; nil at the end of the text.
    private mutating func list(ends: Set<String>) throws(TemplateError) -> ([TemplateNode], String?) {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.maximumDepth else { throw fails("the template lies too deep in itself") }
        var nodes: [TemplateNode] = []
        while position < tokens.count {
            if case .text(let text) = tokens[position].kind {
                nodes.append(.text(text))
                position += 1
                continue
            }
            position += 1
            skipSpace()
            let word = position < tokens.count && tokens[position].kind == .identifier ? tokens[position].text : ""
            switch word {
            case "end", "else":
                position += 1
                if ends.contains(word) { return (nodes, word) }
                throw fails("unexpected {{\(word)}}")
            case "if", "with", "range": nodes.append(try branch(word))
            case "define": try define()
            case "template": nodes.append(try call())
            case "block", "break", "continue": throw fails("{{\(word)}} is not supported")
            default:
                let pipeline = try pipeline("command")
                try close()
                nodes.append(.action(pipeline))
            }
        }
        if !ends.isEmpty { throw fails("unexpected EOF") }
        return (nodes, nil)
    }

    private mutating func skipSpace() {
        while position < tokens.count, tokens[position].kind == .space { position += 1 }
    }

    private mutating func close() throws(TemplateError) {
        skipSpace()
        guard position < tokens.count, tokens[position].kind == .close else { throw unexpected("command") }
        position += 1
    }

    private func unexpected(_ context: String) -> TemplateError {
        guard position < tokens.count else { return fails("unexpected EOF") }
        let token = tokens[position]
        return fails(
            token.kind == .close ? "missing value for \(context)" : "unexpected <\(token.text)> in \(context)")
    }

    private mutating func branch(_ word: String) throws(TemplateError) -> TemplateNode {
        position += 1
        let outer = variables
        let pipeline = try pipeline(word)
        try close()
        let kind: TemplateNode.Branch = word == "if" ? .if : word == "with" ? .with : .range
        let (then, end) = try list(ends: ["end", "else"])
        var otherwise: [TemplateNode] = []
        if end == "else" {
            skipSpace()
            if position < tokens.count, tokens[position].kind == .identifier, tokens[position].text == "if", kind == .if
            {
                // 'else if' is an if of its own with one common end.
                otherwise = [try branch("if")]
                variables = outer
                return .branch(kind, pipeline, then: then, otherwise: otherwise)
            }
            try close()
            otherwise = try list(ends: ["end"]).0
        }
        variables = outer
        try close()
        return .branch(kind, pipeline, then: then, otherwise: otherwise)
    }

    private mutating func define() throws(TemplateError) {
        position += 1
        let title = try quoted("define clause")
        try close()
        let outer = variables
        variables = ["$"]
        let (nodes, _) = try list(ends: ["end"])
        try close()
        variables = outer
        definitions[title] = nodes
    }

    private mutating func call() throws(TemplateError) -> TemplateNode {
        position += 1
        let title = try quoted("template clause")
        skipSpace()
        if position < tokens.count, tokens[position].kind == .close {
            position += 1
            return .template(title, nil)
        }
        let pipeline = try pipeline("template clause")
        try close()
        return .template(title, pipeline)
    }

    private mutating func quoted(_ context: String) throws(TemplateError) -> String {
        skipSpace()
        guard position < tokens.count, tokens[position].kind == .string,
            let text = GoQuote.unquote(tokens[position].text)
        else { throw unexpected(context) }
        position += 1
        return text
    }

    // MARK: Pipelines

    private mutating func pipeline(_ context: String) throws(TemplateError) -> TemplatePipeline {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.maximumDepth else { throw fails("the template lies too deep in itself") }
        skipSpace()
        let start = position < tokens.count ? tokens[position].offset : source.count
        var pipeline = TemplatePipeline(commands: [], source: "", offset: start)
        try declaration(&pipeline, context)
        while true {
            skipSpace()
            pipeline.commands.append(try command(context))
            skipSpace()
            guard position < tokens.count, tokens[position].kind == .pipe else { break }
            position += 1
        }
        for command in pipeline.commands.dropFirst() {
            switch command.operands.first {
            case .bool?, .dot?, .none?, .int?, .double?, .string?:
                throw fails("non executable command in pipeline stage 2")
            default: break
            }
        }
        pipeline.source = Self.joined(pipeline.commands)
        return pipeline
    }

    private static func joined(_ commands: [TemplateCommand]) -> String {
        commands.map(\.source).joined(separator: " | ")
    }

    /// `$x :=`, `$x =`, `$i, $e :=`.
    private mutating func declaration(_ pipeline: inout TemplatePipeline, _ context: String) throws(TemplateError) {
        let begin = position
        var names: [String] = []
        while position < tokens.count, tokens[position].kind == .variable {
            names.append(tokens[position].text)
            position += 1
            skipSpace()
            guard position < tokens.count else { break }
            if tokens[position].kind == .comma, context == "range", names.count == 1 {
                position += 1
                skipSpace()
                continue
            }
            if tokens[position].kind == .declare || tokens[position].kind == .assign {
                pipeline.assigns = tokens[position].kind == .assign
                position += 1
                pipeline.variables = names
                for name in names {
                    if pipeline.assigns, !variables.contains(name) {
                        throw fails("undefined variable \(GoQuote.quote(name))")
                    }
                    if !pipeline.assigns { variables.append(name) }
                }
                return
            }
            break
        }
        position = begin
    }

    private mutating func command(_ context: String) throws(TemplateError) -> TemplateCommand {
        let start = position < tokens.count ? tokens[position].offset : source.count
        var operands: [TemplateOperand] = []
        var end = start
        loop: while position < tokens.count {
            switch tokens[position].kind {
            case .space: position += 1
            case .pipe, .close, .rightParenthesis: break loop
            default:
                operands.append(try operand(context))
                end = tokens[position - 1].offset + tokens[position - 1].text.utf8.count
                // Operands are set apart by space.
                guard position < tokens.count else { break loop }
                switch tokens[position].kind {
                case .space, .pipe, .close, .rightParenthesis: break
                default: throw fails("unexpected <\(tokens[position].text)> in operand")
                }
            }
        }
        guard !operands.isEmpty else { throw unexpected(context) }
        return TemplateCommand(operands: operands, source: slice(start, end), offset: start)
    }

    private mutating func operand(_ context: String) throws(TemplateError) -> TemplateOperand {
        let token = tokens[position]
        position += 1
        switch token.kind {
        case .identifier:
            switch token.text {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "nil": return .none
            default:
                guard TemplateFunctions.names.contains(token.text) else {
                    position -= 1
                    throw fails("function \(GoQuote.quote(token.text)) not defined")
                }
                return .function(token.text)
            }
        case .field:
            var path = token.text == "." ? [] : [String(token.text.dropFirst())]
            guard !path.isEmpty else { return .dot }
            path += fields()
            return .field(path)
        case .variable:
            guard variables.contains(token.text) else {
                position -= 1
                throw fails("undefined variable \(GoQuote.quote(token.text))")
            }
            return .variable(token.text, fields())
        case .number:
            if let whole = Int64(token.text) { return .int(whole) }
            return .double(GoFloat.parse(token.text) ?? 0)
        case .string:
            guard let text = GoQuote.unquote(token.text) else {
                position -= 1
                throw fails("invalid syntax")
            }
            return .string(text)
        case .character:
            let inner = token.text.dropFirst().dropLast()
            return .int(Int64(inner.unicodeScalars.first?.value ?? 0))
        case .leftParenthesis:
            let pipeline = try pipeline("parenthesized pipeline")
            skipSpace()
            guard position < tokens.count, tokens[position].kind == .rightParenthesis else {
                throw fails("unclosed left paren")
            }
            position += 1
            return .parenthesis(pipeline, fields())
        default:
            position -= 1
            throw unexpected(context)
        }
    }

    /// `.a.b` that follows without space.
    private mutating func fields() -> [String] {
        var path: [String] = []
        while position < tokens.count, tokens[position].kind == .field, tokens[position].text.utf8.count > 1 {
            path.append(String(tokens[position].text.dropFirst()))
            position += 1
        }
        return path
    }
}
