import Foundation
import Simulation
import Testing

@testable import Lab

/// The program as somebody uses it who reads only what it prints: results on standard output, words about what went
/// wrong on standard error, exit codes 0, 1, 2.
@Suite(.enabled(if: Program.path != nil, "no kubelab binary was built")) struct CommandLineTests {
    private let rig: StoreRig

    init() throws {
        rig = try StoreRig()
        let folder = rig.path("scenario")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try StoreRig.scenario.write(toFile: folder + "/scenario.yaml", atomically: true, encoding: .utf8)
        try StoreRig.service.write(toFile: folder + "/service.yaml", atomically: true, encoding: .utf8)
        try StoreRig.deployment(replicas: 2).write(toFile: rig.path("web.yaml"), atomically: true, encoding: .utf8)
        try Self.brokenSpecification.write(toFile: rig.path("broken-spec.yaml"), atomically: true, encoding: .utf8)
    }

    private static let brokenSpecification = """
        apiVersion: kubelab.dev/v1
        kind: ProductionSpecification
        metadata: {name: web}
        spec:
          costs: {workloads: [web]}
        """

    private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Outcome {
        try Program.outcome(arguments, in: rig.folder, environment: environment)
    }

    @Test func helpIsAResult() throws {
        for arguments in [["--help"], ["advance", "--help"], ["help", "run"]] {
            let outcome = try Program.outcome(arguments, in: rig.folder)
            #expect(outcome.code == 0 && outcome.output.contains("USAGE") && outcome.error.isEmpty)
        }
    }

    /// What cannot be used: exit code 2, nothing on standard output, and a word on what to do.
    @Test(arguments: [
        (["gaph"], "did you mean \"graph\"?"),
        (["status"], "kubelab start"),
        (["advance", "5m"], "there is no lab at lab.kubelab"),
        (["--lab", "nowhere.kubelab", "status"], "there is no lab at nowhere.kubelab"),
        (["advance", "5parsecs"], "5parsecs"),
        (["advance"], "Say how long"),
        (["run", "nothing"], "\"nothing\" is neither a scenario (a file or folder here) nor an exercise"),
        (["run", "./nothing"], "no such file"),
        (["run", "scenario", "--apply", "nothing.yaml"], "nothing.yaml: no such file"),
        (["run", "scenario", "--for", "-1s"], "--for"),
        (["run", "scenario", "--for", "1h", "--max-events", "100"], "--max-events"),
        (["run", "web.yaml"], "web.yaml:1"),
        (["start", "scale-on-cpuu"], "did you mean \"scale-on-cpu\"?"),
        (["fidelity", "nothing"], "there is no topic \"nothing\""),
        (["lint", "nothing.yaml"], "nothing.yaml: no such file"),
        (["compare", "a", "b"], "there is no lab at a.kubelab"),
        (["graph"], "Name a measurement"),
        (["spec", "check", "broken-spec.yaml", "web.yaml"], "broken-spec.yaml:5: spec.costs"),
    ])
    func whatCannotBeUsedIsSaid(arguments: [String], word: String) throws {
        let outcome = try Program.outcome(arguments, in: rig.folder)
        #expect(outcome.code == 2, "\(outcome)")
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.contains(word), "\(outcome.error)")
        for dump in ["Error Domain", "LabStoreError", "ConfigurationError(", "Swift.", "Fatal error"] {
            #expect(!outcome.error.contains(dump))
        }
    }

    @Test func theSameRunHasTheSameDigest() throws {
        let first = try run("run", "scenario", "--for", "30s", "--seed", "3", "--apply", "web.yaml", "--json")
        #expect(first.code == 0, "\(first)")
        #expect(first.output.contains("\"digest\"") && first.output.contains("\"shop/web\""))
        #expect(
            try run("run", "scenario", "--for", "30s", "--seed", "3", "--apply", "web.yaml", "--json").output
                == first.output)
        #expect(
            try run("run", "scenario", "--for", "30s", "--seed", "4", "--apply", "web.yaml", "--json").output
                != first.output)
        let text = try run("run", "scenario", "--for", "30s", "--apply", "web.yaml")
        #expect(text.output.contains("2/2") && !text.output.contains("\u{1b}"))
        #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func aLabFromItsBeginningToItsEnd() throws {
        try rig.create()
        #expect(try run("advance", "20s").output.contains("09:00:20 (+20s)"))
        #expect(try run("advance", "--until", "pods.total >= 1", "--at-most", "5s").code == 1)
        #expect(try run("advance", "--until", "pods.total >= 0").code == 0)
        let status = try run("status", "--output", "json")
        #expect(status.output.contains("\"seconds\" : 26"), "\(status)")
        #expect(try run("--lab", "lab.kubelab", "status").code == 0)
        #expect(try run("status", environment: ["KUBELAB_LAB": "lab.kubelab"]).code == 0)
        #expect(try run("fork", "other").output.contains("other.kubelab"))
        #expect(try run("fork", "other").code == 2)
        #expect(try run("rewind", "--to", "09:00:10").output.contains("(+10s)"))
        #expect(try run("rewind", "--to", "1h").code == 2)
        #expect(try run("compare", "lab", "other").output.contains("other goes on to 26s"))
        #expect(try run("graph", "pods.total", "--plain").output.contains("VALUE"))
        #expect(try run("graph", "pods.total", "-o", "json", "--points", "3").output.contains("\"samples\""))
        #expect(try run("timeline", "-o", "json").output.hasPrefix("["))
        #expect(try run("reset").code == 2, "nobody is there to be asked")
        #expect(try run("reset", "--force").code == 0)
        #expect(try run("status").output.contains("(+0s)"))
    }

    @Test func startCopiesFilesAndNeverOverwritesThem() throws {
        let started = try run("start", "scale-on-cpu", "--dir", "mine")
        #expect(started.code == 0, "\(started)")
        #expect(
            started.output.hasSuffix(
                "  cd mine\n  kubelab apply -f gateway.yaml\n  kubelab advance 5m\n  kubelab check\n"))
        #expect(FileManager.default.fileExists(atPath: rig.path("mine/lab.kubelab")))
        try "mine".write(toFile: rig.path("mine/gateway.yaml"), atomically: true, encoding: .utf8)
        #expect(try run("start", "scale-on-cpu", "--dir", "mine").code == 2)
        try FileManager.default.removeItem(atPath: rig.path("mine/lab.kubelab"))
        #expect(try run("start", "4.3", "--dir", "mine").output.contains("left as they are: mine/gateway.yaml"))
        #expect(try String(contentsOfFile: rig.path("mine/gateway.yaml"), encoding: .utf8) == "mine")
        #expect(try run("start", "4.3", "--dir", "mine", "--force").code == 0)
        #expect(try String(contentsOfFile: rig.path("mine/gateway.yaml"), encoding: .utf8) != "mine")
    }

    @Test func aLabIsAskedInItsOwnTimes() throws {
        #expect(try run("start", "1.0", "--dir", "tour").code == 0)
        func tour(_ arguments: String...) throws -> Program.Outcome {
            try Program.outcome(arguments, in: rig.path("tour"))
        }
        // Nothing has passed: that no rule fired says nothing yet.
        let early = try tour("alerts", "--rules", "alerts.yaml")
        #expect(early.code == 2 && early.error.contains("no time has passed yet"))
        #expect(try tour("advance", "3m").code == 0)
        let query = "sum(http_requests_total)"
        let sinceStart = try tour("promql", query, "--time", "2m")
        #expect(sinceStart.code == 0 && sinceStart.output.contains("=>"))
        #expect(try tour("promql", query, "--time", "12:02").output == sinceStart.output)
        #expect(try tour("promql", query, "--time", "2026-01-05T12:02:00Z").output == sinceStart.output)
        #expect(try tour("promql", query).output != sinceStart.output)
        #expect(try tour("promql", query, "--time", "noon").code == 2)
        // What users felt is counted over the time that the table names.
        let all = try tour("slo", "show", "slo.yaml")
        let part = try tour("slo", "show", "slo.yaml", "--window", "1m")
        #expect(all.output.contains("As users felt it, over 3m\n"))
        #expect(part.output.contains("As users felt it, over 1m\n"))
        // A file of rules is no manifest.
        let lint = try tour("lint", "alerts.yaml")
        #expect(lint.code == 2 && lint.output.contains("kubelab promtool check rules alerts.yaml"))
    }

    @Test func lintSaysWhatWouldBeRefusedAndWhere() throws {
        #expect(try run("lint", "web.yaml").code == 0)
        try StoreRig.deployment(replicas: 2).replacingOccurrences(of: "image:", with: "imaje:")
            .write(toFile: rig.path("bad.yaml"), atomically: true, encoding: .utf8)
        let bad = try run("lint", "bad.yaml", "-o", "json")
        #expect(bad.code == 2)
        #expect(bad.output.contains("spec.template.spec.containers[0].imaje") && bad.output.contains("refused"))
        #expect(bad.output.contains("\"line\" : 12"), "\(bad.output)")
        try StoreRig.deployment(replicas: 2).replacingOccurrences(
            of: "      containers:", with: "      hostAliases: [{ip: 10.0.0.1, hostnames: [old]}]\n      containers:"
        ).write(toFile: rig.path("idle.yaml"), atomically: true, encoding: .utf8)
        let idle = try run("lint", "idle.yaml")
        #expect(idle.code == 0)
        #expect(idle.output.contains("idle.yaml:10: no effect: spec.template.spec.hostAliases"), "\(idle.output)")
    }

    @Test func anInterruptedAdvanceKeepsWhatItReached() throws {
        try rig.createUsed()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path ?? "")
        process.arguments = ["advance", "30d", "--lab", rig.lab]
        process.standardOutput = FileHandle.nullDevice
        let error = Pipe()
        process.standardError = error
        try process.run()
        // Time passes in the file as well, in slices; only then is it interrupted.
        var patience = 600
        while patience > 0, process.isRunning {
            usleep(100_000)
            patience -= 1
            if let now = try? rig.open().now, now > SimulationTime.zero + .minutes(1) { break }
        }
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let said = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(said.contains("were simulated and kept"), "\(said)")
        let session = try rig.open()
        #expect(session.now > SimulationTime.zero + .seconds(30))
        #expect(session.world.stateDigest == (try session.replayedDigest()))
    }
}
