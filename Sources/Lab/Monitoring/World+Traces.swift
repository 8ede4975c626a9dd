import Cluster
import ContainerRuntime
import KubernetesAPI
import Monitoring
import OpenTelemetry
import Simulation
import Workloads

/// The traces of the requests of a world, as programs with OpenTelemetry's SDK would have sent them to Tempo.
extension World {
    /// Whether traces are recorded: the scenario asked for them, or somebody did since.
    public var recordsTraces: Bool { workloads.recordsTraces }

    /// Records traces from now on, of requests that begin from now on, also where the scenario asks for none. The world
    /// fares as it would without, but for the lines that programs with traces write about failed calls to tools and models;
    /// its snapshots have what is recorded only where the scenario asks for it.
    public mutating func recordTraces(_ settings: TraceSettings) {
        let names = !recordsTraces
        workloads.recordTraces(settings)
        guard names else { return }
        for id in workloads.runningContainers {
            if let container = workloads.configuration(of: id) { nameTracePlace(id, container) }
        }
    }

    /// All traces that are kept at this instant. Made when somebody asks, of the records that the world keeps.
    public func traceStore() -> TraceStore {
        var store = TraceStore()
        store.limits.spansPerTrace = .max
        store.limits.traces = .max
        var writer = SpanWriter(self)
        // In the order of their begin, so that each span is added at the end of its trace. A trace of aggregated traffic
        // is worked out at once, and is there when its last span has ended.
        let spans = workloads.callSpans(now: now)
        var unfinished: Set<UInt64> = []
        for span in spans where span.end > now { unfinished.insert(span.trace) }
        for span in spans.sorted(by: { ($0.begin, $0.number) < ($1.begin, $1.number) })
        where !unfinished.contains(span.trace) {
            store.add(writer.stored(span))
        }
        return store
    }

    /// One trace that is kept at this instant.
    public func trace(_ id: TraceID) -> Trace? {
        let all = workloads.callSpans(now: now)
        guard let number = all.first(where: { traceID(of: $0.trace) == id })?.trace else { return nil }
        let spans = all.filter { $0.trace == number }
        guard spans.allSatisfy({ $0.end <= now }) else { return nil }
        var store = TraceStore()
        store.limits.spansPerTrace = .max
        var writer = SpanWriter(self)
        for span in spans { store.add(writer.stored(span)) }
        return store[id]
    }

    /// Notes whose spans a container's will be, as the Collector's `k8sattributes` and the operator's injection say it.
    mutating func nameTracePlace(_ id: ContainerID, _ container: ContainerConfiguration) {
        guard workloads.recordsTraces else { return }
        let store = cluster.context.store
        let prefix = container.namespace + "/"
        let pod = store.pods.named(prefix + container.pod)
        var owners: [(name: String, value: String)] = []
        var reference = pod?.metadata.ownerReferences.first { $0.controller == true }
        while let owner = reference {
            owners.append(("k8s.\(owner.kind.lowercased()).name", owner.name))
            reference = nil
            if owner.kind == "ReplicaSet" {
                reference = store.replicaSets.named(prefix + owner.name)?.metadata.ownerReferences.first {
                    $0.controller == true
                }
            } else if owner.kind == "Job" {
                reference = store.jobs.named(prefix + owner.name)?.metadata.ownerReferences.first {
                    $0.controller == true
                }
            }
        }
        var attributes: [(name: String, value: String)] = [
            ("service.name", owners.last?.value ?? container.pod),
            ("service.namespace", container.namespace),
            ("service.instance.id", "\(container.namespace).\(container.pod).\(container.container)"),
            ("k8s.namespace.name", container.namespace), ("k8s.pod.name", container.pod),
        ]
        if let pod {
            attributes.append(("k8s.pod.uid", pod.metadata.uid))
            attributes.append(("k8s.node.name", pod.spec.nodeName))
        }
        attributes.append(("k8s.container.name", container.container))
        attributes.append(("k8s.container.restart_count", String(container.restartCount)))
        attributes += owners
        attributes.append(("container.image.name", container.image))
        workloads.nameTracePlace(id, attributes.filter { !$0.value.isEmpty })
    }
}

