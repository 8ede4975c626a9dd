import Cluster
import KubernetesAPI
import Simulation
import Workloads

/// Explains a world from the journal that a replay of its past kept: what is, what led to it, and the input or the
/// fault that began it.
///
/// Ordinary runs keep no journal and pay nothing for it. Somebody who asks has the past lived through again from the
/// nearest snapshot, with the journal on; since a replay is exact, what it shows is what happened.
public struct Why {
    /// How far back a replay goes for an answer, beyond the snapshot before that.
    public static let window: Duration = .minutes(30)
    /// How far back failures of traffic are counted.
    static let recent: Duration = .minutes(5)

    let subject: WhySubject
    let world: World
    let journal: CausalJournal
    /// When the journal begins.
    let begin: SimulationTime
    private let notesByEvent: [UInt64: [CausalJournal.Note]]

    /// Lives through what is left of a replay up to an instant and explains.
    /// - Parameters:
    ///   - replay: the past, from where causes are to be looked for.
    ///   - time: the instant that the question is about.
    /// - Throws: `RunError` and what inputs throw.
    public static func explain(_ subject: WhySubject, in replay: Replay, at time: SimulationTime) throws
        -> WhyExplanation
    {
        var replay = replay
        replay.keepJournal()
        let begin = replay.world.now
        if case .request(let number) = subject { replay.world.workloads.follow(request: number) }
        if case .traffic = subject {
            try replay.advance(to: max(begin, time - recent))
            replay.world.workloads.recordRequests(true)
        }
        try replay.advance(to: time)
        return Why(subject: subject, world: replay.world, begin: begin).explanation
    }

    init(subject: WhySubject, world: World, begin: SimulationTime) {
        self.subject = subject
        self.world = world
        self.begin = begin
        journal = world.clock.journal ?? CausalJournal()
        notesByEvent = Dictionary(grouping: journal.notes, by: \.event)
    }

    var explanation: WhyExplanation {
        let lines =
            switch subject {
            case .pod(let key): pod(key)
            case .horizontalPodAutoscaler(let key): autoscaler(key)
            case .deployment(let key): deployment(key)
            case .node(let name): node(name)
            case .request(let number): request(number)
            case .traffic(let name): traffic(name)
            }
        return WhyExplanation(subject: subject.journalName, at: world.now.seconds, lines: lines)
    }

    var store: APIStore { world.cluster.context.store }

    // MARK: Notes

    /// Notes about a subject that say more than that a field of it changed.
    func notes(of subject: String) -> [CausalJournal.Note] {
        journal.notes.filter { $0.subject == subject && Self.isTelling($0) }
    }

    static func isTelling(_ note: CausalJournal.Note) -> Bool {
        !note.text.contains(" at revision ") && !note.subject.hasPrefix("workload-fault/")
    }

    /// The same notes with repetitions told once.
    static func condensed(_ notes: [CausalJournal.Note]) -> [(note: CausalJournal.Note, times: Int)] {
        var result: [(note: CausalJournal.Note, times: Int)] = []
        for note in notes {
            if let place = result.lastIndex(where: { $0.note.text == note.text }), place >= result.count - 3 {
                result[place].times += 1
            } else {
                result.append((note, 1))
            }
        }
        return result
    }

    /// Notes as lines, each followed by the fault that it follows from.
    func lines(_ notes: [CausalJournal.Note], limit: Int = 14, depth: Int = 0) -> [WhyExplanation.Line] {
        let all = Self.condensed(notes)
        var lines: [WhyExplanation.Line] = []
        if all.count > limit {
            lines.append(WhyExplanation.Line("(\(all.count - limit) earlier entries are left out)", depth: depth))
        }
        for (note, times) in all.suffix(limit) {
            let repeated = times > 1 ? " (\(times) times)" : ""
            lines.append(
                WhyExplanation.Line(
                    at: note.time, note.text + repeated, subject: note.subject, isRoot: note.isRoot, depth: depth))
            lines += link(note, depth: depth + 1)
        }
        return lines
    }

    /// The fault that a note names as what it follows from.
    func link(_ note: CausalJournal.Note, depth: Int) -> [WhyExplanation.Line] {
        guard note.link.hasPrefix("workload-fault/"), let number = UInt32(note.link.dropFirst("workload-fault/".count))
        else { return [] }
        let known = journal.notes.last { $0.subject == note.link }?.text
        guard let name = known ?? world.incidents.name(of: FaultID(rawValue: number)) else { return [] }
        return [faultLine(name, before: note.time, depth: depth)]
    }

