import Cluster
import KubernetesAPI
import Monitoring
import Simulation

/// The Prometheus operator at work: monitors and rules that are stored lead to what Prometheus scrapes and evaluates.
extension World {
    /// Objects that the operator leaves out, and why; empty in a world without one.
    public var rejectedMonitors: [OperatedPrometheus.Remark] {
        guard let description = scenario.monitoring else { return [] }
        return monitoring?.monitors?.rejected(description) ?? []
    }

    /// Installs the kinds that the operator and KEDA bring along.
    mutating func installDefinitions() {
        var definitions: [JSONValue] = []
        if monitoring?.monitors != nil { definitions += OperatorDefinitions.objects }
        if monitoring?.scaling != nil { definitions += ScaledObjectDefinition.objects }
        for definition in definitions {
            _ = cluster.respond(
                to: APIRequest(.create, CustomKind.definition, body: definition), clock: &clock, logs: workloads)
        }
    }

    /// What was stored before time began is what Prometheus was started with.
    mutating func startOperator() {
        guard monitoring?.monitors != nil else { return }
        let objects = monitors
        guard objects != MonitoringOperator.Objects() else { return }
        clock.begin(event: clock.takeSequence(), at: clock.now)
        monitoring?.monitors?.seen = objects
        reportRejected(known: [])
        reloadPrometheus()
        setMonitoringTimer()
    }

    private var monitors: MonitoringOperator.Objects {
        var objects = MonitoringOperator.Objects()
        objects.serviceMonitors = cluster.customObjects(of: OperatorDefinitions.serviceMonitor).map(
            MonitoringOperator.essence)
        objects.podMonitors = cluster.customObjects(of: OperatorDefinitions.podMonitor).map(MonitoringOperator.essence)
        objects.prometheusRules = cluster.customObjects(of: OperatorDefinitions.prometheusRule).map(
            MonitoringOperator.essence)
        return objects
    }

    /// The operator's informers: a change leads to a new configuration, which Prometheus has some time later.
    mutating func observeMonitors() {
        guard let known = monitoring?.monitors else { return }
        let objects = monitors
        guard objects != known.seen else { return }
        let rejected = rejectedMonitors
        monitoring?.monitors?.seen = objects
        reportRejected(known: rejected)
        guard !known.isReloadPending else { return }
        monitoring?.monitors?.isReloadPending = true
        monitoring?.queue.schedule(.reload, after: MonitoringStack.reloadDelay, on: &clock)
    }

    private mutating func reportRejected(known: [OperatedPrometheus.Remark]) {
        for remark in rejectedMonitors where !known.contains(remark) {
            guard let (kind, namespace, name) = remark.parts else { continue }
            let resource =
                kind == "PodMonitor" ? OperatorDefinitions.podMonitor : OperatorDefinitions.serviceMonitor
            let object = cluster.customObjects(of: resource).first {
                $0["metadata"]?["namespace"]?.string == namespace && $0["metadata"]?["name"]?.string == name
            }
            guard let object else { continue }
            writeEvent(
                .init(
                    type: "Warning", reason: "InvalidConfiguration",
                    message: "\(kind) \(namespace)/\(name) was rejected due to invalid configuration: \(remark.text)",
                    component: "prometheus-controller"), about: object, resource)
        }
    }

    /// Prometheus reads its files anew.
    mutating func reloadPrometheus() {
        guard let description = scenario.monitoring, monitoring?.monitors != nil else { return }
        monitoring?.monitors?.isReloadPending = false
        let seen = monitoring?.monitors?.seen ?? MonitoringOperator.Objects()
        monitoring?.monitors?.loaded = seen
        guard let operated = monitoring?.monitors?.operated(description) else { return }
        let objects = discoveredObjects(for: operated.configuration.scrapeConfigurations)
        let time = epochMilliseconds
        let moved = monitoring?.prometheus.reload(
            operated.configuration, ruleFiles: operated.ruleFiles, objects: objects, seed: seed, now: time)
        monitoring?.move(moved ?? [:])
        // Discovery begins anew, whatever it has seen.
        monitoring?.seenChanges = nil
    }
}

extension MonitoringStack {
    /// Answers on their way find their pools at their new places; those of pools that are gone come to nobody.
    mutating func move(_ places: [Int: Int]) {
        answers = answers.compactMap { number, answer in
            guard let place = places[answer.scrape.pool] else { return nil }
            var answer = answer
            answer.scrape = PrometheusServer.Scrape(pool: place, request: answer.scrape.request)
            return (number, answer)
        }
    }
}

extension OperatedPrometheus.Remark {
    /// Kind, namespace and name of the object, where it is one.
    var parts: (kind: String, namespace: String, name: String)? {
        let words = object.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let slash = words[1].firstIndex(of: "/") else { return nil }
        return (String(words[0]), String(words[1][..<slash]), String(words[1][words[1].index(after: slash)...]))
    }
}