/// Makes OpenTelemetry's spans of a world's records. It remembers resources, so that spans of one place share theirs.
private struct SpanWriter {
    private let world: World
    private let start: Int64
    private let places: [TracePlace]
    private var resources: [UInt32: Resource] = [:]
    private var clients: [String: Resource] = [:]
    private let scope = InstrumentationScope(name: "kubelab")

    init(_ world: World) {
        self.world = world
        start = world.epochMilliseconds(at: .zero).multiplyingSaturating(1_000_000)
        places = world.workloads.tracePlaces
    }

    private func unixNano(_ time: SimulationTime) -> UInt64 {
        UInt64(clamping: start.addingSaturating(time.nanoseconds))
    }

    mutating func stored(_ span: CallSpan) -> StoredSpan {
        let workloads = world.workloads
        let subject = workloads.subject(of: span)
        let path = workloads.path(of: span)
        var attributes: [Attribute] = []
        var (name, kind) = ("", SpanKind.internal)
        let succeeded: Bool
        switch span.operation {
        case .request:
            let target = workloads.target(ofSource: Int(span.subject))
            let isTopic = world.scenario.workloads.traffic[Int(span.subject)].topic != nil
            (name, kind) = (isTopic ? "job \(target)" : "POST \(path)", .client)
            attributes = isTopic ? [] : Self.http(path: path, server: target)
            if span.ordinal > 0 {
                attributes.append(Attribute("http.request.resend_count", .int(Int64(span.ordinal))))
            }
            succeeded = span.outcome == .ok
        case .attempt, .call:
            (name, kind) = ("POST", .client)
            attributes = Self.http(path: path, server: subject)
            if span.ordinal > 0 {
                attributes.append(Attribute("http.request.resend_count", .int(Int64(span.ordinal))))
            }
            succeeded = span.outcome == .ok
        case .serve:
            (name, kind) = (path.isEmpty ? "POST" : "POST \(path)", .server)
            attributes = [Attribute("http.request.method", .string("POST")), Attribute("url.scheme", .string("http"))]
            if !path.isEmpty {
                attributes += [Attribute("http.route", .string(path)), Attribute("url.path", .string(path))]
            }
            // A server is to blame for 5xx only, as the conventions have it.
            succeeded = span.outcome.status != 0 && span.outcome.status < 500
        case .publish, .process:
            let isSend = span.operation == .publish
            (name, kind) = ((isSend ? "send " : "process ") + subject, isSend ? .producer : .consumer)
            attributes = [
                Attribute("messaging.system", .string("rabbitmq")),
                Attribute("messaging.operation.type", .string(isSend ? "send" : "process")),
                Attribute("messaging.destination.name", .string(subject)),
            ]
            succeeded = span.outcome == .ok
        case .external:
            (name, kind) = (subject, .client)
            attributes = [Attribute("server.address", .string(subject))]
            succeeded = span.outcome == .ok
        case .agent, .step, .chat, .tool:
            (name, kind) = agent(span, subject, &attributes)
            succeeded = span.outcome == .ok
        }
        if span.outcome.status != 0, [.request, .attempt, .call, .serve].contains(span.operation) {
            attributes.append(Attribute("http.response.status_code", .int(Int64(span.outcome.status))))
        }
        if !succeeded { attributes.append(Attribute("error.type", .string(span.outcome.errorType))) }
        var events: [SpanEvent] = []
        if span.waited > .zero {
            attributes.append(Attribute("kubelab.queue.seconds", .double(span.waited.seconds)))
            if span.dequeued != .never {
                events.append(SpanEvent(timeUnixNano: unixNano(span.dequeued), name: "dequeued"))
            }
        }
        let isRemote = span.operation == .serve && span.parent != 0
        var links: [SpanLink] = []
        if span.linkedTrace != 0 {
            links.append(
                SpanLink(traceID: world.traceID(of: span.linkedTrace), spanID: world.spanID(of: span.linkedSpan)))
        }
        return StoredSpan(
            Span(
                traceID: world.traceID(of: span.trace), spanID: world.spanID(of: span.number),
                parentSpanID: span.parent == 0 ? .invalid : world.spanID(of: span.parent), name: name, kind: kind,
                startTimeUnixNano: unixNano(span.begin), endTimeUnixNano: unixNano(span.end), attributes: attributes,
                events: events, links: links, status: succeeded ? .unset : .error(Self.message(span.outcome)),
                flags: isRemote ? [.hasIsRemote, .isRemote] : .hasIsRemote),
            resource: resource(span), scope: scope)
    }