    /// When a fault last began before an instant, and what it does.
    func faultLine(_ name: String, before time: SimulationTime, depth: Int) -> WhyExplanation.Line {
        let begun = world.incidents.timeline.last { $0.time <= time && $0.text == "fault \(name) begins" }?.time
        let effect = world.incidents.faults.last { $0.name == name }?.effect.summary ?? ""
        return WhyExplanation.Line(at: begun, "began: \(effect)", subject: "fault/\(name)", isRoot: true, depth: depth)
    }

    // MARK: Chains

    /// What led to an event, from its cause to the input, fault or decision that began it: the nearest first.
    func chain(from event: UInt64, of subject: String) -> [CausalJournal.Note] {
        var result: [CausalJournal.Note] = []
        var current = event
        for _ in 0..<50_000 {
            let here = notesByEvent[current] ?? []
            let telling =
                here.last { $0.isRoot } ?? here.first { Self.isRescale($0) }
                ?? here.last { Self.isTelling($0) && $0.subject != subject }
            if let telling, result.last.map({ $0.subject != telling.subject || $0.text != telling.text }) ?? true {
                result.append(telling)
            }
            if telling?.isRoot == true || Self.isRescale(telling) { break }
            guard let cause = journal.cause(of: current), cause != 0, cause != current else { break }
            current = cause
        }
        return result
    }

    static func isRescale(_ note: CausalJournal.Note?) -> Bool {
        guard let note else { return false }
        return note.subject.hasPrefix("horizontalpodautoscaler/") && note.text.hasPrefix("from ")
    }

    /// A chain as lines that each lie behind the one before. Long chains lose their middle.
    func chainLines(from event: UInt64, of subject: String, depth: Int = 1) -> [WhyExplanation.Line] {
        var notes = chain(from: event, of: subject)
        guard let last = notes.last else {
            let text =
                begin == .zero
                ? "it is there since the scenario began"
                : "what began it lies before \(WhyExplanation.clock(begin.seconds)), where this replay begins"
            return [WhyExplanation.Line(text, depth: depth)]
        }
        if notes.count > 8 { notes = Array(notes.prefix(4) + notes.suffix(4)) }
        var lines: [WhyExplanation.Line] = []
        for (index, note) in notes.enumerated() {
            lines.append(
                WhyExplanation.Line(
                    at: note.time, note.text, subject: note.subject, isRoot: note.isRoot, depth: depth + min(index, 5)))
            lines += link(note, depth: depth + min(index, 5) + 1)
        }
        if Self.isRescale(last) { lines += trafficChanges(at: last.time, depth: depth + min(notes.count, 6)) }
        return lines
    }

    /// Sources of traffic whose rate changed much within five minutes before an instant.
    func trafficChanges(at time: SimulationTime, depth: Int) -> [WhyExplanation.Line] {
        world.workloads.traffic.compactMap { level in
            let before = world.workloads.rate(ofTraffic: level.name, now: max(.zero, time - Self.recent))
            let now = world.workloads.rate(ofTraffic: level.name, now: time)
            guard max(before, now) > 0, now > before * 1.2 || now < before * 0.8 else { return nil }
            func text(_ rate: Double) -> String {
                rate < 10 ? "\((rate * 100).rounded() / 100)" : "\(Int(rate.rounded()))"
            }
            return WhyExplanation.Line(
                at: time,
                "\(now > before ? "rose" : "fell") from \(text(before)) to \(text(now)) requests/s within five minutes",
                subject: "traffic/\(level.name)", isRoot: true, depth: depth)
        }
    }
}

extension Incidents {
    /// The name of the fault that is in force under an identifier of the workloads.
    func name(of id: FaultID) -> String? {
        active.keys.sorted().first { active[$0] == .some(id) }.map { faults[Int($0)].name }
    }
}

extension LabSession {
    /// Answers `why`: replays the lab's past from the snapshot before the window and explains.
    /// - Parameters:
    ///   - subject: what is asked about.
    ///   - time: the instant of the question; nil for the present. Not later than the present.
    /// - Throws: `LabStoreError`, `RunError`.
    public func why(_ subject: WhySubject, at time: SimulationTime? = nil) throws -> WhyExplanation {
        let time = min(time ?? world.now, world.now)
        var past = try replay(from: max(.zero, time - Why.window))
        if case .request(let number) = subject, past.world.workloads.hasBegun(request: number) {
            past = try replayFromStart()
        }
        return try Why.explain(subject, in: past, at: time)
    }
}
