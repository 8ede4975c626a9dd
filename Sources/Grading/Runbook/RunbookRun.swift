import Kubectl
import KubernetesAPI
import Lab
import Monitoring
import PromQL
import Simulation

/// A runbook at work in a world: what it saw, what it did, and when.
struct RunbookRun {
    /// How long the person on call takes, by what is done.
    struct Pace: Sendable {
        var query: Duration
        var log: Duration
        var action: Duration
    }

    /// One line of its journal, by the world's time.
    struct Entry: Equatable, Sendable {
        var time: SimulationTime
        var text: String
    }

    private(set) var journal: [Entry] = []
    private(set) var actions: [RunbookAction] = []
    let pace: Pace

    /// Most steps that are taken; a loop ends there.
    static let mostSteps = 100

    init(pace: Pace) { self.pace = pace }

    /// Takes a world from the page to `end`, or to the last step of the runbook.
    /// - Parameter advance: lets time pass; says whether the trial must stop.
    mutating func follow(
        _ runbook: Runbook, in world: inout World, until end: SimulationTime,
        advance: (inout World, SimulationTime) throws -> Bool
    ) throws {
        var place: Int? = 0
        for _ in 0..<Self.mostSteps {
            guard let index = place else {
                note(world, "the runbook is at its end")
                return
            }
            let step = runbook.steps[index]
            if case .end(let why) = step.deed {
                note(world, "ends: \(why)")
                return
            }
            guard world.now + time(of: step) <= end else {
                note(world, "there is no time left for \(step.title)")
                return
            }
            if try advance(&world, world.now + time(of: step)) { return }
            switch step.deed {
            case .promql, .logql:
                let answer = look(step, world)
                let holds: Bool
                switch answer {
                case .success(let values):
                    holds = step.condition.holds(values)
                    let shown = values.prefix(4).map(GoFloat.fixed).joined(separator: ", ")
                    let seen = values.isEmpty ? "nothing" : shown + (values.count > 4 ? ", …" : "")
                    note(world, "\(step.title) saw \(seen): \(holds ? "is" : "is not") \(step.condition.text)")
                case .failure(let failure):
                    holds = false
                    note(world, "\(step.title) got no answer: \(failure.text)")
                }
                place = runbook.place(holds ? step.then : step.otherwise, after: index)
            case .action(let action):
                perform(action, &world)
                place = runbook.place(step.then, after: index)
            case .wait(let duration):
                note(world, "waited for \(Figures.time(duration.seconds))")
                place = runbook.place(step.then, after: index)
            case .end: return
            }
        }
        note(world, "gave up after \(Self.mostSteps) steps")
    }

    private func time(of step: RunbookStep) -> Duration {
        switch step.deed {
        case .promql: pace.query
        case .logql: pace.log
        case .action: pace.action
        case .wait(let duration): duration
        case .end: .zero
        }
    }

    private mutating func note(_ world: borrowing World, _ text: String) {
        journal.append(Entry(time: world.now, text: Sanitised.text(text, limit: 300)))
    }

    private struct LookFailure: Error { var text: String }

    /// The numbers of an answer.
    private func look(_ step: RunbookStep, _ world: borrowing World) -> Result<[Double], LookFailure> {
        switch step.deed {
        case .promql(let query):
            guard let monitoring = world.monitoring else {
                return .failure(LookFailure(text: "there is no Prometheus"))
            }
            var options = monitoring.prometheus.engine.options
            options.maxSamples = min(options.maxSamples, 2_000_000)
            options.workBudget = 20_000_000
            let engine = QueryEngine(options: options)
            do {
                let result = try engine.instant(
                    query, in: monitoring.prometheus.store, at: world.epochMilliseconds)
                return .success(Self.numbers(result.value))
            } catch { return .failure(LookFailure(text: error.description)) }
        case .logql(let query):
            let now = world.epochMilliseconds * 1_000_000
            var limits = LogQLLimits()
            limits.bytesRead = 50_000_000
            limits.numbers = 1_000_000
            let engine = LogQLEngine(limits: limits)
            let store = world.logStore()
            do throws(LogQLError) {
                let isMetric = try LogQLEngine.isMetric(query)
                let result =
                    isMetric
                    ? try engine.run(.instant(query, at: now), in: store)
                    : try engine.run(
                        .range(
                            query, start: now - Self.logWindow.nanoseconds, end: now + 1, limit: limits.entries,
                            direction: .backward), in: store)
                return .success(Self.numbers(result))
            } catch { return .failure(LookFailure(text: "\(error)")) }
        case .action, .wait, .end: return .success([])
        }
    }

    /// How far back a query for lines looks.
    static let logWindow: Duration = .minutes(5)

    private static func numbers(_ value: QueryValue) -> [Double] {
        switch value {
        case .scalar(let number): [number]
        case .string: []
        case .vector(let elements):
            elements.map { element in
                switch element.value {
                case .float(let number): number
                case .histogram(let histogram): histogram.count
                }
            }
        case .matrix(let series): series.flatMap { $0.floats.map(\.value) }
        }
    }

    private static func numbers(_ result: LogQLResult) -> [Double] {
        switch result {
        case .streams(let streams):
            let lines = streams.reduce(0) { $0 + $1.entries.count }
            return lines == 0 ? [] : [Double(lines)]
        case .vector(let samples): return samples.map(\.value)
        case .scalar(_, let value): return [value]
        case .matrix(let series): return series.compactMap { $0.points.last?.value }
        }
    }

    /// Does it as kubectl would, and notes what kubectl says.
    mutating func perform(_ action: RunbookAction, _ world: inout World) {
        let said = Self.kubectl(action.arguments, on: &world)
        actions.append(action)
        note(world, "\(action.words): \(said)")
    }

    /// Runs kubectl in the scenario's namespace.
    /// - Returns: what it prints, on one line.
    @discardableResult static func kubectl(_ arguments: [String], on world: inout World) -> String {
        let environment = RecordedEnvironment(defaultNamespace: world.scenario.namespace, files: [:])
        _ = KubectlCommand.run(arguments, on: &world, environment: environment)
        return environment.transcript.split(separator: "\n").filter { !$0.hasPrefix("Warning:") }
            .joined(separator: "; ")
    }
}

extension RunbookStep {
    /// Its name, or what it does.
    var title: String {
        guard name.isEmpty else { return name }
        return switch deed {
        case .promql: "a query"
        case .logql: "a look into the logs"
        case .action(let action): action.words
        case .wait: "a pause"
        case .end: "the end"
        }
    }
}