    /// The spans of the conventions for generative AI.
    private func agent(
        _ span: CallSpan, _ subject: String, _ attributes: inout [Attribute]
    ) -> (name: String, kind: SpanKind) {
        func add(_ key: String, _ value: AttributeValue) { attributes.append(Attribute(key, value)) }
        let agent = span.place < UInt32(places.count) ? places[Int(span.place)].attributes.first?.value ?? "" : ""
        switch span.operation {
        case .agent:
            add("gen_ai.operation.name", .string("invoke_agent"))
            add("gen_ai.provider.name", .string(subject))
            add("gen_ai.agent.name", .string(agent))
            add("gen_ai.request.model", .string(subject))
            add("kubelab.agent.steps", .int(Int64(span.ordinal)))
            return ("invoke_agent \(agent)", .internal)
        case .step:
            add("gen_ai.agent.name", .string(agent))
            add("kubelab.agent.step", .int(Int64(span.ordinal)))
            return ("step", .internal)
        case .tool:
            add("gen_ai.operation.name", .string("execute_tool"))
            add("gen_ai.tool.name", .string(subject))
            add("gen_ai.tool.type", .string("function"))
            return ("execute_tool \(subject)", .internal)
        default:
            add("gen_ai.operation.name", .string("chat"))
            add("gen_ai.provider.name", .string(subject))
            add("gen_ai.request.model", .string(subject))
            let input = span.uncachedInput + span.cachedInput + span.cacheWrites
            if input + span.output > 0 {
                add("gen_ai.usage.input_tokens", .int(input))
                add("gen_ai.usage.output_tokens", .int(span.output))
                if span.cachedInput > 0 { add("gen_ai.usage.cache_read.input_tokens", .int(span.cachedInput)) }
                if span.cacheWrites > 0 { add("gen_ai.usage.cache_creation.input_tokens", .int(span.cacheWrites)) }
            }
            if span.firstToken > .zero {
                add("gen_ai.response.time_to_first_chunk", .double(span.firstToken.seconds))
            }
            if span.ordinal > 0 { add("http.request.resend_count", .int(Int64(span.ordinal))) }
            return ("chat \(subject)", .client)
        }
    }

    private static func http(path: String, server: String) -> [Attribute] {
        // `namespace/service`, as the cluster's DNS has it.
        let parts = server.split(separator: "/", maxSplits: 1)
        let host = parts.count == 2 ? "\(parts[1]).\(parts[0])" : server
        return [
            Attribute("http.request.method", .string("POST")), Attribute("url.full", .string("http://\(host)\(path)")),
            Attribute("server.address", .string(host)),
        ]
    }

    private static func message(_ outcome: Outcome) -> String {
        switch outcome {
        case .timedOut: "timed out"
        case .abandoned: "cancelled: the caller has gone"
        case .refused: "connection refused"
        case .reset: "connection reset: the server died"
        default: "status \(outcome.status)"
        }
    }

    private mutating func resource(_ span: CallSpan) -> Resource {
        if span.place < UInt32(places.count) {
            if let known = resources[span.place] { return known }
            let made = Resource(
                places[Int(span.place)].attributes.map { name, value in
                    name == "k8s.container.restart_count"
                        ? Attribute(name, .int(Int64(value) ?? 0)) : Attribute(name, .string(value))
                })
            resources[span.place] = made
            return made
        }
        let client = world.workloads.sourceName(of: span)
        if let known = clients[client] { return known }
        let made = Resource([Attribute("service.name", .string(client))])
        clients[client] = made
        return made
    }
}
