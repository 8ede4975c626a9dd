import Foundation
import Simulation
import Testing

@testable import Lab

/// What a learner does between two grades: hints, progress, resets, faults, watching.
@Suite(.enabled(if: Program.path != nil, "no kubelab binary was built")) struct LearnerLoopTests {
    private let rig: StoreRig

    init() throws {
        rig = try StoreRig()
        let exercise = rig.path("labs/9-small/9.1-mini")
        for folder in ["starter", "panel/four"] {
            try FileManager.default.createDirectory(atPath: exercise + "/" + folder, withIntermediateDirectories: true)
        }
        for (name, text) in [
            ("exercise.yaml", Self.exercise), ("scenario.yaml", Self.scenario), ("service.yaml", StoreRig.service),
            ("starter/web.yaml", StoreRig.deployment(replicas: 1) + "\n# for ${peak} requests a second\n"),
            ("panel/four/web.yaml", StoreRig.deployment(replicas: 4)),
        ] {
            try text.write(toFile: exercise + "/" + name, atomically: true, encoding: .utf8)
        }
        let outcomes = "outcomes:\n- {number: 5, text: Scale.}\n- {number: 6, text: Size.}\n"
        try outcomes.write(toFile: rig.path("labs/outcomes.yaml"), atomically: true, encoding: .utf8)
    }

    private static let scenario = StoreRig.scenario.replacing(
        "rate: [{at: 0s, rate: 2}]", with: "timeout: 2s, rate: [{at: 0s, rate: ${peak:-18}}]"
    ).replacing("compute: 0.002", with: "compute: 0.1")

    private static let exercise = """
        title: Small
        minutes: 5
        core: true
        outcomes: [5]
        situation: Users complain.
        parameters: [{name: peak, values: ["18", "20"]}]
        handIn: [{file: web.yaml, objects: [Deployment/web]}]
        trial: {duration: 90s, hiddenSeeds: 1, inputs: [{at: 0s, apply: web.yaml}]}
        criteria:
          - id: served
            title: Users are served
            points: 100
            expect: share of requests(traffic/users, latency <= 1s) after 30s >= 90%
            field: {object: Deployment/web, path: spec.replicas}
            graph: [deployment/web.ready]
        hints: [look there, do this, read that]
        debrief: A queue grows without end when less is served than comes.
        wrong: [{name: one, criterion: served, misconception: One pod is enough.}]
        panel: [{name: four, why: It has room to spare.}]
        """

    private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Outcome {
        try Program.outcome(arguments + ["--labs", "labs"], in: rig.folder, environment: environment)
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: rig.path(name), atomically: true, encoding: .utf8)
    }

    @Test func fromTheFirstHintToThePass() throws {
        #expect(try run("next").output.contains("not begun"))
        #expect(try run("start", "9.1").code == 0)
        #expect(try run("lessons").output.contains("begun"))
        #expect(try run("hint").output == "Hint 1 of 3: look there\n")
        #expect(try run("hint").output == "Hint 2 of 3: do this\n")
        #expect(try run("hint", "--shown").output.contains("Hint 1 of 3"))
        #expect(try run("hint", "--number", "4").code == 2)

        let failed = try run("grade")
        #expect(failed.code == 0 && failed.output.contains("0 of 100"), "\(failed)")
        #expect(failed.output.contains("kubelab rewind --trial 9.1 --to "))
        #expect(!failed.output.contains("because") && !failed.output.contains("One pod is enough."))
        #expect(try run("debrief").code == 2, "not passed, not given up")
        #expect(try run("outcomes").output.contains("begun"))

        try write(StoreRig.deployment(replicas: 4), to: "web.yaml")
        let passed = try run("grade")
        #expect(passed.output.contains("100 of 100"), "\(passed)")
        #expect(try run("outcomes").output.contains("reached"))
        #expect(try run("outcomes", "-o", "json").output.contains("\"standing\" : \"reached\""))
        #expect(try run("next").output.contains("Every exercise here is passed"))
        let debrief = try run("debrief")
        #expect(debrief.code == 0 && debrief.output.contains("A queue grows without end"))
        #expect(debrief.output.contains("four") && debrief.output.contains("It has room to spare."))
        #expect(try run("debrief", "--show", "four").output.contains("replicas: 4"))
        #expect(try run("debrief", "--show", "fuor").error.contains("did you mean \"four\"?"))
        #expect(debrief.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        // Once passed, causes are told when a later try fails.
        try write(StoreRig.deployment(replicas: 1), to: "web.yaml")
        #expect(try run("check").output.contains("because   deployment/web at "))
    }

    @Test func whoGivesUpIsToldTheCauses() throws {
        #expect(try run("start", "9.1").code == 0)
        let told = try run("debrief", "--give-up")
        #expect(
            told.code == 0 && told.output.contains("because") && told.output.contains("One pod is enough."), "\(told)")
        #expect(told.output.contains("users suffered for"))
        #expect(try run("lessons").output.contains("given up"))
        #expect(try run("check").output.contains("because"))
        #expect(try run("reset", "--progress", "--force").output.contains("Nothing is remembered"))
        #expect(try !run("check").output.contains("because"))
    }

    @Test func theMomentIsReachedByTheCommandThatIsPrinted() throws {
        #expect(try run("start", "9.1").code == 0)
        let report = try run("check").output
        let line = try #require(report.split(separator: "\n").first { $0.contains("kubelab rewind") })
        let words = line.split(separator: " ").map(String.init)
        let command = Array(words[(try #require(words.firstIndex(of: "kubelab")) + 1)...])
        let went = try Program.outcome(command + ["--labs", "labs"], in: rig.folder)
        #expect(went.code == 0 && went.output.contains("trial.kubelab is the trial with your files"), "\(went)")
        #expect(
            try Program.outcome(command + ["--labs", "labs"], in: rig.folder).code == 0, "a trial may be made again")
        for next in report.split(separator: "\n").filter({ $0.hasSuffix("--lab trial.kubelab") }) {
            let words = next.split(separator: " ").map(String.init)
            let command = Array(words[(try #require(words.firstIndex(of: "kubelab")) + 1)...])
            #expect(try Program.outcome(command, in: rig.folder).code == 0, "\(next)")
        }
        // The learner's own lab is where it was, and is never overwritten.
        #expect(try run("status").output.contains("(+0s)"))
        try FileManager.default.copyItem(atPath: rig.lab, toPath: rig.path("mine.kubelab"))
        #expect(try run("rewind", "--trial", "9.1", "--to", "10s", "--lab", "mine.kubelab").code == 2)
        #expect(try run("rewind", "--to", "0s", "--seed", "3").code == 2)
        #expect(try run("rewind", "--trial", "9.1", "--to", "2h").error.contains("the trial ends at 1m30s"))
    }

    @Test func progressNeverStandsInTheWayOfAGrade() throws {
        #expect(try run("start", "9.1").code == 0)
        try write("", to: "file")
        for environment in [
            ["KUBELAB_HOME": rig.path("file/below")], ["KUBELAB_HOME": "/proc/kubelab"], ["HOME": "nowhere"],
        ] {
            let outcome = try run("grade", environment: environment)
            #expect(outcome.code == 0 && outcome.output.contains("of 100 points"), "\(outcome)")
            #expect(outcome.error.contains("Progress is not kept"), "\(outcome.error)")
            #expect(try run("outcomes", environment: environment).code == 2)
        }
        let silent = try run("grade", "--no-progress", environment: ["KUBELAB_HOME": "/proc/kubelab"])
        #expect(silent.code == 0 && silent.error.isEmpty)
        try write("no database at all, but long enough to look at", to: "progress.sqlite")
        #expect(try run("grade", environment: ["KUBELAB_HOME": rig.folder]).code == 0)
    }

    @Test func resetAsksBeforeItOverwrites() throws {
        #expect(try run("start", "9.1").code == 0)
        try write("mine", to: "web.yaml")
        let kept = try run("reset", "--files")
        #expect(kept.code == 0 && kept.output.contains("left as they are: web.yaml"), "\(kept)")
        #expect(try String(contentsOfFile: rig.path("web.yaml"), encoding: .utf8) == "mine")
        #expect(try run("reset", "--files", "--force").output.contains("Written: web.yaml"))
        #expect(try String(contentsOfFile: rig.path("web.yaml"), encoding: .utf8).contains("# for 18 requests"))
        #expect(try run("reset", "nothing", "--progress").code == 2)
    }

    @Test func aStudentsVariantIsThatOfTheirLab() throws {
        var texts: Set<String> = []
        for student in ["ada", "bob", "cy", "dan", "eve", "fay"] {
            #expect(try run("start", "9.1", "--student", student, "--force").code == 0)
            let text = try String(contentsOfFile: rig.path("web.yaml"), encoding: .utf8)
            texts.insert(text.contains("18 requests") ? "18" : "20")
            let named = try run("grade", "--student", student, "--format", "json")
            #expect(try run("grade", "--format", "json").output == named.output, "the lab knows its student")
            #expect(named.output.contains("\"student\": \"\(student)\""))
        }
        #expect(texts == ["18", "20"])
    }

    @Test func watchChecksAgainOnSave() throws {
        #expect(try run("start", "9.1").code == 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path ?? "")
        process.arguments = ["watch", "9.1", "--static", "--labs", "labs"]
        process.currentDirectoryURL = URL(fileURLWithPath: rig.folder)
        process.environment = ["HOME": rig.folder]
        let file = rig.path(".watched")
        _ = FileManager.default.createFile(atPath: file, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: file)
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        func waitFor(_ words: String) throws -> Bool {
            for _ in 0..<1_200 {
                if try String(contentsOfFile: file, encoding: .utf8).contains(words) { return true }
                usleep(50_000)
            }
            return false
        }
        #expect(try waitFor("the API server takes it"))
        try write(StoreRig.deployment(replicas: 2).replacing("image:", with: "imaje:"), to: "web.yaml")
        #expect(try waitFor("imaje"))
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0, "Ctrl-C ends it cleanly")
    }

    @Test func faultsAreInputs() throws {
        try rig.createUsed()
        #expect(try run("fault", "inject", "node: worker", "--for", "1m").output.contains("Fault fault-1 begins at"))
        #expect(try run("fault", "list", "-o", "json").output.contains("fault-1"))
        #expect(try run("fault", "inject", "{name: more, workload: {traffic: {name: users, multiplier: 2}}}").code == 0)
        #expect(try run("fault", "inject", "node: worker", "--name", "more").code == 2)
        #expect(try run("advance", "10s").code == 0)
        #expect(try run("fault", "undo", "mor").error.contains("did you mean \"more\"?"))
        #expect(try run("fault", "undo", "more").output.contains("Fault more ends at"))
        #expect(try run("timeline").output.contains("learner ends the fault more"))
        let session = try rig.open()
        #expect(session.world.incidents.inForce == ["fault-1"])
        #expect(session.world.stateDigest == (try session.replayedDigest()))
        for bad in ["nod: x", "- 1", "", "{node: a, for: never}"] {
            let outcome = try run("fault", "inject", bad)
            #expect(outcome.code == 2 && outcome.output.isEmpty, "\(bad): \(outcome)")
        }
        #expect(try rig.open().world.stateDigest == session.world.stateDigest)
    }

    @Test func aLabMayTakeNoFaults() throws {
        let scenario = StoreRig.scenario + "\nfaultInjection: false\n"
        let file = ScenarioFile(
            scenario: try ScenarioFile.parse(scenario, file: "scenario.yaml"), text: scenario,
            manifests: [("service.yaml", StoreRig.service)])
        _ = try LabSession.create(rig.lab, scenario: file, seed: 1)
        #expect(try run("fault").error.contains("takes no faults"))
        #expect(try run("fault", "inject", "node: worker").code == 2)
    }

    @Test func plainHasNoSignsAndNoColours() throws {
        #expect(try run("start", "9.1").code == 0)
        for arguments in [["check"], ["lessons"], ["outcomes"], ["status"], ["check", "--static"]] {
            let outcome = try Program.outcome(arguments + ["--plain", "--labs", "labs"], in: rig.folder)
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.output.unicodeScalars.allSatisfy { $0.isASCII }, "\(arguments): \(outcome.output)")
            let named = try run(arguments[0], environment: ["KUBELAB_PLAIN": "1"])
            #expect(named.output.unicodeScalars.allSatisfy { $0.isASCII })
        }
    }
}

/// A lab's file stays small, and going back stays quick.
@Suite struct SnapshotThinningTests {
    private func times(_ seconds: [Int64]) -> [SimulationTime] { seconds.map { .zero + .seconds($0) } }

    @Test func theNewestAndTheOldestAreKept() {
        #expect(SnapshotThinning.kept([]).isEmpty)
        #expect(SnapshotThinning.kept(times([5])) == [0])
        #expect(SnapshotThinning.kept(times([5, 0])) == [0, 1])
        #expect(SnapshotThinning.kept(times([9, 9, 9, 9])) == [0, 3], "those of one instant say the same")
    }

    /// As a lab grows, one snapshot a step, thinned after each.
    @Test(arguments: [(step: 5, count: 130), (20, 300), (600, 144), (60, 2_000)])
    func aLabKeepsFewAndReplaysLittle(step: Int64, count: Int64) {
        var kept: [SimulationTime] = []
        for number in 0..<count {
            kept.insert(.zero + .seconds(number * step), at: 0)
            let places = SnapshotThinning.kept(kept)
            kept = kept.enumerated().filter { places.contains($0.offset) }.map(\.element)
        }
        #expect(kept.count <= 50, "\(kept.count)")
        let now = (count - 1) * step
        for (newer, older) in zip(kept, kept.dropFirst()) {
            let gap = (newer - older).seconds
            let age = Double(now) - older.seconds
            #expect(
                gap <= max(30, Double(step), min(max(600, Double(now) / 16), age / 3)) + Double(step),
                "\(gap) at \(age)")
        }
    }
}
