import Cluster
import ContainerRuntime
import KubernetesAPI
import Monitoring
import PromQL
import Simulation
import Workloads

/// Where the world and its observability stack meet: discovery reads the API, scrapes reach programs and machines.
extension World {
    /// The wall clock of the simulated cluster at an instant, in milliseconds since the Unix epoch.
    func epochMilliseconds(at time: SimulationTime) -> Int64 {
        cluster.context.settings.epochSeconds * 1000 + time.nanoseconds / 1_000_000
    }

    /// The wall clock in milliseconds, as Prometheus' samples carry it.
    public var epochMilliseconds: Int64 { epochMilliseconds(at: clock.now) }

    mutating func startMonitoring() {
        guard monitoring != nil else { return }
        // Whoever looks at metrics wants to see the requests behind them.
        workloads.recordLogs(true)
        if let traces = scenario.monitoring?.traces { workloads.recordTraces(traces.settings) }
        observeWork()
        monitoring?.queue.schedule(.discover, at: clock.now, on: &clock)
        let time = epochMilliseconds
        monitoring?.prometheus.beginRules(at: time)
        installDefinitions()
        if monitoring?.adapter != nil { monitoring?.queue.schedule(.relist, at: clock.now, on: &clock) }
    }

    /// Lets programs note what only their metrics show, and remember the requests that their exemplars name.
    mutating func observeWork() {
        guard let description = scenario.monitoring else { return }
        workloads.observeWork(upTo: description.buckets.map { Duration(seconds: $0) })
        if description.hasRoutes { workloads.observeRoutes() }
    }

    mutating func handle(_ event: MonitoringStack.Event) {
        monitoring?.events += 1
        switch event {
        case .discover:
            discover()
            observeMonitors()
            monitoring?.queue.schedule(.discover, after: MonitoringStack.discoveryInterval, on: &clock)
        case .work:
            monitoring?.timer = .none
            monitoring?.timerTime = nil
            scrapeWhatIsDue()
            // Rules see what has just been scraped, but nothing that is on its way.
            let time = epochMilliseconds
            let alerts = monitoring?.prometheus.evaluate(at: time) ?? []
            monitoring?.notify(alerts, at: time)
        case .answer(let number): takeAnswer(number)
        case .reload: reloadPrometheus()
        case .relist:
            relistMetrics()
            monitoring?.queue.schedule(.relist, after: MonitoringStack.relistInterval, on: &clock)
        case .observeScaledObjects: observeScaledObjects()
        case .poll(let number): pollScaledObject(number)
        }
        setMonitoringTimer()
    }

    /// Answers a request to Alertmanager's API. Silences that are made or ended change the world.
    /// - Returns: nil in a world without one.
    public mutating func askAlertmanager(_ request: AlertmanagerRequest) -> AlertmanagerResponse? {
        guard monitoring?.alertmanager != nil else { return nil }
        let time = epochMilliseconds
        let answer = monitoring?.alertmanager?.respond(to: request, at: time)
        guard request.method != "GET", request.method != "HEAD" else { return answer }
        clock.begin(event: clock.takeSequence(), at: clock.now)
        monitoring?.notify([], at: time)
        setMonitoringTimer()
        return answer
    }

    /// Takes a remote write. One that changes nothing, because it is refused or brings nothing new, leaves no trace.
    /// - Returns: nil in a world without Prometheus.
    public mutating func receive(_ request: RemoteWriteRequest) -> RemoteWriteOutcome? {
        let time = epochMilliseconds
        guard let outcome = monitoring?.prometheus.receive(request, now: time) else { return nil }
        if outcome.changed { clock.begin(event: clock.takeSequence(), at: clock.now) }
        return outcome
    }

    // MARK: Discovery

    private var discoveredChanges: UInt64 {
        let store = cluster.context.store
        return store.pods.changes &+ store.nodes.changes &+ store.services.changes &+ store.endpointSlices.changes
            &+ store.endpoints.changes &+ store.ingresses.changes &+ store.namespaces.changes
    }

    private mutating func discover() {
        let changes = discoveredChanges
        guard changes != monitoring?.seenChanges else { return }
        monitoring?.seenChanges = changes
        let objects = discoveredObjects(for: monitoring?.prometheus.configuration.scrapeConfigurations ?? [])
        let time = epochMilliseconds
        monitoring?.prometheus.synchronize(objects, now: time)
    }

