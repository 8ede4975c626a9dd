import ContainerRuntime
import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// What a container does in the tests' runtime, by its image's name.
struct FakeProgram: Sendable {
    /// Exits by itself after this time; nil runs until it is told to stop.
    var exitsAfter: Duration?
    var exitCode = 0
    var exitReason: String?
    /// From SIGTERM to the exit; nil ignores the signal.
    var stopsAfter: Duration? = .milliseconds(100)
    /// Probes succeed from then on; nil never.
    var healthyAfter: Duration? = .zero
    var hookTakes: Duration = .milliseconds(10)
    var hookSucceeds = true
    var memoryBytes: Int64 = 50 << 20
    var cpuMilli: Int64 = 100
}

/// A runtime whose programs do what a table says, and nothing else.
struct FakeRuntime: RuntimeView, Sendable {
    struct Run: Sendable {
        var program: FakeProgram
        var since: SimulationTime
        var configuration: ContainerConfiguration
    }

    var programs: [String: FakeProgram] = [:]
    var runs: [ContainerID: Run] = [:]
    var resized: [ContainerID: ContainerResources] = [:]
    var metrics: [String: Int64] = [:]
    /// Everything that was asked of the runtime, in order.
    var asked: [String] = []

    func usage(of container: ContainerID, now: SimulationTime) -> ContainerUsage? {
        runs[container].map { run in
            ContainerUsage(
                cpuNanoseconds: (now - run.since).nanoseconds / 1_000 * run.program.cpuMilli,
                workingSetBytes: run.program.memoryBytes)
        }
    }

    func podMetric(_ name: String, of sandbox: SandboxID, now: SimulationTime) -> Int64? { metrics[name] }
    func externalMetric(_ name: String, labels: [(name: String, value: String)], now: SimulationTime) -> [Int64]? {
        metrics[name].map { [$0] }
    }

    func logLines(of container: ContainerID) -> [LogLine] {
        (1...5).map {
            LogLine(time: .zero + .seconds($0 * 10), text: "run \(container.slot).\(container.generation) line \($0)")
        }
    }
}

/// A cluster with a fake runtime beneath it: time, manifests in, objects and events out.
struct ClusterRig: Sendable {
    enum RuntimeEvent: Sendable { case report(RuntimeReport), exit(ContainerID, ContainerRuntime.ExitStatus) }

    var cluster: Cluster
    var clock = Clock()
    var runtime = FakeRuntime()
    private var queue = EventQueue<RuntimeEvent>()
    /// Events handled so far.
    private(set) var handled = 0

    init(
        nodes: Int = 3, cpu: String = "4", memory: String = "8Gi", settings: ClusterSettings = ClusterSettings(),
        seed: UInt64 = 1,
        kubelet: KubeletConfiguration = KubeletConfiguration(),
        autoscaler: ClusterAutoscalerConfiguration = ClusterAutoscalerConfiguration()
    ) {
        cluster = Cluster(
            configuration: ClusterConfiguration(settings: settings, kubelet: kubelet, autoscaler: autoscaler),
            seed: seed)
        clock.begin(event: clock.takeSequence(), at: .zero)
        cluster.boot(clock: &clock)
        let shapes = (0..<nodes).map { index in
            NodeShape(
                name: "node-\(index + 1)", cpu: (try? Quantity(parsing: cpu)) ?? Quantity(4),
                memory: (try? Quantity(parsing: memory)) ?? Quantity(8 << 30), zone: "zone-\(index % 3)")
        }
        cluster.registerNodes(shapes, clock: &clock)
        carry()
    }

    // MARK: Time

    mutating func run(for span: Duration) { run(until: clock.now + span) }

    mutating func run(until end: SimulationTime) {
        while true {
            handled += 1
            let next = cluster.next
            let mine = queue.next
            if let mine, mine.time <= end,
                next.map({ (mine.time.nanoseconds, mine.sequence) < ($0.time.nanoseconds, $0.sequence) }) ?? true
            {
                guard let (time, sequence, event) = queue.popNext() else { break }
                clock.begin(event: sequence, at: time)
                switch event {
                case .report(let report): cluster.receive([report], clock: &clock)
                case .exit(let run, let status):
                    if runtime.runs.removeValue(forKey: run) != nil {
                        cluster.receive([.exited(run, status)], clock: &clock)
                    }
                }
            } else if let next, next.time <= end, let (time, sequence, work) = cluster.popNext() {
                clock.begin(event: sequence, at: time)
                cluster.handle(work, clock: &clock, runtime: &runtime)
            } else {
                break
            }
            carry()
        }
        clock.idle(until: end)
    }

    private mutating func carry() {
        var requests: [RuntimeRequest] = []
        cluster.takeRuntimeRequests(into: &requests)
        for request in requests { perform(request) }
    }

    private mutating func later(_ event: RuntimeEvent, _ delay: Duration) {
        queue.schedule(event, after: delay, on: &clock)
    }

