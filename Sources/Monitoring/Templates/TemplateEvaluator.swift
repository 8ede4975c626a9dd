import PromQL

/// Walks the nodes of a template and writes its text.
///
/// The work is bounded: so many steps, so much text, so deep. What goes beyond is an error like any other.
struct TemplateEvaluator {
    /// A message of a function, before it is known where the function was called.
    struct CallError: Error { let message: String }

    private enum Flow { case normal, leave, proceed }

    static let maximumSteps = 100_000
    static let maximumOutput = 1 << 20
    private static let maximumDepth = 100

    let source: [UInt8]
    let name: String
    let definitions: [String: [TemplateNode]]
    let data: TemplateData
    let query: (String) throws(TemplateError) -> [QuerySample]

    private var variables: [(name: String, value: TemplateValue)] = []
    private var output = ""
    private var steps = 0
    private var depth = 0
    private var template: String

    init(
        source: String, name: String, definitions: [String: [TemplateNode]], data: TemplateData,
        query: @escaping (String) throws(TemplateError) -> [QuerySample]
    ) {
        self.source = Array(source.utf8)
        self.name = name
        self.definitions = definitions
        self.data = data
        self.query = query
        template = name
    }

    mutating func expand(_ nodes: [TemplateNode]) throws(TemplateError) -> String {
        variables = [("$", .data(data))]
        _ = try walk(nodes, dot: .data(data))
        return output
    }

    // MARK: Errors

    private func failure(_ position: Int, _ context: String, _ message: String) -> TemplateError {
        let before = source.prefix(position)
        let line = before.reduce(1) { $1 == 10 ? $0 + 1 : $0 }
        let column = position - (before.lastIndex(of: 10).map { $0 + 1 } ?? 0)
        return TemplateError(
            "template: \(name):\(line):\(column): executing \(GoQuote.quote(template)) at <\(context)>: \(message)")
    }

    private func failure(_ argument: TemplateArgument, _ message: String) -> TemplateError {
        failure(argument.position, argument.operand.text, message)
    }

    private mutating func step() throws(TemplateError) {
        steps += 1
        if steps > Self.maximumSteps {
            throw TemplateError("template: \(name): exceeded maximum of \(Self.maximumSteps) steps")
        }
    }

    private mutating func write(_ text: String) throws(TemplateError) {
        guard output.utf8.count + text.utf8.count <= Self.maximumOutput else {
            throw TemplateError("template: \(name): exceeded maximum output of \(Self.maximumOutput) bytes")
        }
        output += text
    }

    // MARK: Nodes

    private mutating func walk(_ nodes: [TemplateNode], dot: TemplateValue) throws(TemplateError) -> Flow {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth {
            throw TemplateError("template: \(name): exceeded maximum template depth (\(Self.maximumDepth))")
        }
        for node in nodes {
            try step()
            let flow = try walk(node, dot: dot)
            if flow != .normal { return flow }
        }
        return .normal
    }

    private mutating func scoped(_ nodes: [TemplateNode], dot: TemplateValue) throws(TemplateError) -> Flow {
        let mark = variables.count
        defer { variables.removeLast(variables.count - mark) }
        return try walk(nodes, dot: dot)
    }

    private mutating func walk(_ node: TemplateNode, dot: TemplateValue) throws(TemplateError) -> Flow {
        switch node {
        case .text(let text): try write(text)
        case .action(let pipeline):
            let value = try evaluate(pipeline, dot: dot)
            if pipeline.variables.isEmpty {
                if case .null = value {
                    try write("<no value>")
                } else {
                    try write(value.text(limit: Self.maximumOutput))
                }
            }
        case .condition(let pipeline, let then, let otherwise):
            let mark = variables.count
            defer { variables.removeLast(variables.count - mark) }
            let value = try evaluate(pipeline, dot: dot)
            return try scoped(value.isTrue ? then : otherwise, dot: dot)
        case .with(let pipeline, let then, let otherwise):
            let mark = variables.count
            defer { variables.removeLast(variables.count - mark) }
            let value = try evaluate(pipeline, dot: dot)
            return value.isTrue ? try scoped(then, dot: value) : try scoped(otherwise, dot: dot)
        case .range(let pipeline, let body, let otherwise):
            return try range(pipeline, body, otherwise, dot: dot)
        case .template(let title, let argument, let position):
            try invoke(title, argument, position, dot: dot)
        case .leave: return .leave
        case .proceed: return .proceed
        }
        return .normal
    }

