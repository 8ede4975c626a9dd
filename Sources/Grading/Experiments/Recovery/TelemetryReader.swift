import Cluster
import KubernetesAPI
import Lab
import Monitoring
import PromQL
import Simulation
import Workloads

/// How each look is read off a world: what `kubectl`, Prometheus, the log store and traces show at that moment, compared
/// with what was usual before. It reads telemetry and objects, and none of the model's truth.
struct TelemetryReader: Sendable {
    /// What everybody knows of an ordinary day: requests a second, the slowest tenth, by service.
    private var usualRate: [DeskService: Double] = [:]
    private var usualLatency: [DeskService: Double] = [:]
    private var usualLogLatency: [DeskService: Double] = [:]
    private var usualTraces: TraceReading?

    /// Looks at a world in which nothing is wrong yet.
    /// - Parameter traces: what the same world has of traces, where it has some.
    init(usualOf world: borrowing World, traces: TraceStore?) {
        usualRate = byService("sum by (app) (rate(http_requests_total[10m]))", world)
        usualLatency = byService(Self.latency(over: "10m"), world)
        for service in DeskService.allCases {
            let lines = lines(of: service, minutes: 10, world).map(\.duration).sorted()
            usualLogLatency[service] = Estimate.quantile(0.9, ofSorted: lines)
        }
        usualTraces = traces.map(TraceReading.init(usualIn:))
    }

    private static func latency(over range: String) -> String {
        "histogram_quantile(0.9, sum by (le, app) (rate(http_request_duration_seconds_bucket[\(range)])))"
    }

    /// The findings of a look, in the order of its observables.
    func look(_ lookUp: LookUp, at world: borrowing World) -> [Bool] {
        var found: Set<Observable> = []
        switch lookUp {
        case .objects: found = objects(world)
        case .podLogs(let service): found = podLogs(service, world)
        case .requestMetrics: found = requestMetrics(world)
        case .resourceMetrics: found = resourceMetrics(world)
        case .logQuery: found = logQuery(world)
        case .traces: found = traces(world)
        }
        return lookUp.observables.map(found.contains)
    }

    // MARK: kubectl

    func pods(of service: DeskService, in world: borrowing World) -> Int { pods(service, world).count }

    private func pods(_ service: DeskService, _ world: borrowing World) -> [Pod] {
        var found: [Pod] = []
        for (_, pod) in world.cluster.context.store.pods.sorted
        where pod.metadata.labels["app"] == service.rawValue && pod.metadata.deletionTimestamp == nil {
            found.append(pod)
        }
        return found
    }

    private func objects(_ world: borrowing World) -> Set<Observable> {
        var found: Set<Observable> = []
        let now = world.wallTime.epochSeconds
        for service in DeskService.allCases {
            let pods = pods(service, world)
            if pods.contains(where: { !$0.isReady }) || pods.isEmpty { found.insert(.notReady(service)) }
            let restarted = pods.flatMap(\.status.containerStatuses).contains { status in
                guard status.restartCount > 0 else { return false }
                guard let began = status.state?.running?.startedAt?.epochSeconds else { return true }
                return now - began < 15 * 60
            }
            if restarted { found.insert(.restarting(service)) }
            // The revisions' images: the present one is not the oldest.
            var images: [(created: Int64, name: String, image: String)] = []
            for (_, set) in world.cluster.context.store.replicaSets.sorted
            where set.spec.template?.metadata.labels["app"] == service.rawValue {
                images.append(
                    (
                        set.metadata.creationTimestamp?.epochSeconds ?? 0, set.metadata.name,
                        set.spec.template?.spec.ownContainers.first?.image ?? ""
                    ))
            }
            images.sort { ($0.created, $0.name) < ($1.created, $1.name) }
            let present = pods.compactMap { $0.spec.ownContainers.first?.image }
            if let first = images.first?.image, present.contains(where: { $0 != first }) {
                found.insert(.newVersion(service))
            }
        }
        for (_, node) in world.cluster.context.store.nodes.sorted
        where !node.status.conditions.contains(where: { $0.type == "Ready" && $0.status == "True" }) {
            found.insert(.nodeLost)
        }
        return found
    }