    /// What discovery finds for these jobs.
    func discoveredObjects(for jobs: [ScrapeConfiguration]) -> DiscoveredObjects {
        let roles = Set(jobs.flatMap(\.discovery.kubernetes).map(\.role))
        let store = cluster.context.store
        var objects = DiscoveredObjects()
        if !roles.isDisjoint(with: [.pod, .endpoints, .endpointslice]) {
            objects.pods = store.pods.sorted.map(\.object)
        }
        if !roles.isDisjoint(with: [.service, .endpoints, .endpointslice]) {
            objects.services = store.services.sorted.map(\.object)
        }
        if roles.contains(.endpointslice) || roles.contains(.endpoints) {
            objects.endpointSlices = store.endpointSlices.sorted.map(\.object)
            objects.endpoints = cluster.endpointsObjects
        }
        objects.nodes = store.nodes.sorted.map { _, node in
            // The lab's nodes do not say where their kubelet listens, as it is the same everywhere.
            var node = node
            var endpoint = DaemonEndpoint()
            endpoint.port = 10250
            var endpoints = NodeDaemonEndpoints()
            endpoints.kubeletEndpoint = endpoint
            node.status.daemonEndpoints = endpoints
            return node
        }
        if roles.contains(.ingress) { objects.ingresses = store.ingresses.sorted.map(\.object) }
        objects.namespaces = store.namespaces.sorted.map(\.object)
        return objects
    }

    // MARK: Scrapes

    mutating func setMonitoringTimer() {
        let due = monitoring?.nextDue
        guard due != monitoring?.timerTime else { return }
        let timer = monitoring?.timer ?? .none
        monitoring?.queue.cancel(timer)
        monitoring?.timer = .none
        monitoring?.timerTime = due
        guard let due else { return }
        let start = cluster.context.settings.epochSeconds * 1000
        let time = max(clock.now, .zero + .milliseconds(due - start))
        let next = monitoring?.queue.schedule(.work, at: time, on: &clock)
        monitoring?.timer = next ?? .none
    }

    private mutating func scrapeWhatIsDue() {
        let time = epochMilliseconds
        let scrapes = monitoring?.prometheus.begin(at: time) ?? []
        guard !scrapes.isEmpty else { return }
        let addresses = (pods: podAddresses(scrapes), nodes: nodeAddresses)
        for scrape in scrapes {
            let timeout = Duration.milliseconds(scrape.request.timeout)
            switch reach(scrape.request, addresses.pods, addresses.nodes) {
            case .never: expect(scrape, comes: false, after: timeout)
            case .after(let delay) where delay >= timeout: expect(scrape, comes: false, after: timeout)
            case .after(let delay): expect(scrape, comes: true, after: delay)
            case .at(let outcome): monitoring?.prometheus.finish(scrape, outcome, duration: Self.shortest.seconds)
            }
        }
    }

    /// The time of an answer that nothing delays: a connection and a page on a quiet machine.
    private static let shortest: Duration = .milliseconds(4)

    private mutating func expect(_ scrape: PrometheusServer.Scrape, comes: Bool, after delay: Duration) {
        guard let number = monitoring?.nextAnswer else { return }
        monitoring?.nextAnswer &+= 1
        monitoring?.answers.append(
            (number, MonitoringStack.Answer(scrape: scrape, started: clock.now, comes: comes)))
        monitoring?.queue.schedule(.answer(number), after: delay, on: &clock)
    }

    private mutating func takeAnswer(_ number: UInt32) {
        guard let place = monitoring?.answers.firstIndex(where: { $0.number == number }),
            let answer = monitoring?.answers.remove(at: place).answer
        else { return }
        let duration = (clock.now - answer.started).seconds
        var outcome = ScrapeOutcome.timeout
        if answer.comes {
            // What listened when the request came may be gone by now: the connection breaks.
            switch reach(
                answer.scrape.request, podAddresses([answer.scrape]), nodeAddresses, isWaitedFor: true)
            {
            case .at(let found): outcome = found
            case .never, .after: outcome = .timeout
            }
        }
        monitoring?.prometheus.finish(answer.scrape, outcome, duration: duration)
    }