    private mutating func invoke(
        _ title: String, _ argument: TemplatePipeline?, _ position: Int, dot: TemplateValue
    ) throws(TemplateError) {
        guard let nodes = definitions[title] else {
            let context = "{{template \(GoQuote.quote(title))" + (argument.map { " " + $0.text } ?? "") + "}}"
            throw failure(position, context, "template \(GoQuote.quote(title)) not defined")
        }
        var value = TemplateValue.null
        if let argument { value = try evaluate(argument, dot: dot) }
        let outer = (variables, template)
        variables = [("$", value)]
        template = title
        _ = try walk(nodes, dot: value)
        (variables, template) = outer
    }

    private mutating func range(
        _ pipeline: TemplatePipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode], dot: TemplateValue
    ) throws(TemplateError) -> Flow {
        let mark = variables.count
        defer { variables.removeLast(variables.count - mark) }
        // The pipeline's variables take the elements, not the whole.
        var bare = pipeline
        bare.variables = []
        let value = try evaluate(bare, dot: dot)
        var elements: [(key: TemplateValue, value: TemplateValue)] = []
        switch value {
        case .samples(let samples):
            elements = samples.enumerated().map { (.integer(Int64($0.offset)), .sample($0.element)) }
        case .labels(let labels): elements = labels.pairs.map { (.string($0.name), .string($0.value)) }
        case .arguments(let values, _):
            elements = TemplateValue.sortedNames(values.count).map { (.string($0.1), values[$0.0]) }
        case .integer(let count):
            elements = (0..<max(0, min(count, Int64(Self.maximumSteps) + 1))).map { (.integer($0), .integer($0)) }
        case .null: break
        default:
            throw failure(
                pipeline.commands.first?.position ?? pipeline.position, bare.text,
                "range can't iterate over \(value.text(limit: 1000))")
        }
        if elements.isEmpty { return try scoped(otherwise, dot: dot) }
        let inner = variables.count
        for element in elements {
            variables.removeLast(variables.count - inner)
            try step()
            let values = pipeline.variables.count == 2 ? [element.key, element.value] : [element.value]
            for (variable, value) in zip(pipeline.variables, values) {
                try set(variable, value, assigns: pipeline.assigns)
            }
            switch try scoped(body, dot: element.value) {
            case .leave: return .normal
            case .proceed, .normal: continue
            }
        }
        return .normal
    }

    // MARK: Pipelines

    private mutating func set(_ name: String, _ value: TemplateValue, assigns: Bool) throws(TemplateError) {
        guard assigns else {
            variables.append((name, value))
            return
        }
        guard let index = variables.lastIndex(where: { $0.name == name }) else {
            throw TemplateError("template: \(self.name): undefined variable: \(name)")
        }
        variables[index].value = value
    }

    private mutating func evaluate(_ pipeline: TemplatePipeline, dot: TemplateValue) throws(TemplateError)
        -> TemplateValue
    {
        var value: TemplateValue?
        for command in pipeline.commands { value = try evaluate(command, dot: dot, final: value) }
        let result = value ?? .null
        for variable in pipeline.variables { try set(variable, result, assigns: pipeline.assigns) }
        return result
    }

    private mutating func evaluate(
        _ command: TemplateCommand, dot: TemplateValue, final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        try step()
        guard let first = command.arguments.first else { return .null }
        let rest = Array(command.arguments.dropFirst())
        switch first.operand {
        case .function(let function): return try call(function, command, rest, dot: dot, final: final)
        case .field(let names):
            return try fields(names, of: dot, first, rest, dot: dot, final: final)
        case .variable(let name, let names) where !names.isEmpty:
            return try fields(names, of: try variable(name, first), first, rest, dot: dot, final: final)
        case .chain(let base, let names):
            return try fields(names, of: try evaluate(base, dot: dot), first, rest, dot: dot, final: final)
        case .null: throw failure(first, "nil is not a command")
        default:
            guard rest.isEmpty, final == nil else {
                throw failure(first, "can't give argument to non-function \(first.operand.text)")
            }
            return try evaluate(first, dot: dot)
        }
    }

    private func variable(_ name: String, _ argument: TemplateArgument) throws(TemplateError) -> TemplateValue {
        guard let entry = variables.last(where: { $0.name == name }) else {
            throw failure(argument, "undefined variable: \(name)")
        }
        return entry.value
    }

    /// The value of an operand that stands alone or as an argument.
    private mutating func evaluate(_ argument: TemplateArgument, dot: TemplateValue) throws(TemplateError)
        -> TemplateValue
    {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth {
            throw TemplateError("template: \(name): exceeded maximum template depth (\(Self.maximumDepth))")
        }
        switch argument.operand {
        case .dot: return dot
        case .null: return .null
        case .boolean(let value): return .boolean(value)
        case .number(let number):
            if number.isFloat { return .float(number.float) }
            guard let whole = number.integer else { throw failure(argument, "\(number.text) overflows int") }
            return .integer(whole)
        case .string(let text, _): return .string(text)
        case .field(let names): return try fields(names, of: dot, argument, [], dot: dot, final: nil)
        case .variable(let name, let names):
            let value = try variable(name, argument)
            return names.isEmpty ? value : try fields(names, of: value, argument, [], dot: dot, final: nil)
        case .function(let function):
            let command = TemplateCommand(arguments: [argument], position: argument.position)
            return try call(function, command, [], dot: dot, final: nil)
        case .pipeline(let pipeline): return try evaluate(pipeline, dot: dot)
        case .chain(let base, let names):
            return try fields(names, of: try evaluate(base, dot: dot), argument, [], dot: dot, final: nil)
        }
    }

    private mutating func fields(
        _ names: [String], of base: TemplateValue, _ node: TemplateArgument, _ rest: [TemplateArgument],
        dot: TemplateValue, final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        var value = base
        for (index, name) in names.enumerated() {
            var given: [TemplateValue] = []
            if index == names.count - 1 {
                for argument in rest { given.append(try evaluate(argument, dot: dot)) }
                if let final { given.append(final) }
            }
            do {
                value = try TemplateFields.value(of: name, in: value, given)
            } catch {
                throw failure(node, error.message)
            }
        }
        return value
    }

    // MARK: Calls

    private mutating func call(
        _ function: String, _ command: TemplateCommand, _ rest: [TemplateArgument], dot: TemplateValue,
        final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        try step()
        func located(_ message: String) -> TemplateError { failure(command.position, command.text, message) }
        let count = rest.count + (final == nil ? 0 : 1)
        guard let signature = TemplateSignature.all[function] else {
            throw located("\(GoQuote.quote(function)) is not a defined function")
        }
        if let wanted = signature.mismatch(count) {
            throw located("wrong number of args for \(function): want \(wanted) got \(count)")
        }
        if function == "and" || function == "or" {
            var value = TemplateValue.null
            for argument in rest {
                value = try evaluate(argument, dot: dot)
                if value.isTrue == (function == "or") { return value }
            }
            return final ?? value
        }
        var given: [TemplateValue] = []
        for (index, argument) in rest.enumerated() {
            let value = try evaluate(argument, dot: dot)
            do {
                given.append(try signature.parameter(index).accept(value, literal: argument.operand))
            } catch {
                throw failure(argument, error.message)
            }
        }
        if let final {
            do {
                given.append(try signature.parameter(rest.count).accept(final, literal: nil))
            } catch {
                throw located(error.message)
            }
        }
        do {
            return try apply(function, given)
        } catch {
            throw located("error calling \(function): \(error.message)")
        }
    }

    private func apply(_ function: String, _ given: [TemplateValue]) throws(CallError) -> TemplateValue {
        if function == "query" {
            guard case .string(let text)? = given.first else { return .null }
            do {
                return .samples(try query(text))
            } catch {
                throw CallError(message: error.description)
            }
        }
        if let value = try TemplateBuiltins.call(function, given) { return value }
        return try TemplateFunctions.call(function, given, data)
    }
}
