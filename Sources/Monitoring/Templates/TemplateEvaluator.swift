import PromQL

/// Goes through a template's nodes and writes what they say.
struct TemplateEvaluator {
    let data: TemplateData
    let definitions: [String: [TemplateNode]]
    let name: String
    let query: (String) throws(TemplateError) -> [QuerySample]
    private var output = ""
    private var variables: [(name: String, value: TemplateValue)] = [("$", .root)]
    private var steps = 0
    private var depth = 0

    private static let maximumSteps = 100_000
    private static let maximumOutput = 1 << 20

    init(
        data: TemplateData, definitions: [String: [TemplateNode]], name: String,
        query: @escaping (String) throws(TemplateError) -> [QuerySample]
    ) {
        self.data = data
        self.definitions = definitions
        self.name = name
        self.query = query
    }

    mutating func run(_ nodes: [TemplateNode]) throws(TemplateError) -> String {
        try walk(nodes, dot: .root)
        return output
    }

    /// An error at a place, as text/template reports it.
    private func fails(_ offset: Int, _ source: String, _ message: String) -> TemplateError {
        TemplateError(
            "template: \(name):1:\(offset): executing \(GoQuote.quote(name)) at <\(source)>: \(message)")
    }

    private mutating func walk(_ nodes: [TemplateNode], dot: TemplateValue) throws(TemplateError) {
        depth += 1
        defer { depth -= 1 }
        guard depth < 200 else { throw TemplateError("template: \(name): exceeded maximum template depth") }
        for node in nodes {
            steps += 1
            guard steps < Self.maximumSteps, output.utf8.count < Self.maximumOutput else {
                throw TemplateError("template: \(name): the template takes too long or says too much")
            }
            switch node {
            case .text(let text): output += text
            case .action(let pipeline):
                let value = try evaluate(pipeline, dot)
                if pipeline.variables.isEmpty { output += value.text }
            case .branch(let kind, let pipeline, let then, let otherwise):
                try branch(kind, pipeline, then, otherwise, dot)
            case .template(let title, let pipeline):
                guard let body = definitions[title] else {
                    throw TemplateError("template: \(name):1: template \(GoQuote.quote(title)) not defined")
                }
                var inner = TemplateValue.none
                if let pipeline { inner = try evaluate(pipeline, dot) }
                let outer = variables
                variables = [("$", inner)]
                try walk(body, dot: inner)
                variables = outer
            }
        }
    }

    private mutating func branch(
        _ kind: TemplateNode.Branch, _ pipeline: TemplatePipeline, _ then: [TemplateNode], _ otherwise: [TemplateNode],
        _ dot: TemplateValue
    ) throws(TemplateError) {
        let outer = variables.count
        switch kind {
        case .if, .with:
            let value = try evaluate(pipeline, dot)
            if value.isTrue { try walk(then, dot: kind == .with ? value : dot) } else { try walk(otherwise, dot: dot) }
        case .range:
            var bare = pipeline
            bare.variables = []
            let value = try evaluate(bare, dot)
            let elements: [(key: TemplateValue, value: TemplateValue)]
            switch value {
            case .samples(let samples):
                elements = samples.enumerated().map { (.int(Int64($0.offset)), .sample($0.element)) }
            case .labels(let labels): elements = labels.pairs.map { (.string($0.name), .string($0.value)) }
            case .arguments(let values):
                elements = values.enumerated().map { (.string("arg\($0.offset)"), $0.element) }
            case .none: elements = []
            case .int(let count):
                elements = (0..<min(max(0, count), 100_000)).map { (.int($0), .int($0)) }
            default: throw fails(pipeline.offset, pipeline.source, "range can't iterate over \(value.text)")
            }
            if elements.isEmpty { try walk(otherwise, dot: dot) }
            for element in elements {
                switch pipeline.variables.count {
                case 0: break
                case 1: variables.append((pipeline.variables[0], element.value))
                default:
                    variables.append((pipeline.variables[0], element.key))
                    variables.append((pipeline.variables[1], element.value))
                }
                try walk(then, dot: element.value)
                variables.removeSubrange(outer...)
            }
        }
        variables.removeSubrange(min(outer, variables.count)...)
    }

    // MARK: Pipelines

    private mutating func evaluate(_ pipeline: TemplatePipeline, _ dot: TemplateValue) throws(TemplateError)
        -> TemplateValue
    {
        var value: TemplateValue?
        for command in pipeline.commands { value = try evaluate(command, dot, last: value) }
        let result = value ?? .none
        for variable in pipeline.variables {
            if pipeline.assigns, let place = variables.lastIndex(where: { $0.name == variable }) {
                variables[place].value = result
            } else {
                variables.append((variable, result))
            }
        }
        return result
    }

