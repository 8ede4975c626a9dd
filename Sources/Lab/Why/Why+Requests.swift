import Cluster
import KubernetesAPI
import Simulation
import Workloads

extension Why {
    /// One request's way, and where its time went.
    func request(_ number: UInt64) -> [WhyExplanation.Line] {
        let way = journal.notes.filter { $0.subject == "request/\(number)" }
        guard let first = way.first, let last = way.last else {
            return [
                WhyExplanation.Line(
                    world.workloads.hasBegun(request: number)
                        ? "request/\(number) is no user's request, or it was over before \(WhyExplanation.clock(begin.seconds))"
                        : "there is no request/\(number) yet; numbers below \(world.workloads.nextRequest) have been given"
                )
            ]
        }
        let isOver = last.text.hasPrefix("over: ")
        var lines = [
            WhyExplanation.Line(
                isOver
                    ? "request/\(number) \(last.text)"
                    : "request/\(number) has been under way for \(Self.text((world.now - first.time).seconds)): \(last.text)"
            )
        ]
        let spent = Self.times(way, until: isOver ? last.time : world.now)
        if !spent.isEmpty {
            lines.append(
                WhyExplanation.Line(
                    "its time went to " + spent.map { "\($0.kind) \(Self.text($0.seconds))" }.joined(separator: ", "),
                    depth: 1))
        }
        lines += self.lines(way, limit: 60)
        // What had befallen the pods that it passed through.
        var seen: Set<String> = []
        for name in way.flatMap({ Self.pods(in: $0.text) }) where seen.insert(name).inserted {
            let misfortunes = notes(of: "pod/" + name).filter { !$0.link.isEmpty && $0.time <= last.time }
            lines += self.lines(misfortunes, limit: 3)
        }
        return lines
    }

    private static func text(_ seconds: Double) -> String {
        seconds < 1 ? "\((seconds * 10_000).rounded() / 10) ms" : "\((seconds * 100).rounded() / 100) s"
    }

    /// Seconds by what the request was waiting for, the most first.
    static func times(_ way: [CausalJournal.Note], until end: SimulationTime) -> [(kind: String, seconds: Double)] {
        var sums: [(kind: String, seconds: Double)] = []
        for (index, note) in way.enumerated() {
            let next = index + 1 < way.count ? way[index + 1].time : end
            let seconds = (next - note.time).seconds
            guard seconds > 0 else { continue }
            let kind = kind(note.text)
            if let place = sums.firstIndex(where: { $0.kind == kind }) {
                sums[place].seconds += seconds
            } else {
                sums.append((kind, seconds))
            }
        }
        return sums.sorted { $0.seconds == $1.seconds ? $0.kind < $1.kind : $0.seconds > $1.seconds }
    }

    private static func kind(_ text: String) -> String {
        if text.hasPrefix("wants ") { return "CPU and waiting for it" }
        if text.hasPrefix("waits for one of") { return "waiting for a slot" }
        if text.hasPrefix("uses ") { return "tools" }
        if text.hasPrefix("step ") { return "models" }
        if text.contains("tries again") { return "waiting between attempts" }
        if text.hasPrefix("calls ") { return "the network" }
        return "other waiting"
    }