    /// What becomes of a request to a target.
    private enum Reach {
        case at(ScrapeOutcome)
        /// The program is busy for so long.
        case after(Duration)
        /// Nobody will answer.
        case never
    }

    /// The pods with an address, if any of the scrapes wants one of them.
    private func podAddresses(_ scrapes: [PrometheusServer.Scrape]) -> [String: ObjectID<Pod>] {
        let wanted = Set(scrapes.map { String(ScrapeAddress($0.request).host) })
        var found: [String: ObjectID<Pod>] = [:]
        cluster.context.store.pods.forEach { id, pod in
            let address = pod.status.podIP
            guard !address.isEmpty, wanted.contains(address), pod.spec.hostNetwork != true,
                pod.status.phase == "Running" || pod.status.phase == "Pending"
            else { return }
            found[address] = id
        }
        return found
    }

    private func reach(
        _ request: ScrapeRequest, _ pods: [String: ObjectID<Pod>], _ nodes: [String: String],
        isWaitedFor: Bool = false
    ) -> Reach {
        let address = ScrapeAddress(request)
        if let node = nodes[address.host] { return reach(node, port: address.port, path: address.path) }
        if address.path == "/metrics" {
            switch address.host.split(separator: ".").first {
            case "kube-state-metrics": return .at(exposeObjects().outcome)
            case "kubernetes": return .at(exposeAPIServer().outcome)
            case "rabbitmq": return .at(exposeTopics().outcome)
            case "otel-collector" where recordsTraces:
                return .at(address.port == 8888 ? exposeCollector().outcome : .connectionRefused)
            default: break
            }
        }
        guard let pod = pods[address.host] else {
            // An address of the pods' network that nobody has swallows packets; a name that nobody has is refused.
            return address.isNumeric ? .never : .at(.noSuchHost)
        }
        guard let sandbox = cluster.kubelet.sandbox(of: pod),
            let container = workloads.listeningContainer(sandbox, port: address.port)
        else { return .at(.connectionRefused) }
        if !isWaitedFor {
            guard let delay = workloads.responseDelay(of: container, now: now) else { return .never }
            if delay > .milliseconds(1) { return .after(delay) }
        }
        guard address.path == "/metrics" else { return .at(.status(404)) }
        var metrics = ExposedMetrics()
        exposeProgram(container, into: &metrics)
        return .at(metrics.outcome)
    }

    private func reach(_ node: String, port: Int, path: String) -> Reach {
        guard let id = cluster.kubelet.nodeID(node), cluster.kubelet.health(of: node)?.health == .healthy,
            workloads.machine(id) != nil
        else { return .never }
        var metrics = ExposedMetrics()
        switch (port, path) {
        case (10250, "/metrics/cadvisor"): exposeCgroups(on: id, into: &metrics)
        case (10250, "/metrics"): exposeKubelet(id, into: &metrics)
        case (9100, "/metrics"): exposeMachine(id, into: &metrics)
        case (9400, "/metrics") where (workloads.machine(id)?.gpus ?? 0) > 0: exposeGPUs(on: id, into: &metrics)
        case (10250, _), (9100, _): return .at(.status(404))
        default: return .at(.connectionRefused)
        }
        return .at(metrics.outcome)
    }

    /// Names of nodes by their addresses; of two with one address the first by name.
    private var nodeAddresses: [String: String] {
        var names: [String: String] = [:]
        cluster.context.store.nodes.forEach { _, node in
            guard let address = node.status.addresses.first(where: { $0.type == "InternalIP" })?.address else { return }
            let name = node.metadata.name
            if let known = names[address], ByteOrder.less(known, name) { return }
            names[address] = name
        }
        return names
    }
}

/// Where a scrape goes.
struct ScrapeAddress {
    var host: String
    var port: Int
    var path: String

    init(_ request: ScrapeRequest) {
        let text = request.address
        let colon = text.lastIndex(of: ":")
        host = colon.map { String(text[..<$0]) } ?? text
        let usual = request.url.hasPrefix("https:") ? 443 : 80
        port = colon.flatMap { Int(text[text.index(after: $0)...]) } ?? usual
        path = request.path
    }

    var isNumeric: Bool { host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (48...57).contains($0) } }
}
