import PromQL

/// Walks the nodes of a template and writes its text, as `text/template`'s `exec.go` does: in its order, so that an
/// error stands at the place that Go names, which is the node visited last.
///
/// The work is bounded: so many steps, so much text, so deep. What goes beyond is an error like any other.
struct TemplateEvaluator {
    /// A message of a function, before it is known where the function was called.
    struct CallError: Error { let message: String }

    enum Flow { case normal, leave, proceed }

    static let maximumSteps = 100_000
    static let maximumOutput = 1 << 20
    static let maximumDepth = 100
    /// What functions may do in one expansion, about in bytes that are read or written.
    static let maximumWork = 100_000_000

    let source: [UInt8]
    let name: String
    let definitions: [String: [TemplateNode]]
    let data: TemplateData
    let query: (String) throws(TemplateError) -> [QuerySample]

    var variables: [(name: String, value: TemplateValue)] = []
    private var output = ""
    private var steps = 0
    private var work = 0
    private var depth = 0
    private var template: String
    /// The node visited last.
    private(set) var place: Place = .start

    /// Nodes that an error may name; their text is made only for one.
    enum Place {
        case start
        case argument(TemplateArgument)
        case pipeline(TemplatePipeline)
        case command(TemplateCommand)
        case invocation(String, TemplatePipeline?, position: Int)
    }

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

    // MARK: Errors and bounds

    mutating func at(_ place: Place) { self.place = place }

    /// The message with the place that was visited last.
    func failure(_ message: String) -> TemplateError {
        let (position, text): (Int, String) =
            switch place {
            case .start: (0, "")
            case .argument(let argument): (argument.position, argument.operand.text)
            case .pipeline(let pipeline): (pipeline.position, pipeline.text)
            case .command(let command): (command.position, command.text)
            case .invocation(let title, let argument, let position):
                (
                    position,
                    "{{template \(GoQuote.quote(title))" + (argument.map { " " + $0.text } ?? "") + "}}"
                )
            }
        let before = source.prefix(position)
        let line = before.reduce(1) { $1 == 10 ? $0 + 1 : $0 }
        let column = position - (before.lastIndex(of: 10).map { $0 + 1 } ?? 0)
        return TemplateError(
            "template: \(name):\(line):\(column): executing \(GoQuote.quote(template)) at <\(text)>: \(message)")
    }

    mutating func step() throws(TemplateError) {
        steps += 1
        if steps > Self.maximumSteps {
            throw TemplateError("template: \(name): exceeded maximum of \(Self.maximumSteps) steps")
        }
    }

    mutating func charge(_ amount: Int) throws(TemplateError) {
        work += min(amount, Self.maximumWork)
        if work > Self.maximumWork { throw failure("exceeded maximum of work in functions") }
    }

    /// Enters a node that lies in another; `depth` goes back with `ascend`.
    mutating func descend() throws(TemplateError) {
        depth += 1
        if depth > Self.maximumDepth { throw failure("exceeded maximum template depth (\(Self.maximumDepth))") }
    }

    mutating func ascend() { depth -= 1 }

    private mutating func write(_ text: String) throws(TemplateError) {
        guard output.utf8.count + text.utf8.count <= Self.maximumOutput else {
            throw TemplateError("template: \(name): exceeded maximum output of \(Self.maximumOutput) bytes")
        }
        output += text
    }

    // MARK: Nodes

    private mutating func walk(_ nodes: [TemplateNode], dot: TemplateValue) throws(TemplateError) -> Flow {
        try descend()
        defer { ascend() }
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
        let mark = variables.count
        switch node {
        case .text(let text): try write(text)
        case .action(let pipeline):
            let value = try evaluate(pipeline, dot: dot)
            if pipeline.variables.isEmpty { try write(value.printed(limit: Self.maximumOutput)) }
        case .condition(let pipeline, let then, let otherwise):
            defer { variables.removeLast(variables.count - mark) }
            let value = try evaluate(pipeline, dot: dot)
            return try scoped(value.isTrue ? then : otherwise, dot: dot)
        case .with(let pipeline, let then, let otherwise):
            defer { variables.removeLast(variables.count - mark) }
            let value = try evaluate(pipeline, dot: dot)
            return value.isTrue ? try scoped(then, dot: value) : try scoped(otherwise, dot: dot)
        case .range(let pipeline, let body, let otherwise):
            defer { variables.removeLast(variables.count - mark) }
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
        at(.invocation(title, argument, position: position))
        guard let nodes = definitions[title] else {
            throw failure("template \(GoQuote.quote(title)) not defined")
        }
        var value = TemplateValue.null
        if let argument { value = try evaluate(argument, dot: dot) }
        let outer = (variables, template)
        // After an error too: the blocks around take away what they have added.
        defer { (variables, template) = outer }
        variables = [("$", value)]
        template = title
        _ = try walk(nodes, dot: value)
    }

    private mutating func range(
        _ pipeline: TemplatePipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode], dot: TemplateValue
    ) throws(TemplateError) -> Flow {
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
            // Whole numbers since Go 1.22.
            elements = (0..<max(0, min(count, Int64(Self.maximumSteps) + 1))).map { (.integer($0), .integer($0)) }
        case .null: break
        default: throw failure("range can't iterate over \(value.text(limit: 1000))")
        }
        if elements.isEmpty { return try scoped(otherwise, dot: dot) }
        try charge(elements.count)
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
}
