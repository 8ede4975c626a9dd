import Simulation

/// The configuration with every name resolved to an index; derived from it alone and never part of a snapshot.
struct Catalogue: Sendable {
    struct Program: Sendable {
        var image: String
        var behaviour: Behaviour
        /// Routes of a service; one for a consumer or a batch.
        var routes: [RouteRange] = []
        /// The route that a path takes, by path index.
        var routeOfPath: [UInt32] = []
        var workers: Int32 = 1
        var topic: UInt32 = .max
        /// Only programs with a service or declared ports listen.
        var cancelsOnDisconnect = false
    }

    struct RouteRange: Sendable {
        var first: UInt32
        var count: UInt32
    }

    enum Step: Sendable {
        case compute(Distribution)
        case wait(Distribution)
        case block(Distribution)
        case call(UInt32)
        case tool(UInt32)
        case agent(UInt32)
        case cached(Double)
        case publish(UInt32)
        case fail(Double)
        case generate(Generation)
    }

    struct Call: Sendable {
        var target: UInt32
        var path: UInt32
        var timeout: Duration?
        var retries: RetryPolicy
        var isOptional: Bool
    }

    struct Tool: Sendable {
        var tool: UInt32
        var timeout: Duration?
        var isOptional: Bool
    }

    struct Plan: Sendable {
        var plan: AgentPlan
        var provider: UInt32
        /// Weights summed up to and including each tool.
        var weights: [Double] = []
        var tools: [PlanTool] = []
    }

    enum PlanTool: Sendable {
        case service(UInt32)
        case external(UInt32)
    }

    private(set) var programs: [Program] = []
    private(set) var images: [String: Int] = [:]
    private(set) var steps: [Step] = []
    private(set) var calls: [Call] = []
    private(set) var toolCalls: [Tool] = []
    private(set) var plans: [Plan] = []
    private(set) var targets: [String] = []
    private(set) var paths: [String] = []
    private(set) var providers: [String] = []
    private(set) var tools: [String] = []
    private(set) var toolConfigurations: [ToolConfiguration] = []
    private(set) var topics: [String] = []
    private var targetIndexes: [String: UInt32] = [:]
    private var pathIndexes: [String: UInt32] = [:]

    init(_ configuration: WorkloadsConfiguration) {
        func sorted(_ names: some Sequence<String>) -> [String] {
            names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        providers = sorted(configuration.providers.keys)
        tools = sorted(configuration.tools.keys)
        toolConfigurations = tools.map { configuration.tools[$0] ?? ToolConfiguration() }
        topics = sorted(configuration.topics.keys)
        _ = path("/")
        add(image: "", .unknown)
        for image in sorted(configuration.images.keys) {
            if let behaviour = configuration.images[image] { add(image: image, behaviour) }
        }
        for source in configuration.traffic {
            if source.topic == nil { _ = target(source.service) }
            _ = path(source.path)
        }
        resolvePaths()
    }

    /// The program for an image reference; the idle one where nothing is known of it.
    func program(for image: String) -> Int {
        let name =
            image.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? image
        let last = name.split(separator: "/").last.map(String.init) ?? name
        func withoutTag(_ text: String) -> String {
            guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
                !text[colon...].utf8.contains(UInt8(ascii: "/"))
            else { return text }
            return String(text[..<colon])
        }
        for candidate in [image, name, withoutTag(name), last, withoutTag(last)] {
            if !candidate.isEmpty, let index = images[candidate] { return index }
        }
        return 0
    }

    func topic(named name: String) -> UInt32 { index(of: name, in: topics) }
    func target(named name: String) -> UInt32? { targetIndexes[name] }
    func path(named name: String) -> UInt32? { pathIndexes[name] }

    private mutating func target(_ name: String) -> UInt32 {
        let full = name.utf8.contains(UInt8(ascii: "/")) ? name : "default/" + name
        if let index = targetIndexes[full] { return index }
        targets.append(full)
        targetIndexes[full] = UInt32(targets.count - 1)
        return UInt32(targets.count - 1)
    }

    private mutating func path(_ name: String) -> UInt32 {
        if let index = pathIndexes[name] { return index }
        paths.append(name)
        pathIndexes[name] = UInt32(paths.count - 1)
        return UInt32(paths.count - 1)
    }

    private mutating func add(image: String, _ behaviour: Behaviour) {
        var program = Program(image: image, behaviour: behaviour)
        switch behaviour.program {
        case .sleep:
            program.routes = [add([.compute(.constant(0.0005))])]
        case .service(let service):
            program.workers = Int32(clamping: max(1, service.workers))
            program.cancelsOnDisconnect = service.cancelsOnDisconnect
            for route in service.routes {
                _ = path(route.path)
                program.routes.append(add(route.stages))
            }
            if program.routes.isEmpty { program.routes = [add([])] }
        case .consumer(let consumer):
            program.workers = Int32(clamping: max(1, consumer.workers))
            program.topic = index(of: consumer.topic, in: topics)
            program.routes = [add(consumer.stages)]
        case .batch(let batch):
            program.routes = [add(batch.stages)]
        }
        for health in behaviour.health {
            for dependency in health.dependencies where !providers.contains(dependency) && !tools.contains(dependency) {
                _ = target(dependency)
            }
        }
        images[image] = programs.count
        programs.append(program)
    }

    private func index(of name: String, in names: [String]) -> UInt32 {
        names.firstIndex(of: name).map { UInt32($0) } ?? .max
    }

    private mutating func add(_ stages: [Stage]) -> RouteRange {
        let resolved: [Step] = stages.map { stage in
            switch stage {
            case .compute(let value): .compute(value)
            case .wait(let value): .wait(value)
            case .block(let value): .block(value)
            case .call(let call): .call(add(call))
            case .tool(let tool): .tool(add(tool))
            case .agent(let plan): .agent(add(plan))
            case .cached(let share): .cached(share)
            case .publish(let topic): .publish(index(of: topic, in: topics))
            case .fail(let share): .fail(share)
            case .generate(let generation): .generate(generation)
            }
        }
        let range = RouteRange(first: UInt32(steps.count), count: UInt32(resolved.count))
        steps += resolved
        return range
    }

    private mutating func add(_ call: ServiceCall) -> UInt32 {
        calls.append(
            Call(
                target: target(call.service), path: path(call.path), timeout: call.timeout, retries: call.retries,
                isOptional: call.isOptional))
        return UInt32(calls.count - 1)
    }

    private mutating func add(_ tool: ToolCall) -> UInt32 {
        toolCalls.append(
            Tool(tool: index(of: tool.name, in: tools), timeout: tool.timeout, isOptional: tool.isOptional))
        return UInt32(toolCalls.count - 1)
    }

    private mutating func add(_ plan: AgentPlan) -> UInt32 {
        var resolved = Plan(plan: plan, provider: index(of: plan.provider, in: providers))
        var sum = 0.0
        for use in plan.tools {
            sum += max(0, use.weight)
            resolved.weights.append(sum)
            switch use.target {
            case .service(let call): resolved.tools.append(.service(add(call)))
            case .external(let tool): resolved.tools.append(.external(add(tool)))
            }
        }
        plans.append(resolved)
        return UInt32(plans.count - 1)
    }

    private mutating func resolvePaths() {
        for index in programs.indices {
            var table = [UInt32](repeating: 0, count: paths.count)
            if case .service(let service) = programs[index].behaviour.program {
                for (route, description) in service.routes.enumerated() {
                    if let path = pathIndexes[description.path] { table[Int(path)] = UInt32(route) }
                }
            }
            programs[index].routeOfPath = table
        }
    }
}
