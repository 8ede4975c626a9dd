import Foundation
import Lab
import Simulation
import Testing

@testable import Grading

/// Runbooks: what may be handed in, what their steps do to a world, and what a trial says of them.
@Suite struct RunbookTests {
    static let scenario = """
        name: shop
        namespace: shop
        nodes: [{name: a, cpu: "4", memory: 8Gi}]
        workloads:
          images:
            web:
              service: {stages: [{compute: 0.01}]}
              startup: {importing: 1}
              port: 8000
          traffic: [{name: users, service: shop/web, timeout: 5s, rate: [{at: 0s, rate: 2}]}]
        monitoring: {}
        manifests: [web.yaml]
        """

    static let manifests = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8000}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata:
              labels: {app: web}
              annotations: {prometheus.io/scrape: "true", prometheus.io/port: "8000"}
            spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 8000}]}]}
        """

    static let exercise = """
        title: One bad version
        minutes: 5
        situation: s
        handIn: [{file: runbook.yaml, objects: []}]
        trial:
          duration: 8m
          runbook:
            file: runbook.yaml
            source: users
            slow: 2s
            page: 1m
            query: 10s
            action: 20s
            reference: 20s
            releases: [{at: 1m, deployment: web, image: "web:2"}]
            incidents:
              - name: amber
                cases:
                  - begins: 1m
                    faults: [{name: bad, at: 0s, workload: {image: {name: "web:2", condition: {errorRate: 0.8}}}}]
                    cure: {rollback: Deployment/web}
        criteria:
          - {id: few, title: t, points: 5, expect: mean(incident/amber.hurt) <= 1.5 * mean(incident/amber.reference)}
          - {id: well, title: t, points: 5, expect: always(incident/amber.recovered == 1)}
        hints: [a, b, c]
        debrief: d
        wrong: []
        """

    static func folder(_ exercise: String = exercise) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, text) in [("exercise.yaml", exercise), ("scenario.yaml", scenario), ("web.yaml", manifests)] {
            try text.write(toFile: folder.path + "/" + name, atomically: true, encoding: .utf8)
        }
        return folder
    }

    static func runbook(_ steps: String...) -> String {
        "apiVersion: kubelab.dev/v1\nkind: Runbook\nspec:\n  steps:\n" + steps.map { "    - \($0)\n" }.joined()
    }

    private static func fault(_ text: String) -> ConfigurationError? {
        do { _ = try Runbook(parsing: text, file: "runbook.yaml") } catch { return error as? ConfigurationError }
        return nil
    }

    @Test(arguments: [
        ("{promql: \"sum(\"}", "spec.steps[0].promql", "parse error"),
        ("{logql: \"{app=\"}", "spec.steps[0].logql", "parse error"),
        ("{promql: up, when: \"about 3\"}", "spec.steps[0].when", "no condition"),
        ("{promql: up, then: nowhere}", "spec.steps[0].then", "there is no step \"nowhere\""),
        ("{restart: web}", "spec.steps[0].restart", "Deployment/NAME"),
        ("{restart: Deployment/--all}", "spec.steps[0].restart", "Deployment/NAME"),
        ("{restart: Deployment/web, wait: 1m}", "spec.steps[0]", "one thing"),
        ("{scale: {deployment: web, replicas: 9000}}", "spec.steps[0].scale.replicas", "between 0 and 20"),
        ("{wait: 1m, else: end}", "spec.steps[0].else", "only a look decides"),
    ])
    func aMistakeIsToldWithItsPlace(_ step: String, _ path: String, _ message: String) throws {
        let fault = try #require(Self.fault(Self.runbook(step)))
        #expect(fault.line == 5 && fault.path == path && fault.message.contains(message), "\(fault)")
    }

    /// What no world of the exercise has is told before a trial, and not counted as harm in one.
    @Test(arguments: ["restart: Deployment/wbe", "scale: {deployment: wbe, replicas: 3}"])
    func aDeploymentThatIsNotThereIsNamed(_ action: String) throws {
        let folder = try Self.folder()
        let exercise = try Exercise.read(folder.path)
        let text = Self.runbook("{promql: up}", "{\(action)}")
        let faults = Submission(files: [Submission.File(name: "runbook.yaml", text: text)]).faults(in: exercise)
        let fault = try #require(faults.first)
        #expect(fault.line == 6 && fault.message.hasPrefix("there is no Deployment \"wbe\"; there are "), "\(fault)")
    }

    @Test func tooMuchIsRefused() throws {
        let many = try #require(
            Self.fault(Self.runbook(Array(repeating: "{wait: 1s}", count: 10_000).joined(separator: "\n    - "))))
        #expect(many.message.contains("between 1 and 200 steps"))
        let long = "{promql: \"\(String(repeating: "up + ", count: 1_000))up\"}"
        #expect(try #require(Self.fault(Self.runbook(long))).message.contains("longer than"))
    }

    private static func trial(_ text: String) throws -> Trial {
        let folder = try folder()
        let exercise = try Exercise.read(folder.path)
        return Trial.run(
            exercise, Submission(files: [Submission.File(name: "runbook.yaml", text: text)], predictions: nil), seed: 1)
    }

    private static func value(_ field: String, _ trial: Trial) -> Double? {
        trial.recording.signals["incident/amber.\(field)"]?.value(at: .zero)
    }

    @Test func theRightActionHelpsAndIsToldMinuteByMinute() throws {
        let query = "{promql: 'sum(rate(http_requests_total{app=\"web\",code=\"500\"}[1m]))', when: '> 0.2'}"
        let text = Self.runbook(query, "{rollback: Deployment/web}")
        let (one, other) = (try Self.trial(text), try Self.trial(text))
        #expect(one.end == .completed && one.recording.digest == other.recording.digest)
        #expect(one.recording.journals == other.recording.journals)
        let hurt = try #require(Self.value("hurt", one))
        let reference = try #require(Self.value("reference", one))
        #expect(hurt > 0 && hurt <= reference && Self.value("recovered", one) == 1 && Self.value("harm", one) == 0)
        let journal = try #require(one.recording.journals["amber"])
        #expect(journal.contains { $0.hasPrefix("2m10s a query saw") && $0.hasSuffix("is > 0.2") }, "\(journal)")
        #expect(journal.contains("2m30s roll web back: deployment.apps/web rolled back"), "\(journal)")
        let idle = try Self.trial(Self.runbook("{end: nothing}"))
        #expect(try #require(Self.value("hurt", idle)) > 2 * reference && Self.value("recovered", idle) == 0)
    }

    @Test func aLoopEndsWithItsSteps() throws {
        let trial = try Self.trial(Self.runbook("{name: again, wait: 1s, then: again}"))
        #expect(trial.end == .completed)
        #expect(try #require(trial.recording.journals["amber"]).contains { $0.contains("gave up after 100 steps") })
    }

    @Test func actionsAreThoseOfKubectl() throws {
        let folder = try Self.folder()
        var world = try Exercise.read(folder.path).scenario.world(seed: 1)
        try world.advance(to: .zero + .seconds(30))
        func replicas() -> Double? {
            (try? Measurement(parsing: "deployment/web.desired", namespace: "shop"))?.value(in: world)
        }
        var run = RunbookRun(pace: .init(query: .seconds(1), log: .seconds(1), action: .seconds(1)))
        run.perform(.scale("web", 5), &world)
        #expect(replicas() == 5)
        run.perform(.restart("web"), &world)
        run.perform(.rollback("nobody"), &world)
        #expect(run.journal.map(\.text)[0] == "scale web to 5: deployment.apps/web scaled")
        #expect(run.journal.map(\.text)[1] == "restart web: deployment.apps/web restarted")
        #expect(run.journal.map(\.text)[2].contains("not found"))
    }

    @Test func mutantsChangeOneThing() {
        let text = Self.runbook(
            "{name: a, promql: up, when: '> 0.5', then: b, else: c}", "{name: b, rollback: Deployment/web, then: end}",
            "{name: c, restart: Deployment/web}")
        let mutations = Runbook.mutations(of: text)
        #expect(
            mutations.map(\.name) == [
                "step a removed", "step a when times 10", "step a when divided by 10", "step a then and else swapped",
                "step b removed", "step c removed", "step b does what c does",
                "step c does what b does",
            ])
        #expect(mutations.allSatisfy { Self.fault($0.text) == nil })
    }
}
