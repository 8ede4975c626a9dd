import Foundation
import Lab
import Simulation
import Testing

@testable import Grading

/// Load tests that tell sound sets of manifests from others.
@Suite struct LoadTestTests {
    static let scenario = """
        name: staging
        namespace: shop
        nodes: [{name: a, cpu: "4", memory: 8Gi}]
        workloads:
          images:
            web:
              service: {stages: [{compute: 0.1}]}
              startup: {importing: 1}
              port: 8000
          providers: {model: {requestsPerMinute: 10}}
          traffic: [{name: users, service: shop/web, timeout: 5s}]
        """

    static let exercise = """
        title: Two sets
        minutes: 5
        situation: s
        handIn: [{file: load.yaml, objects: []}]
        trial:
          duration: 10m
          candidates: {test: load.yaml, source: users}
        criteria:
          - {id: two, title: t, points: 5, expect: always(candidate/two.passed == 1)}
          - {id: none, title: t, points: 5, expect: never(candidate/none.passed == 1)}
          - {id: budget, title: t, points: 5, expect: max(candidate/two.requests) <= 900}
        hints: [a, b, c]
        debrief: d
        wrong: []
        """

    static func manifests(_ replicas: Int) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8000}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: \(replicas)
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 8000}]}]}
        """
    }

    static func load(
        _ load: String = "rate: 4", duration: String = "3m",
        pass: String = "share of requests(traffic/users, good) after 1m >= 95%"
    ) -> String {
        """
        apiVersion: kubelab.dev/v1
        kind: LoadTest
        spec:
          duration: \(duration)
          load: {\(load)}
          pass:
            - \(pass)
        """
    }

    static func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        func write(_ path: String, _ text: String) throws {
            let file = URL(fileURLWithPath: folder.path + "/" + path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        try write("scenario.yaml", scenario)
        try write("exercise.yaml", exercise)
        try write("sets/sound/two/web.yaml", manifests(2))
        try write("sets/defective/none/web.yaml", manifests(0))
        return folder
    }

    static func submission(_ text: String) -> Submission { Submission(files: [.init(name: "load.yaml", text: text)]) }

    @Test func itTellsTheSetsApart() throws {
        let folder = try Self.folder()
        let exercise = try Exercise.read(folder.path)
        let submission = Self.submission(Self.load())
        let first = Grader(exercise: exercise).grade(submission, seeds: .these([1, 2]))
        #expect(first.faults == [])
        #expect(first.points == 15)
        let again = Grader(exercise: exercise, width: 1).grade(submission, seeds: .these([1, 2]))
        #expect(first.receipt == again.receipt)
        let blind = Self.submission(Self.load(pass: "max(deployment/web.desired) <= 5"))
        #expect(Grader(exercise: exercise).grade(blind, seeds: .these([1])).points == 10)
        let dear = Self.submission(Self.load("rate: 8"))
        #expect(Grader(exercise: exercise).grade(dear, seeds: .these([1])).points == 10)
    }

    @Test func badLoadTestsAreErrorsAtTheirLine() throws {
        let folder = try Self.folder()
        let exercise = try Exercise.read(folder.path)
        let cases: [(String, Int, String)] = [
            (Self.load("rate: 4, users: 3"), 5, "unknown field"),
            (Self.load("rate: -1"), 5, "rates lie between"),
            (Self.load("rate: 4, closed: {users: 3}"), 5, "either a rate or a closed loop"),
            (Self.load(duration: "2h"), 4, "10m at most"),
            (Self.load(pass: "share of requests(traffic/nobody, good) >= 1%"), 7, "staging has no traffic/nobody"),
            (Self.load(pass: "max(candidate/two.passed) >= 1"), 7, "no other candidates"),
            (Self.load(pass: "everything is well"), 7, "column"),
            ("kind: Deployment", 0, "is missing"),
            ("", 0, "empty"),
        ]
        for (text, line, words) in cases {
            let faults = Self.submission(text).faults(in: exercise)
            #expect(faults.count == 1, "\(text): \(faults)")
            #expect(line == 0 || faults.first?.line == line, "\(text): \(faults)")
            #expect(faults.first?.description.contains(words) ?? false, "\(text): \(faults)")
            #expect(
                Grader(exercise: exercise).grade(Self.submission(text), faults: [], seeds: .these([1])).status
                    == .ungradable)
        }
    }

    @Test func exercisesMayOnlyNameSetsThatExist() throws {
        let folder = try Self.folder()
        let path = folder.path + "/exercise.yaml"
        try Self.exercise.replacing("candidate/none.passed", with: "candidate/nothing.passed")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: ConfigurationError.self) { try Exercise.read(folder.path) }
        #expect(error?.message.contains("there are two, none") == true)
        try Self.exercise.write(toFile: path, atomically: true, encoding: .utf8)
        // A name that is sound and defective, a set without manifests, and no set at all.
        try folder.write("sets/defective/two/web.yaml", Self.manifests(2))
        #expect(throws: ConfigurationError.self) { try Exercise.read(folder.path) }
        try FileManager.default.removeItem(atPath: folder.path + "/sets/defective/two/web.yaml")
        #expect(throws: ConfigurationError.self) { try Exercise.read(folder.path) }
        try FileManager.default.removeItem(atPath: folder.path + "/sets")
        #expect(throws: ConfigurationError.self) { try Exercise.read(folder.path) }
    }

    /// What an author remarks on a set in its first column would tell students which sets are defective, and why.
    @Test func studentsGetSetsWithoutRemarks() throws {
        let folder = try Self.folder()
        try folder.write("sets/defective/none/web.yaml", "# nobody is there\n" + Self.manifests(0) + "\n  # of the manifest\n")
        _ = try StudentsCopy.write(folder.path, to: folder.path + "/copy")
        let copied = try String(contentsOfFile: folder.path + "/copy/sets/defective/none/web.yaml", encoding: .utf8)
        #expect(copied == Self.manifests(0) + "\n  # of the manifest\n")
    }

    @Test func mutantsChangeLoadAndRules() {
        let text = Self.load("rate: 4, bursts: [{at: 1m, duration: 30s, multiplier: 2}]")
        let names = LoadTest.mutations(of: text).map(\.name)
        #expect(names.contains("LoadTest spec.load.rate times 10"))
        #expect(names.contains("LoadTest spec.load.bursts[0] removed"))
        #expect(names.contains("LoadTest spec.provider stub"))
    }
}