    private mutating func evaluate(
        _ command: TemplateCommand, _ dot: TemplateValue, last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        steps += 1
        guard let first = command.operands.first else { return .none }
        if case .function(let function) = first {
            return try call(function, command, dot, last)
        }
        if case .none = first { throw fails(command.offset, "nil", "nil is not a command") }
        if command.operands.count > 1 || last != nil {
            // The one method that values have: a time's.
            if let value = try method(first, command, dot, last) { return value }
            throw fails(command.offset, command.source, "can't give argument to non-function \(command.source)")
        }
        return try evaluate(first, dot, command)
    }

    private mutating func call(
        _ function: String, _ command: TemplateCommand, _ dot: TemplateValue, _ last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        var arguments: [TemplateValue] = []
        for operand in command.operands.dropFirst() {
            arguments.append(try evaluate(operand, dot, command))
            // `and` and `or` stop where the answer is known.
            if function == "and", arguments.last?.isTrue == false { return arguments.last ?? .none }
            if function == "or", arguments.last?.isTrue == true { return arguments.last ?? .none }
        }
        if let last { arguments.append(last) }
        do throws(TemplateError) {
            return try TemplateFunctions.call(function, arguments, data: data, query: query)
        } catch {
            throw fails(command.offset, command.source, error.description)
        }
    }

    private mutating func evaluate(
        _ operand: TemplateOperand, _ dot: TemplateValue, _ command: TemplateCommand
    ) throws(TemplateError) -> TemplateValue {
        switch operand {
        case .function(let function):
            return try call(
                function, TemplateCommand(operands: [operand], source: function, offset: command.offset), dot, nil)
        case .dot: return dot
        case .none: return .none
        case .field(let path): return try field(path, of: dot, command)
        case .variable(let variable, let path):
            let value = variables.last { $0.name == variable }?.value ?? .none
            return try field(path, of: value, command)
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .string(let text): return .string(text)
        case .parenthesis(let pipeline, let path):
            return try field(path, of: try evaluate(pipeline, dot), command)
        }
    }

    private func field(_ path: [String], of value: TemplateValue, _ command: TemplateCommand) throws(TemplateError)
        -> TemplateValue
    {
        var value = value
        for name in path {
            switch (value, name) {
            case (.root, "Labels"): value = .labels(data.labels)
            case (.root, "Value"): value = .double(data.value)
            case (.root, "ExternalLabels"): value = .labels(data.externalLabels)
            case (.root, "ExternalURL"): value = .string(data.externalURL)
            // A label that is not there is empty (`missingkey=zero`).
            case (.labels(let labels), _): value = .string(labels[name])
            case (.sample(let sample), "Labels"): value = .labels(sample.labels)
            case (.sample(let sample), "Value"): value = .double(sample.value)
            case (.arguments(let values), _):
                let place = name.hasPrefix("arg") ? Int(name.dropFirst(3)) : nil
                value = place.flatMap { values.indices.contains($0) ? values[$0] : nil } ?? .none
            case (.time(let seconds), "Unix"): value = .int(Int64(seconds))
            case (.time, _), (.duration(_), _):
                value = try TemplateFunctions.method(name, of: value, [])
            default:
                throw fails(command.offset, command.source, "can't evaluate field \(name) in type \(Self.type(value))")
            }
        }
        return value
    }

    /// `(toTime 3).Format "…"`: the last name of a path with arguments.
    private mutating func method(
        _ operand: TemplateOperand, _ command: TemplateCommand, _ dot: TemplateValue, _ last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue? {
        let owner: TemplateValue
        let name: String
        switch operand {
        case .parenthesis(let pipeline, let path):
            guard let method = path.last else { return nil }
            owner = try field(path.dropLast(), of: try evaluate(pipeline, dot), command)
            name = method
        case .variable(let variable, let path):
            guard let method = path.last else { return nil }
            owner = try field(path.dropLast(), of: variables.last { $0.name == variable }?.value ?? .none, command)
            name = method
        default: return nil
        }
        guard case .time = owner else { return nil }
        var arguments: [TemplateValue] = []
        for operand in command.operands.dropFirst() { arguments.append(try evaluate(operand, dot, command)) }
        if let last { arguments.append(last) }
        return try TemplateFunctions.method(name, of: owner, arguments)
    }

    private func field(_ path: ArraySlice<String>, of value: TemplateValue, _ command: TemplateCommand)
        throws(TemplateError) -> TemplateValue
    { try field(Array(path), of: value, command) }

    private static func type(_ value: TemplateValue) -> String {
        switch value {
        case .none: "interface {}"
        case .bool: "bool"
        case .int: "int"
        case .double: "float64"
        case .string: "string"
        case .labels: "map[string]string"
        case .sample: "*template.sample"
        case .samples: "template.queryResult"
        case .arguments: "map[string]interface {}"
        case .time: "time.Time"
        case .duration: "time.Duration"
        case .root: "struct"
        }
    }
}