    // MARK: Logs

    private struct Line {
        var status: Int
        var duration: Double
        var starts: Bool
    }

    /// The lines of a service's pods, as `kubectl logs` has them.
    private func lines(of service: DeskService, minutes: Int64, _ world: borrowing World) -> [Line] {
        var engine = LogQLEngine()
        engine.limits.entries = 20_000
        let now = world.epochMilliseconds * 1_000_000
        let query = LogQLQuery.range(
            "{namespace=\"\(world.scenario.namespace)\", app=\"\(service.rawValue)\"}",
            start: now - minutes * 60_000_000_000, end: now + 1, limit: 20_000)
        guard case .streams(let streams) = try? engine.run(query, in: world.logStore()) else { return [] }
        return streams.flatMap(\.entries).map { entry in
            func number(_ key: String) -> Int? {
                guard let place = entry.line.firstRange(of: key) else { return nil }
                return Int(entry.line[place.upperBound...].prefix { $0.isNumber })
            }
            return Line(
                status: number("status=") ?? -1, duration: Double(number("duration_ms=") ?? 0) / 1_000,
                starts: entry.line.contains("Started server process"))
        }
    }

    private func podLogs(_ service: DeskService, _ world: borrowing World) -> Set<Observable> {
        var found: Set<Observable> = []
        let lines = lines(of: service, minutes: 10, world)
        if lines.contains(where: \.starts) { found.insert(.restarting(service)) }
        let requests = lines.filter { $0.status >= 0 }
        note(requests.map { (status: $0.status, count: 1) }, service, &found)
        guard let usual = usualLogLatency[service], !requests.isEmpty else { return found }
        let slow = requests.count { $0.duration > 3 * usual + 0.05 }
        if Double(slow) > 0.25 * Double(requests.count) { found.insert(.slow(service)) }
        return found
    }

    /// What counts of answers by status show of a service; none at all is silence.
    private func note(_ counts: [(status: Int, count: Double)], _ service: DeskService, _ found: inout Set<Observable>)
    {
        let total = counts.reduce(0) { $0 + $1.count }
        guard total > 0 else {
            found.insert(.silent(service))
            return
        }
        func share(_ isCounted: (Int) -> Bool) -> Double {
            counts.reduce(0) { $0 + (isCounted($1.status) ? $1.count : 0) } / total
        }
        if share({ $0 != 200 }) > 0.05 { found.insert(.errors(service)) }
        if share({ $0 == 500 }) > 0.05 { found.insert(.ownErrors(service)) }
        if share({ $0 == 502 || $0 == 503 }) > 0.05 { found.insert(.badGateway(service)) }
        if share({ $0 == 504 }) > 0.05 { found.insert(.timeouts(service)) }
        if share({ $0 == 429 }) > 0.05 { found.insert(.limited(service)) }
    }

    private func logQuery(_ world: borrowing World) -> Set<Observable> {
        let query =
            "sum by (app, status) (count_over_time({namespace=\"\(world.scenario.namespace)\"} |= \"status=\" | logfmt [5m]))"
        let answer = try? LogQLEngine().run(
            .instant(query, at: world.epochMilliseconds * 1_000_000), in: world.logStore())
        var found: Set<Observable> = []
        guard case .vector(let samples) = answer else { return found }
        for service in DeskService.allCases {
            let counts = samples.filter { $0.labels["app"] == service.rawValue }.map {
                (status: Int($0.labels["status"]) ?? -1, count: $0.value)
            }
            note(counts, service, &found)
        }
        return found
    }

    func logsSeemHealthy(_ world: borrowing World) -> Bool {
        let lines = lines(of: .gateway, minutes: 3, world).filter { $0.status >= 0 }
        guard lines.count >= 20 else { return false }
        let usual = usualLogLatency[.gateway] ?? 0
        return Double(lines.count { $0.status != 200 }) < 0.05 * Double(lines.count)
            && Double(lines.count { $0.duration > 3 * usual + 0.05 }) < 0.15 * Double(lines.count)
    }