    /// `namespace/pod` names in a note.
    private static func pods(in text: String) -> [String] {
        text.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init).filter {
            $0.contains("/") && $0.contains("-")
        }
    }

    /// What users of a source got lately, what failed most, and what was wrong then.
    func traffic(_ name: String) -> [WhyExplanation.Line] {
        guard let place = world.workloads.traffic.firstIndex(where: { $0.name == name }) else {
            let known = world.workloads.traffic.map { "traffic/\($0.name)" }.joined(separator: ", ")
            return [WhyExplanation.Line("there is no traffic/\(name); the scenario has \(known)")]
        }
        let records = world.workloads.requestRecords.filter { $0.source == place }
        let failed = records.filter { $0.outcome != .ok }
        var since = max(begin, world.now - Self.recent)
        var outcomes = OutcomeCounts()
        for record in records { outcomes.count(record.outcome) }
        // Of aggregated traffic there are no single requests, but their counts.
        if records.isEmpty {
            let counted = world.workloads.traffic[place].since(since)
            (since, outcomes) = (max(since, counted.from), counted.level.outcomes)
        }
        let clock = WhyExplanation.clock(since.seconds)
        var lines = [
            WhyExplanation.Line(
                "traffic/\(name): \(outcomes.total) requests ended since \(clock), \(outcomes.failed) of them without a good answer, \(world.workloads.inFlight(ofTraffic: name)) have none yet"
            )
        ]
        let groups = Outcome.allCases.filter { $0 != .ok && outcomes[$0] > 0 }
            .sorted { outcomes[$0] > outcomes[$1] }
            .map { outcome in (outcome, failed.filter { $0.outcome == outcome }) }
        for (outcome, group) in groups.prefix(4) {
            lines.append(
                WhyExplanation.Line("\(outcomes[outcome]) ended as \(outcome): \(Self.meaning(outcome))", depth: 1))
            var counts: [String: Int] = [:]
            for record in group where !record.pod.isEmpty { counts[record.pod, default: 0] += 1 }
            let pods = counts.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }.prefix(3)
            for (pod, count) in pods {
                lines.append(WhyExplanation.Line("served \(count) of them", subject: "pod/\(pod)", depth: 2))
                lines += self.lines(
                    notes(of: "pod/" + pod).filter { !$0.link.isEmpty || $0.text.contains("Unhealthy") }, limit: 2,
                    depth: 3)
            }
            if outcome == .refused {
                lines += unreadyPods(behind: world.scenario.workloads.traffic[place].service, depth: 2)
            }
            guard !group.isEmpty else { continue }
            let examples = group.prefix(3).map { "request/\($0.id)" }.joined(separator: ", ")
            lines.append(WhyExplanation.Line("look at one: \(examples)", depth: 2))
        }
        for fault in world.incidents.inForce { lines.append(faultLine(fault, before: world.now, depth: 1)) }
        lines += trafficChanges(at: world.now, depth: 1).filter { $0.subject == "traffic/\(name)" }
        return lines
    }

    /// The pods of a service that take no requests, and what befell them.
    private func unreadyPods(behind service: String, depth: Int) -> [WhyExplanation.Line] {
        guard let object = store.services.named(service.contains("/") ? service : "default/" + service) else {
            return [WhyExplanation.Line("there is no service \(service)", depth: depth)]
        }
        var lines: [WhyExplanation.Line] = []
        for (_, pod) in store.pods.sorted
        where pod.metadata.namespace == object.metadata.namespace && !object.spec.selector.isEmpty && !pod.isReady
            && object.spec.selector.allSatisfy({ pod.metadata.labels[$0.key] == $0.value })
        {
            lines.append(WhyExplanation.Line(state(of: pod), subject: "pod/\(pod.key)", depth: depth))
            lines += self.lines(notes(of: "pod/" + pod.key).filter { !$0.link.isEmpty }, limit: 2, depth: depth + 1)
            if lines.count > 12 { break }
        }
        return lines
    }

    private static func meaning(_ outcome: Outcome) -> String {
        switch outcome {
        case .ok: "a good answer"
        case .clientError: "400, the context was too long for the model"
        case .tooManyRequests: "429, a model's limit was reached"
        case .serverError: "500, the program failed"
        case .badGateway: "502, something behind the server failed"
        case .unavailable: "503, the server sheds load"
        case .gatewayTimeout: "504, something behind the server took too long"
        case .loopDetected: "508, services call each other in a circle"
        case .refused: "no connection: no ready endpoint, or nothing listens"
        case .reset: "the connection broke: the pod died with the request in it"
        case .timedOut: "no answer within the client's time-out"
        case .abandoned: "the user left before an answer came"
        }
    }
}