    private mutating func perform(_ request: RuntimeRequest) {
        switch request {
        case .addNode: break
        case .removeNode(let node): runtime.runs = runtime.runs.filter { $0.value.configuration.node != node }
        case .start(let run, let configuration):
            let program = runtime.programs[configuration.image] ?? FakeProgram()
            runtime.asked.append("start \(configuration.pod)/\(configuration.container)")
            runtime.runs[run] = FakeRuntime.Run(program: program, since: clock.now, configuration: configuration)
            if let after = program.exitsAfter {
                later(
                    .exit(run, ContainerRuntime.ExitStatus(code: program.exitCode, reason: program.exitReason)), after)
            }
        case .terminate(let run):
            guard let found = runtime.runs[run] else { return }
            runtime.asked.append("terminate \(found.configuration.pod)/\(found.configuration.container)")
            if let after = found.program.stopsAfter { later(.exit(run, ContainerRuntime.ExitStatus(code: 143)), after) }
        case .kill(let run):
            guard let found = runtime.runs[run] else { return }
            runtime.asked.append("kill \(found.configuration.pod)/\(found.configuration.container)")
            later(.exit(run, ContainerRuntime.ExitStatus(code: 137)), .zero)
        case .probe(let token, let run, _, let timeout):
            guard let found = runtime.runs[run] else { return }
            let healthy = found.program.healthyAfter.map { clock.now - found.since >= $0 } ?? false
            _ = timeout
            later(
                .report(.probed(token, healthy ? .success(status: 200) : .failure(code: 503, output: "not yet"))),
                .milliseconds(1))
        case .runHook(let run, let action):
            guard let found = runtime.runs[run] else { return }
            runtime.asked.append("hook \(found.configuration.pod)/\(found.configuration.container)")
            var takes = found.program.hookTakes
            if case .sleep(let span) = action { takes = span }
            later(.report(.hookFinished(run, succeeded: found.program.hookSucceeds)), takes)
        case .resize(let run, let resources): runtime.resized[run] = resources
        }
    }

    mutating func setHealth(of node: String, _ health: NodeHealth) {
        cluster.setHealth(ofNode: node, health, clock: &clock)
        carry()
    }

    mutating func restart(_ controller: ControllerName) { cluster.restart(controller, clock: &clock) }

    // MARK: The API

    @discardableResult
    mutating func respond(_ request: APIRequest) -> APIResponse {
        clock.begin(event: clock.takeSequence(), at: clock.now)
        let response = cluster.respond(to: request, clock: &clock, logs: runtime)
        carry()
        return response
    }

    /// Creates every object of a manifest, in namespace `default` unless it says otherwise.
    @discardableResult
    mutating func create(_ text: String) throws -> [APIResponse] {
        try YAMLReader.documents(text).map { document in
            guard case .object(let members) = document.value, case .string(let kind)? = members["kind"],
                case .string(let version)? = members["apiVersion"],
                let row = KindRow.builtIn.first(where: { $0.resource.kind == kind && $0.resource.apiVersion == version }
                )
            else { throw RigError("no kind in \(text)") }
            var namespace = ""
            if row.resource.namespaced {
                namespace = "default"
                if case .object(let metadata)? = members["metadata"], case .string(let given)? = metadata["namespace"] {
                    namespace = given
                }
            }
            return respond(APIRequest(.create, row.resource, namespace: namespace, body: document.value))
        }
    }

    /// Creates what must not be refused.
    mutating func apply(_ text: String, _ location: SourceLocation = #_sourceLocation) throws {
        for response in try create(text) {
            if case .failure(let status) = response.body { Issue.record("\(status.message)", sourceLocation: location) }
        }
    }

    /// Merges a patch into an object.
    @discardableResult
    mutating func patch(_ resource: ResourceType, _ name: String, _ text: String, subresource: String = "") throws
        -> APIResponse
    {
        let body = try YAMLReader.documents(text).first?.value
        return respond(
            APIRequest(
                .patch, resource, namespace: resource.namespaced ? "default" : "", name: name, subresource: subresource,
                body: body,
                patchType: .strategicMerge))
    }

    @discardableResult
    mutating func delete(_ resource: ResourceType, _ name: String, policy: String = "", grace: Int64? = nil)
        -> APIResponse
    {
        respond(
            APIRequest(
                .delete, resource, namespace: resource.namespaced ? "default" : "", name: name,
                propagationPolicy: policy,
                gracePeriodSeconds: grace))
    }

    func get<Object: StoredObject>(_ name: String, _ type: Object.Type = Object.self) throws -> Object {
        let key = Object.resource.namespaced ? "default/" + name : name
        guard let object = cluster.context.store.named(key, Object.self) else {
            throw RigError("\(Object.resource.kind) \(name) is gone")
        }
        return object
    }

    func exists<Object: StoredObject>(_ name: String, _ type: Object.Type) -> Bool { (try? get(name, type)) != nil }

    /// All pods, by name.
    var pods: [Pod] { cluster.context.store.pods.sorted.map(\.object) }

    /// The texts of events about an object, `Type Reason Message`, oldest first.
    func events(_ kind: ObjectKind, _ name: String) -> [String] {
        cluster.context.events.records.filter { $0.kind == kind && $0.name == name }.map {
            "\($0.type == .normal ? "Normal" : "Warning") \($0.reason) \($0.message)"
        }
    }

    /// The whole cluster written and read again, as a snapshot does it.
    mutating func restore() throws {
        var writer = BinaryWriter()
        writer.write(cluster)
        var reader = BinaryReader(writer.bytes)
        cluster = try reader.read()
        var again = BinaryWriter()
        again.write(cluster)
        #expect(again.bytes == writer.bytes)
    }
}

struct RigError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// Manifests that many stories begin with.
enum Manifests {
    static func deployment(
        _ name: String, replicas: Int = 3, image: String = "web:1", extra: String = "", spec: String = ""
    ) -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          replicas: \(replicas)
          selector: {matchLabels: {app: \(name)}}
        \(extra)
          template:
            metadata: {labels: {app: \(name)}}
            spec:
        \(spec)
              containers:
              - name: app
                image: \(image)
                readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}
        """
    }
}
