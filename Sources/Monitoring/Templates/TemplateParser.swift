import PromQL

/// Reads a template into nodes, with the grammar and the messages of Go's `text/template/parse`.
struct TemplateParser {
    /// What a text says: its own nodes and those of the templates that it defines.
    struct Result: Sendable {
        var nodes: [TemplateNode]
        var definitions: [String: [TemplateNode]]
    }

    private enum Stop { case end, otherwise(TemplateToken) }

    private static let maximumDepth = 100

    private let name: String
    private let tokens: [TemplateToken]
    private var next = 0
    private var variables = ["$"]
    private var definitions: [String: [TemplateNode]] = [:]
    private var depth = 0
    private var ranges = 0
    /// Where the action begins that is being read.
    private var actionLine: Int?

    /// Reads `text`; `name` stands in messages.
    static func parse(_ text: String, name: String) throws(TemplateError) -> Result {
        var parser = TemplateParser(name: name, tokens: TemplateLexer.tokens(of: text))
        return try parser.run()
    }

    private init(name: String, tokens: [TemplateToken]) {
        self.name = name
        self.tokens = tokens
    }

    private mutating func run() throws(TemplateError) -> Result {
        var nodes: [TemplateNode] = []
        while current.kind != .end {
            if let stop = try item(into: &nodes, topLevel: true) {
                throw error("unexpected {{\(Self.word(stop))}}")
            }
        }
        // The text itself is a template of its name.
        if let other = definitions[name] {
            if !Self.isEmpty(other) { throw error("template: multiple definition of template \(GoQuote.quote(name))") }
        }
        definitions[name] = nodes
        return Result(nodes: nodes, definitions: definitions)
    }

    private static func word(_ stop: Stop) -> String { if case .end = stop { "end" } else { "else" } }

    // MARK: Tokens

    private var current: TemplateToken {
        next < tokens.count
            ? tokens[next]
            : tokens.last.map { TemplateToken(kind: .end, text: "", position: $0.position, line: $0.line) }
                ?? TemplateToken(kind: .end, text: "", position: 0, line: 1)
    }

    private mutating func take() -> TemplateToken {
        defer { next += 1 }
        return current
    }

    private mutating func skipSpace() { while current.kind == .space { next += 1 } }

    private func error(_ message: String, line: Int? = nil) -> TemplateError {
        let at = line ?? (next > 0 && next <= tokens.count ? tokens[next - 1].line : current.line)
        return TemplateError("template: \(name):\(at): \(message)")
    }

    private func unexpected(_ token: TemplateToken, _ context: String) -> TemplateError {
        guard token.kind == .failure else {
            return error("unexpected \(token.description) in \(context)", line: token.line)
        }
        var message = token.text
        if let actionLine, actionLine != token.line {
            message += message.hasSuffix(" action") ? " started" : " in action started"
            message += " at \(name):\(actionLine)"
        }
        return error(message, line: token.line)
    }

    private mutating func expect(_ kind: TemplateToken.Kind, _ context: String) throws(TemplateError) -> TemplateToken {
        skipSpace()
        let token = take()
        guard token.kind == kind else { throw unexpected(token, context) }
        return token
    }

    private mutating func enter() throws(TemplateError) {
        depth += 1
        if depth > Self.maximumDepth { throw error("max expression depth exceeded") }
    }

    // MARK: Lists and actions

    /// One piece of text or action; not nil if it was the end or the else of the list.
    private mutating func item(into nodes: inout [TemplateNode], topLevel: Bool) throws(TemplateError) -> Stop? {
        let token = take()
        actionLine = nil
        switch token.kind {
        case .text: nodes.append(.text(token.text))
        case .leftDelimiter:
            actionLine = token.line
            return try action(into: &nodes, topLevel: topLevel)
        case .end: throw error("unexpected EOF", line: token.line)
        default: throw unexpected(token, "input")
        }
        return nil
    }

    private mutating func list() throws(TemplateError) -> ([TemplateNode], Stop) {
        var nodes: [TemplateNode] = []
        while true { if let stop = try item(into: &nodes, topLevel: false) { return (nodes, stop) } }
    }