    // MARK: Metrics

    private func vector(_ query: String, _ world: borrowing World) -> [VectorElement] {
        guard let prometheus = world.monitoring?.prometheus,
            case .vector(let elements) =
                (try? prometheus.engine.instant(
                    query, in: prometheus.store, at: world.epochMilliseconds))?.value
        else { return [] }
        return elements
    }

    private func number(_ element: VectorElement) -> Double? {
        if case .float(let value) = element.value, value.isFinite { value } else { nil }
    }

    /// Values by the label `app`.
    private func byService(_ query: String, _ world: borrowing World) -> [DeskService: Double] {
        var found: [DeskService: Double] = [:]
        for element in vector(query, world) {
            guard let service = DeskService(rawValue: element.labels["app"]) else { continue }
            found[service] = number(element)
        }
        return found
    }

    private func requestMetrics(_ world: borrowing World) -> Set<Observable> {
        var found: Set<Observable> = []
        let rates = vector("sum by (app, code) (rate(http_requests_total[3m]))", world)
        let latency = byService(Self.latency(over: "3m"), world)
        for service in DeskService.allCases {
            let counts = rates.filter { $0.labels["app"] == service.rawValue }.map {
                (status: Int($0.labels["code"]) ?? -1, count: number($0) ?? 0)
            }
            let usual = usualRate[service] ?? 0
            let total = counts.reduce(0) { $0 + $1.count }
            note(total < 0.1 * usual ? [] : counts, service, &found)
            if let now = latency[service], let before = usualLatency[service], now > 2.5 * before + 0.05 {
                found.insert(.slow(service))
            }
            if service == .gateway, total > 2 * usual { found.insert(.manyRequests) }
        }
        return found
    }

    private func resourceMetrics(_ world: borrowing World) -> Set<Observable> {
        var found: Set<Observable> = []
        let busy = byService("max by (app) (rate(process_cpu_seconds_total[3m]))", world)
        let memory = byService("max by (app) (max_over_time(process_resident_memory_bytes[10m]))", world)
        for service in DeskService.allCases {
            if (busy[service] ?? 0) > 0.85 { found.insert(.busy(service)) }
            let pods = "pod=~\"\(service.rawValue)-[0-9a-z]+-[0-9a-z]+\""
            let limit = vector("max(kube_pod_container_resource_limits{resource=\"memory\", \(pods)})", world).first
            if let limit = limit.flatMap(number), let used = memory[service], used > 0.75 * limit {
                found.insert(.fillsMemory(service))
            }
            let restarts = vector("sum(increase(kube_pod_container_status_restarts_total{\(pods)}[15m]))", world).first
            if (restarts.flatMap(number) ?? 0) > 0.5 { found.insert(.restarting(service)) }
        }
        return found
    }

    /// How many alerts fire.
    func firingAlerts(_ world: borrowing World) -> Int {
        world.monitoring?.prometheus.groups.reduce(0) { sum, group in
            sum + group.rules.reduce(0) { $0 + $1.alerts.count { $0.state == .firing } }
        } ?? 0
    }

    func metricsSeemHealthy(_ world: borrowing World) -> Bool {
        let rates = vector("sum by (code) (rate(http_requests_total{app=\"gateway\"}[2m]))", world)
        let total = rates.reduce(0) { $0 + (number($1) ?? 0) }
        let good = rates.reduce(0) { $0 + ($1.labels["code"] == "200" ? number($1) ?? 0 : 0) }
        let latency = byService(Self.latency(over: "2m"), world)[.gateway] ?? .infinity
        return total > 0.5 * (usualRate[.gateway] ?? 0) && good >= 0.95 * total
            && latency < 1.5 * (usualLatency[.gateway] ?? 0) + 0.05
    }

    // MARK: Traces

    private func traces(_ world: borrowing World) -> Set<Observable> {
        guard let usual = usualTraces else { return [] }
        let since = UInt64(clamping: (world.epochMilliseconds - 5 * 60_000) * 1_000_000)
        return Set(usual.suspects(in: world.traceStore(), since: since).map(Observable.culprit))
    }
}
