import ContainerRuntime
import Simulation

/// What a process notes of its own work, beyond its counts of requests, where somebody collects metrics.
public struct ObservedWork: Sendable, Equatable {
    /// How often an agent's tool was used.
    public struct ToolUse: Sendable, Equatable {
        var plan: UInt32
        var tool: UInt32
        public var succeeded: Int64 = 0
        public var failed: Int64 = 0
    }

    /// The last traced request of each latency bucket, in the order of the buckets.
    public var examples: [RequestExample?] = []
    /// Answers of models that agents have read.
    public var steps: Int64 = 0
    /// In the order of plans and tools.
    public private(set) var tools: [ToolUse] = []
    /// Of a sidecar: requests that it took for its pod, and requests that its pod sent through it.
    public var received: Int64 = 0
    public var sent: Int64 = 0

    /// Whether there is nothing yet.
    public var isEmpty: Bool { self == ObservedWork() }

    mutating func note(plan: UInt32, tool: UInt32, succeeded: Bool, count: Int64 = 1) {
        let place = tools.firstIndex { ($0.plan, $0.tool) >= (plan, tool) } ?? tools.count
        if place == tools.count || (tools[place].plan, tools[place].tool) != (plan, tool) {
            tools.insert(ToolUse(plan: plan, tool: tool), at: place)
        }
        if succeeded {
            tools[place].succeeded = tools[place].succeeded.addingSaturating(count)
        } else {
            tools[place].failed = tools[place].failed.addingSaturating(count)
        }
    }
}

/// One request that a program answered, as the example behind a bucket of its latency histogram.
public struct RequestExample: Sendable, Equatable {
    /// The journey or message that it was for.
    public var trace: UInt64
    /// Time in the server.
    public var duration: Duration
    /// When it was answered.
    public var time: SimulationTime
}

extension Workloads {
    /// Has every process note its ``ObservedWork`` from now on.
    ///
    /// That is no part of a snapshot: whoever restores one says it again.
    /// - Parameter bounds: upper bounds of the latency buckets whose last requests are remembered, ascending; requests
    ///   above the last have a bucket of their own. None: no request is remembered.
    public mutating func observeWork(upTo bounds: [Duration]) {
        recording.observesWork = true
        recording.exampleBounds = bounds
    }

    /// Notes a request that has just been answered; one that belongs to no user's request is no example.
    mutating func noteExample(_ slot: Int, trace: UInt64, began: SimulationTime) {
        let bounds = recording.exampleBounds
        guard !bounds.isEmpty, trace != 0 else { return }
        let duration = clock.now - began
        let bucket = bounds.firstIndex { duration <= $0 } ?? bounds.count
        if processes[slot].meter.observed.examples.count != bounds.count + 1 {
            processes[slot].meter.observed.examples = Array(repeating: nil, count: bounds.count + 1)
        }
        processes[slot].meter.observed.examples[bucket] = RequestExample(
            trace: trace, duration: duration, time: clock.now)
    }

    @inline(__always) mutating func noteSteps(_ slot: Int, _ count: Int64 = 1) {
        guard recording.observesWork else { return }
        processes[slot].meter.observed.steps = processes[slot].meter.observed.steps.addingSaturating(count)
    }

    @inline(__always) mutating func noteTool(
        _ slot: Int, plan: UInt32, tool: UInt32, succeeded: Bool, count: Int64 = 1
    ) {
        guard recording.observesWork else { return }
        processes[slot].meter.observed.note(plan: plan, tool: tool, succeeded: succeeded, count: count)
    }

    /// Notes requests that pass a sidecar, into its pod or out of it.
    @inline(__always) mutating func notePassage(_ sidecar: Int, isOut: Bool, _ count: Int64 = 1) {
        guard recording.observesWork else { return }
        if isOut {
            processes[sidecar].meter.observed.sent = processes[sidecar].meter.observed.sent.addingSaturating(count)
        } else {
            processes[sidecar].meter.observed.received =
                processes[sidecar].meter.observed.received.addingSaturating(count)
        }
    }

    /// The tools that a container's agents have used, by name (`orders` for a service, else as the scenario calls it).
    public func toolUses(of container: ContainerID) -> [(name: String, succeeded: Int64, failed: Int64)] {
        guard isRunning(container) else { return [] }
        var uses: [(name: String, succeeded: Int64, failed: Int64)] = []
        for use in processes[Int(container.slot)].meter.observed.tools {
            guard let name = toolName(use) else { continue }
            if let place = uses.firstIndex(where: { $0.name == name }) {
                uses[place].succeeded = uses[place].succeeded.addingSaturating(use.succeeded)
                uses[place].failed = uses[place].failed.addingSaturating(use.failed)
            } else {
                uses.append((name, use.succeeded, use.failed))
            }
        }
        return uses
    }

    private func toolName(_ use: ObservedWork.ToolUse) -> String? {
        guard catalogue.plans.indices.contains(Int(use.plan)) else { return nil }
        let tools = catalogue.plans[Int(use.plan)].tools
        guard tools.indices.contains(Int(use.tool)) else { return nil }
        switch tools[Int(use.tool)] {
        case .service(let call):
            let target = Int(catalogue.calls[Int(call)].target)
            guard catalogue.targets.indices.contains(target) else { return nil }
            return catalogue.targets[target].split(separator: "/").last.map(String.init)
        case .external(let call):
            let tool = Int(catalogue.toolCalls[Int(call)].tool)
            return catalogue.tools.indices.contains(tool) ? catalogue.tools[tool] : nil
        }
    }

    /// Whether a container is the sidecar through which its pod's requests pass.
    public func isSidecar(_ container: ContainerID) -> Bool {
        guard isRunning(container) else { return false }
        return catalogue.programs[Int(processes[Int(container.slot)].behaviour)].behaviour.proxyWork != nil
    }
}

extension ObservedWork: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(examples)
        writer.write(steps)
        writer.write(tools)
        writer.write(received)
        writer.write(sent)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        examples = try reader.read()
        steps = try reader.read()
        tools = try reader.read()
        received = try reader.read()
        sent = try reader.read()
    }
}

extension ObservedWork.ToolUse: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(plan)
        writer.write(tool)
        writer.write(succeeded)
        writer.write(failed)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        plan = try reader.read()
        tool = try reader.read()
        succeeded = try reader.read()
        failed = try reader.read()
    }
}

extension RequestExample: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(trace)
        writer.write(duration)
        writer.write(time)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        trace = try reader.read()
        duration = try reader.read()
        time = try reader.read()
    }
}