    private mutating func action(into nodes: inout [TemplateNode], topLevel: Bool) throws(TemplateError) -> Stop? {
        skipSpace()
        let token = current
        guard token.kind == .keyword else {
            nodes.append(.action(try pipeline("command", end: .rightDelimiter, position: token.position)))
            return nil
        }
        switch token.text {
        case "if", "with", "range":
            next += 1
            nodes.append(try control(token.text))
        case "define" where topLevel:
            next += 1
            try define()
        case "block", "template":
            next += 1
            nodes.append(try invocation(token))
        case "break", "continue":
            next += 1
            skipSpace()
            _ = try expect(.rightDelimiter, "{{\(token.text)}}")
            guard ranges > 0 else { throw error("{{\(token.text)}} outside {{range}}", line: token.line) }
            nodes.append(token.text == "break" ? .leave : .proceed)
        case "end":
            next += 1
            _ = try expect(.rightDelimiter, "end")
            return .end
        case "else":
            next += 1
            skipSpace()
            if current.kind == .keyword, current.text == "if" || current.text == "with" {
                return .otherwise(current)
            }
            return .otherwise(try expect(.rightDelimiter, "else"))
        default:
            nodes.append(.action(try pipeline("command", end: .rightDelimiter, position: token.position)))
        }
        return nil
    }

    private mutating func control(_ word: String) throws(TemplateError) -> TemplateNode {
        try enter()
        defer { depth -= 1 }
        let scope = variables.count
        defer { variables.removeLast(variables.count - scope) }
        let head = try pipeline(word, end: .rightDelimiter, position: current.position)
        if word == "range" { ranges += 1 }
        let (body, stop) = try list()
        if word == "range" { ranges -= 1 }
        var otherwise: [TemplateNode] = []
        if case .otherwise(let token) = stop {
            if token.kind == .keyword {
                guard token.text == word else { throw unexpected(token, token.text == "if" ? "input" : "else") }
                next += 1
                otherwise = [try control(word)]
            } else {
                let (nodes, last) = try list()
                guard case .end = last else { throw error("expected end; found {{else}}") }
                otherwise = nodes
            }
        }
        switch word {
        case "if": return .condition(head, then: body, otherwise: otherwise)
        case "with": return .with(head, then: body, otherwise: otherwise)
        default: return .range(head, body: body, otherwise: otherwise)
        }
    }

    private mutating func definitionBody(_ title: String) throws(TemplateError) {
        let scope = variables
        let outerRanges = ranges
        variables = ["$"]
        ranges = 0
        let (nodes, stop) = try list()
        guard case .end = stop else { throw error("unexpected {{else}} in define clause") }
        variables = scope
        ranges = outerRanges
        if let other = definitions[title], !Self.isEmpty(other) {
            if Self.isEmpty(nodes) { return }
            throw error("template: multiple definition of template \(GoQuote.quote(title))")
        }
        definitions[title] = nodes
    }

    private mutating func string(_ context: String) throws(TemplateError) -> String {
        skipSpace()
        let token = take()
        guard token.kind == .string || token.kind == .rawString else { throw unexpected(token, context) }
        guard let value = GoQuote.unquote(token.text) else { throw error("invalid syntax") }
        return value
    }

    private mutating func define() throws(TemplateError) {
        let title = try string("define clause")
        _ = try expect(.rightDelimiter, "define clause")
        try definitionBody(title)
    }

    private mutating func invocation(_ token: TemplateToken) throws(TemplateError) -> TemplateNode {
        let context = token.text == "block" ? "block clause" : "template clause"
        try enter()
        defer { depth -= 1 }
        skipSpace()
        let position = current.position
        let title = try string(context)
        skipSpace()
        var argument: TemplatePipeline?
        if token.text == "template", current.kind == .rightDelimiter {
            next += 1
        } else {
            argument = try pipeline(context, end: .rightDelimiter, position: current.position)
        }
        if token.text == "block" { try definitionBody(title) }
        return .template(name: title, argument, position: position)
    }

    /// Whether nothing but space stands in a template; one of that kind may be defined again.
    private static func isEmpty(_ nodes: [TemplateNode]) -> Bool {
        nodes.allSatisfy { node in
            guard case .text(let text) = node else { return false }
            return text.unicodeScalars.allSatisfy { $0.properties.isWhitespace }
        }
    }

    // MARK: Pipelines

    private mutating func pipeline(
        _ context: String, end: TemplateToken.Kind, position: Int
    ) throws(TemplateError) -> TemplatePipeline {
        var pipeline = TemplatePipeline(commands: [], position: position)
        skipSpace()
        try declarations(context, &pipeline)
        while true {
            skipSpace()
            let token = current
            if token.kind == end {
                next += 1
                break
            }
            if token.kind == .rightDelimiter || token.kind == .rightParenthesis { throw unexpected(token, context) }
            guard Self.beginsOperand(token) else {
                next += 1
                throw unexpected(token, context)
            }
            pipeline.commands.append(try command())
        }
        if pipeline.commands.isEmpty { throw error("missing value for \(context)") }
        for (index, command) in pipeline.commands.enumerated().dropFirst() {
            switch command.arguments.first?.operand {
            case .boolean, .dot, .null, .number, .string:
                throw error("non executable command in pipeline stage \(index + 1)")
            default: break
            }
        }
        return pipeline
    }

