import KubernetesAPI
import Testing

@testable import Cluster

@Suite struct SchedulerConformanceTests {
    /// Cases that cannot hold, with the reason.
    static let knownDeviations: [String: String] = [
        "pvc-bound-local-pv-pins-node": "the lab binds claims by name only and has no PersistentVolumes"
    ]

    @Test func cases() throws {
        var seen = 0
        for document in try ConformanceFixtures.documents("scheduler") {
            for row in document["cases"]?.elements ?? [] {
                seen += 1
                let id = row["id"]?.string ?? "?"
                guard Self.knownDeviations[id] == nil else { continue }
                try check(row, id)
            }
        }
        #expect(seen >= 60)
    }

    private func check(_ row: JSONValue, _ id: String) throws {
        var infos = try (row["nodes"]?.elements ?? []).map { NodeInfo(try Node.decode(json: $0).object) }
        for value in row["existingPods"]?.elements ?? [] {
            let pod = defaulted(try Pod.decode(json: value).object)
            guard let index = infos.firstIndex(where: { $0.name == pod.spec.nodeName }) else { continue }
            infos[index].add(PodInfo(pod))
        }
        let pod = defaulted(try Pod.decode(json: row["pod"] ?? .null).object)
        var surroundings = SchedulingSurroundings()
        surroundings.namespaces["default"] = ["kubernetes.io/metadata.name": "default"]
        for claim in row["pvcs"]?.elements ?? [] {
            let object = try PersistentVolumeClaim.decode(json: claim).object
            surroundings.claims.insert(
                (object.metadata.namespace.isEmpty ? "default" : object.metadata.namespace) + "/" + object.metadata.name
            )
        }
        var selector = LabelSelector()
        for value in row["services"]?.elements ?? [] {
            let service = try Service.decode(json: value).object
            if !service.spec.selector.isEmpty,
                service.spec.selector.allSatisfy({ pod.metadata.labels[$0.key] == $0.value })
            {
                selector.matchLabels.merge(service.spec.selector) { first, _ in first }
            }
        }
        if !selector.isEmpty { surroundings.defaultSelector = selector }
        let cycle = SchedulingCycle(PodInfo(pod), infos, surroundings)
        let expect = row["expect"] ?? .null

        if let text = cycle.preFilterFailure {
            let message = "0/\(infos.count) nodes are available: \(text). not found"
            #expect(expect["failedSchedulingMessage"]?.string == message, "\(id)")
            #expect(expect["preFilterMessage"]?.string == text, "\(id)")
            return
        }
        let rejections = infos.map(cycle.filter)
        let feasible = infos.indices.filter { rejections[$0] == nil }
        #expect(
            feasible.map { infos[$0].name }.sorted()
                == (expect["feasible"]?.elements.compactMap(\.string) ?? []).sorted(), "\(id)")
        for (name, value) in expect["rejected"]?.members ?? [] {
            guard let index = infos.firstIndex(where: { $0.name == name }), let rejection = rejections[index] else {
                Issue.record("\(id): \(name) should be rejected")
                continue
            }
            #expect(rejection.plugin.rawValue == value["plugin"]?.string, "\(id) \(name)")
            #expect(
                (rejection.isUnresolvable ? "UnschedulableAndUnresolvable" : "Unschedulable") == value["code"]?.string,
                "\(id) \(name)")
            #expect(rejection.reasons == value["reasons"]?.elements.compactMap(\.string), "\(id) \(name)")
        }
        let scores = cycle.scores(feasible.map { infos[$0] })
        for (name, plugins) in expect["weightedScores"]?.members ?? [] {
            guard let place = feasible.firstIndex(where: { infos[$0].name == name }) else { continue }
            var found: [String: Int64] = ["DynamicResources": 0]
            for (plugin, values) in scores { found[plugin.rawValue] = values[place] }
            let wanted = Dictionary(uniqueKeysWithValues: plugins.members.map { ($0.key, $0.value.integer ?? -1) })
            var comparable = found
            if wanted["DynamicResources"] == nil { comparable["DynamicResources"] = nil }
            #expect(comparable == wanted, "\(id) \(name)")
        }
        // The totals, the order that follows, and the nodes among which the scheduler draws.
        var totals: [String: Int64] = [:]
        for (place, index) in feasible.enumerated() {
            totals[infos[index].name] = scores.reduce(0) { $0 + $1.scores[place] }
        }
        if let wanted = expect["totals"] {
            #expect(
                totals == Dictionary(uniqueKeysWithValues: wanted.members.map { ($0.key, $0.value.integer ?? -1) }),
                "\(id)")
        }
        let best = totals.values.max()
        if let wanted = expect["chosenAnyOf"] {
            #expect(
                totals.filter { $0.value == best }.keys.sorted() == wanted.elements.compactMap(\.string).sorted(),
                "\(id)")
        }
        if let wanted = expect["order"]?.elements.compactMap(\.string) {
            #expect(wanted.sorted() == totals.keys.sorted(), "\(id)")
            #expect(zip(wanted, wanted.dropFirst()).allSatisfy { totals[$0] ?? 0 >= totals[$1] ?? 0 }, "\(id)")
        }
        if let text = expect["failedSchedulingMessage"]?.string {
            let outcome = DefaultPreemption(cycle: cycle).run(rejections)
            let message = FailedSchedulingMessage.text(
                nodes: infos.count, reasons: rejections.compactMap { $0?.reasons }, postFilter: outcome.message)
            #expect(message == text, "\(id)")
            #expect(outcome.chosen.map { infos[$0.node].name } == expect["nominatedNode"]?.string, "\(id)")
            if let victims = expect["victims"]?.elements.compactMap(\.string) {
                #expect((outcome.chosen?.victims.map(\.pod.metadata.name) ?? []).sorted() == victims.sorted(), "\(id)")
            }
        }
    }

    /// What API defaulting does to a pod's resources before it reaches the scheduler.
    private func defaulted(_ pod: Pod) -> Pod {
        var pod = pod
        func fill(_ container: inout Container) {
            guard var resources = container.resources else { return }
            for (name, limit) in resources.limits where resources.requests[name] == nil {
                resources.requests[name] = limit
            }
            container.resources = resources
        }
        for index in pod.spec.containers.indices { fill(&pod.spec.containers[index]) }
        for index in pod.spec.initContainers.indices { fill(&pod.spec.initContainers[index]) }
        if pod.metadata.namespace.isEmpty { pod.metadata.namespace = "default" }
        return pod
    }
}
