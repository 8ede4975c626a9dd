import Foundation
import Lab
import Simulation
import Synchronization
import Workloads

extension Trial {
    /// Runs a runbook in every incident of an exercise; the recording says how many users were hurt from the page on,
    /// beside how many it would have been with the reference's action.
    static func runRunbook(
        _ description: RunbookDescription, _ exercise: Exercise, _ submission: Submission, seed: UInt64,
        isOver: () -> Bool
    ) -> Trial {
        var recording = TrialRecording(
            duration: exercise.content.trial.duration, startOfDay: exercise.scenario.scenario.startOfDay)
        guard let file = submission.files.first(where: { $0.name == description.file }) else {
            return Trial(end: .stopped("\(description.file) is missing"), recording: recording)
        }
        let runbook: Runbook
        do { runbook = try Runbook(parsing: file.text, file: file.name) } catch {
            let failure = error as? ConfigurationError ?? ConfigurationError(file: file.name, message: "\(error)")
            return Trial(end: .refused([failure]), recording: recording)
        }
        var digest = SHA256()
        for incident in description.incidents {
            let trial: IncidentTrial
            do {
                trial = try IncidentTrial(
                    incident, description, exercise, runbook, seed: seed, used: recording.events, isOver: isOver)
            } catch let why as IncidentTrial.Stop {
                return Trial(end: .stopped("in the incident \(incident.name), \(why.text)"), recording: recording)
            } catch {
                return Trial(
                    end: .stopped("the incident \(incident.name) cannot begin: \(error)"), recording: recording)
            }
            recording.events += trial.events
            digest.update(trial.digest.utf8)
            for (field, value) in trial.values {
                var series = StepSeries()
                series.note(value, at: .zero)
                recording.signals["incident/\(incident.name).\(field)"] = series
            }
            recording.journals[incident.name] = trial.journal
        }
        recording.digest = String(SHA256.hexadecimal(of: digest.finish()).prefix(16))
        return Trial(end: .completed, recording: recording)
    }
}

/// One incident, lived through with a runbook and, from the page on, once more with the reference's action.
private struct IncidentTrial {
    /// Why there is no result.
    struct Stop: Error { var text: String }

    var values: [(field: String, value: Double)]
    var journal: [String]
    var digest: String
    var events: UInt64

    private static let references = Mutex([String: Double]())

    init(
        _ incident: IncidentDescription, _ description: RunbookDescription, _ exercise: Exercise, _ runbook: Runbook,
        seed: UInt64, used: UInt64, isOver: () -> Bool
    ) throws {
        let budget = exercise.content.trial.events
        let end = SimulationTime.zero + exercise.content.trial.duration
        var stream = RandomStream(seed: seed, name: "incident/\(incident.name)")
        let which = incident.cases[Int(stream.below(UInt64(incident.cases.count)))]
        let delay = Duration(seconds: (stream.unit() * description.jitter.seconds).rounded())
        var staging = exercise.scenario
        staging.scenario.faults += which.faults.map { fault in
            var later = fault
            later.at = fault.at.map { $0 + delay }
            return later
        }
        var releases = description.releases.sorted { $0.at < $1.at }[...]
        var spent: UInt64 = 0
        func advance(_ world: inout World, to time: SimulationTime) throws -> Bool {
            while true {
                let next = min(time, releases.first.map { .zero + $0.at + delay } ?? time)
                let before = world.counts.total
                let rest = budget - min(budget, used + spent)
                do {
                    let stopped = try world.advance(to: next, budget: rest, watching: []) { _ in isOver() }
                    spent += world.counts.total - before
                    if stopped { throw Stop(text: "there was no time left for it") }
                } catch let error as RunError {
                    throw Stop(text: "\(error) (all incidents together have a budget of \(budget) events)")
                }
                guard let release = releases.first, .zero + release.at + delay <= next else { return false }
                releases.removeFirst()
                RunbookRun.kubectl(
                    ["set", "image", "deployment/\(release.deployment)", "\(release.deployment)=\(release.image)"],
                    on: &world)
            }
        }
        var world = try staging.world(seed: seed)
        let begin = SimulationTime.zero + which.begins + delay
        let page = begin + description.page
        _ = try advance(&world, to: page)
        let key = "\(exercise.hash)/\(incident.name)/\(seed)"
        let (atPage, toCome) = (world, releases)
        var run = RunbookRun(
            pace: RunbookRun.Pace(query: description.query, log: description.log, action: description.action))
        try run.follow(runbook, in: &world, until: end, advance: advance)
        _ = try advance(&world, to: end)
        let seen = Self.harm(world, description, from: page, to: end)
        digest = world.digest.value.description
        let reference: Double
        if let known = Self.references.withLock({ $0[key] }) {
            reference = known
        } else {
            var other = atPage
            releases = toCome
            _ = try advance(&other, to: min(end, page + description.reference + description.action))
            var journal = RunbookRun(pace: run.pace)
            journal.perform(which.cure, &other)
            _ = try advance(&other, to: end)
            reference = Self.harm(other, description, from: page, to: end).hurt
            Self.references.withLock {
                if $0.count >= 2_000 { $0.removeAll() }
                $0[key] = reference
            }
        }
        events = spent
        let allowed = [which.cure.deployment] + which.harmless
        let harm = run.actions.count { !allowed.contains($0.deployment) }
        values = [
            ("hurt", seen.hurt), ("reference", reference), ("recovered", seen.recovered == nil ? 0 : 1),
            ("actions", Double(run.actions.count)), ("harm", Double(harm)),
        ]
        journal =
            ["\(Figures.clock(begin)) users begin to be hurt", "\(Figures.clock(page)) the page comes"]
            + run.journal.map { "\(Figures.clock($0.time)) \($0.text)" }
            + [
                seen.recovered.map { "\(Figures.clock($0)) users are served well again, and stay so" }
                    ?? "\(Figures.clock(end)) users are still hurt",
                "\(Int(seen.hurt)) users hurt since the page; \(Int(reference)) with the right action after \(Figures.time((description.reference + description.action).seconds))",
            ]
    }

    /// Users who failed or waited too long, by when their request ended, and since when it has been well to the end.
    private static func harm(
        _ world: borrowing World, _ description: RunbookDescription, from page: SimulationTime, to end: SimulationTime
    ) -> (hurt: Double, recovered: SimulationTime?) {
        guard let level = world.workloads.traffic(named: description.source) else { return (0, nil) }
        var hurt = 0.0
        var since = page
        for window in level.windows where window.start >= page {
            let bad = Population.not(.within(description.slow)).count(in: window)
            hurt += bad
            let length = world.scenario.workloads.accounting.window
            if bad > 0.2 * max(1, Population.all.count(in: window)) { since = window.start + length }
        }
        return (hurt, since + Self.settled <= end ? since : nil)
    }

    /// So long it must have been well at the end.
    private static let settled: Duration = .minutes(1)
}