    private static func beginsOperand(_ token: TemplateToken) -> Bool {
        switch token.kind {
        case .boolean, .characterConstant, .field, .identifier, .number, .rawString, .string, .variable,
            .leftParenthesis:
            true
        case .keyword: token.text == "." || token.text == "nil"
        default: false
        }
    }

    /// `$x :=`, `$x =` and, for range, `$i, $e :=`.
    private mutating func declarations(_ context: String, _ pipeline: inout TemplatePipeline) throws(TemplateError) {
        while current.kind == .variable {
            guard variables.count < Self.maximumVariables else { throw error("too many variables") }
            let before = next
            let variable = take()
            skipSpace()
            let token = current
            if token.kind == .assign || token.kind == .declare {
                next += 1
                pipeline.assigns = token.kind == .assign
                pipeline.variables.append(variable.text)
            } else if token.kind == .character, token.text == "," {
                next += 1
                skipSpace()
                pipeline.variables.append(variable.text)
                guard context == "range", pipeline.variables.count < 2 else {
                    throw error("too many declarations in \(context)")
                }
                variables.append(variable.text)
                switch current.kind {
                case .variable: continue
                case .rightDelimiter, .rightParenthesis: return
                default: throw error("range can only initialize variables")
                }
            } else {
                next = before
                return
            }
            // One that is only assigned to counts as well; it is missed when the template is expanded.
            variables.append(variable.text)
            return
        }
    }

    /// Looking for a variable takes as long as there are others.
    private static let maximumVariables = 1000

    private func require(_ variable: String) throws(TemplateError) {
        guard variables.contains(variable) else { throw error("undefined variable \(GoQuote.quote(variable))") }
    }

    private mutating func command() throws(TemplateError) -> TemplateCommand {
        var command = TemplateCommand(arguments: [], position: current.position)
        while true {
            skipSpace()
            if let argument = try operand() { command.arguments.append(argument) }
            let token = take()
            switch token.kind {
            case .space: continue
            case .rightDelimiter, .rightParenthesis: next -= 1
            case .pipe: break
            default: throw unexpected(token, "operand")
            }
            break
        }
        if command.arguments.isEmpty { throw error("empty command") }
        return command
    }

    private mutating func operand() throws(TemplateError) -> TemplateArgument? {
        guard var argument = try term() else { return nil }
        guard current.kind == .field else { return argument }
        let position = current.position
        var names: [String] = []
        while current.kind == .field { names.append(String(take().text.dropFirst())) }
        switch argument.operand {
        case .field(let first): argument = TemplateArgument(operand: .field(first + names), position: position)
        case .variable(let name, let first):
            argument = TemplateArgument(operand: .variable(name, fields: first + names), position: position)
        case .boolean, .string, .number, .null, .dot:
            throw error("unexpected . after term \(GoQuote.quote(argument.operand.text))")
        default: argument = TemplateArgument(operand: .chain(argument, fields: names), position: position)
        }
        return argument
    }

    private mutating func term() throws(TemplateError) -> TemplateArgument? {
        let token = take()
        let operand: TemplateOperand
        switch token.kind {
        case .identifier:
            guard TemplateSignature.all[token.text] != nil else {
                throw error("function \(GoQuote.quote(token.text)) not defined", line: token.line)
            }
            operand = .function(token.text)
        case .keyword where token.text == ".": operand = .dot
        case .keyword where token.text == "nil": operand = .null
        case .boolean: operand = .boolean(token.text == "true")
        case .number:
            do { operand = .number(try TemplateNumber(token.text)) } catch {
                throw self.error(error.message, line: token.line)
            }
        case .characterConstant:
            guard let text = GoQuote.unquote(token.text), let scalar = text.unicodeScalars.first else {
                throw error("invalid syntax", line: token.line)
            }
            guard text.unicodeScalars.count == 1 else {
                throw error("malformed character constant: \(token.text)", line: token.line)
            }
            operand = .number(TemplateNumber(character: scalar, text: token.text))
        case .string, .rawString:
            guard let value = GoQuote.unquote(token.text) else { throw error("invalid syntax", line: token.line) }
            operand = .string(value, literal: token.text)
        case .variable:
            try require(token.text)
            operand = .variable(token.text, fields: [])
        case .field: operand = .field([String(token.text.dropFirst())])
        case .leftParenthesis:
            try enter()
            defer { depth -= 1 }
            operand = .pipeline(
                try pipeline("parenthesized pipeline", end: .rightParenthesis, position: current.position))
        default:
            next -= 1
            return nil
        }
        return TemplateArgument(operand: operand, position: token.position)
    }
}
