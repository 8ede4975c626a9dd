import Foundation
import Simulation
import Testing

@testable import Grading

/// The program itself, as `make build` and `swift build` made it. Builds that are older than the sources are passed
/// over: they say nothing about these sources.
enum Program {
    static let debug = fresh(".build/debug/kubelab")
    static let release = fresh(".build/release/kubelab")
    static let any = release ?? debug

    private static func fresh(_ name: String) -> String? {
        let path = repository + "/" + name
        guard let built = modified(path) else { return nil }
        let sources = (FileManager.default.subpaths(atPath: repository + "/Sources") ?? []).filter {
            $0.hasSuffix(".swift")
        }
        let newest = sources.compactMap { modified(repository + "/Sources/" + $0) }.max() ?? .distantPast
        return built >= newest ? path : nil
    }

    private static func modified(_ path: String) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }

    /// Runs a program to its end, or kills it after some seconds.
    /// - Returns: the exit code; nil if it was killed.
    static func run(_ program: String, _ arguments: [String], home: String, killAfter delay: Double) throws -> Int32? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "KUBELAB_HOME": home]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // The process cannot be reaped before it was waited for below, so its number is its own until then.
        let identifier = process.processIdentifier
        let killing = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + delay, execute: killing)
        process.waitUntilExit()
        killing.cancel()
        return process.terminationReason == .uncaughtSignal ? nil : process.terminationStatus
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> (
        status: Int32, output: String
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": NSTemporaryDirectory()].merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}

@Suite(.enabled(if: Program.any != nil, "no kubelab binary of these sources was built")) struct WholeProgramTests {
    private func report(_ program: String, _ answer: String, _ environment: [String: String] = [:]) throws -> String {
        try Program.run(
            program, ["grade", small, "--dir", small + "/" + answer, "--student", "ada", "--format", "json"],
            environment: environment
        ).output
    }

    /// `kill -9` at random moments of grades: what a learner was told is kept, and the file is whole. 60 kills;
    /// `KUBELAB_KILLS` says otherwise.
    @Test func killedGradesLoseNothing() throws {
        let program = try #require(Program.any)
        let folder = try TemporaryFolder()
        let arguments = ["grade", small, "--dir", small + "/solution"]
        let kills = ProcessInfo.processInfo.environment["KUBELAB_KILLS"].flatMap(Int.init) ?? 60
        let began = ContinuousClock.now
        #expect(try Program.run(program, arguments, home: folder.path, killAfter: 60) == 0)
        var longest = (ContinuousClock.now - began) / .seconds(1)
        var random = RandomStream(seed: 12, name: "kills")
        var (grades, interrupted) = (1, 0)
        for kill in 0..<kills {
            let code = try Program.run(
                program, arguments, home: folder.path, killAfter: longest * 1.5 * random.unit())
            if code == nil { interrupted += 1 }
            longest *= code == nil ? 1.1 : 0.8
            let store = try ProgressStore(folder.path + "/progress.sqlite")
            let kept = try #require(try store.standings()["small"]).grades
            // A grade may have been written and the program killed before it could say so.
            #expect(kept == grades + 1 || (code == nil && kept == grades), "kill \(kill): \(grades), then \(kept)")
            grades = kept
        }
        #expect(interrupted > kills / 10, "kills that come too late prove nothing")
    }

    @Test(.enabled(if: Program.debug != nil && Program.release != nil, "both builds are needed"))
    func debugAndReleaseGiveTheSameBytes() throws {
        for answer in ["solution", "starter", "wrong/too-many"] {
            let debug = try report(try #require(Program.debug), answer)
            #expect(debug.contains("\"digests\""))
            #expect(debug == (try report(try #require(Program.release), answer)))
        }
    }

    @Test func hostileEnvironmentsChangeNothing() throws {
        let program = try #require(Program.any)
        let plain = try report(program, "wrong/one-pod")
        let hostile = try report(
            program, "wrong/one-pod",
            [
                "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "ar_EG", "KUBELAB_LAB": "/dev/null",
                "KUBELAB_STUDENT": "mallory", "MALLOC_PERTURB_": "165", "SWIFT_DETERMINISTIC_HASHING": "1",
                "JOB_COMPLETION_INDEX": "x", "COLUMNS": "-1", "TERM": "\u{1b}[31m", "KUBECONFIG": "/etc/passwd",
            ])
        #expect(plain.contains("\"points\": 40") && plain == hostile)
    }

    @Test func aClassIsGradedAsItsMembersAre() throws {
        let program = try #require(Program.any)
        let folder = try TemporaryFolder()
        let answers = ["ada": "solution", "bob": "wrong/one-pod", "cleo": "wrong/too-many", "dan": "starter"]
        for (name, answer) in answers {
            try folder.write(
                "class/\(name)/web.yaml",
                try #require(FileManager.default.contents(atPath: small + "/\(answer)/web.yaml")))
        }
        try folder.write("class/eve/web.yaml", "a: [")
        for jobs in ["1", "2"] {
            let ended = try Program.run(
                program,
                ["grade-all", folder.path + "/class", small, "--out", folder.path + "/out\(jobs)", "--jobs", jobs])
            #expect(ended.status == 0)
        }
        func file(_ name: String) throws -> Data {
            try #require(FileManager.default.contents(atPath: folder.path + name))
        }
        for name in ["grades.csv", "overview.md", "overview.html", "class.json"] {
            #expect(try file("/out1/" + name) == file("/out2/" + name), "\(name)")
        }
        for (name, answer) in answers {
            let own = try Program.run(
                program,
                ["grade", small, "--dir", small + "/" + answer, "--student", name, "--format", "json", "--no-progress"]
            ).output
            let text = String(decoding: try file("/out2/verdicts/\(name).json"), as: UTF8.self)
            #expect(try ClassEntry(reading: text, file: name).receipt == Receipt(reading: own, file: name))
            #expect(text.hasPrefix(own.dropLast(3)), "the report of 'grade', and who wrote it")
        }
        // The receipt is one that somebody else can check.
        let verdict = folder.path + "/out1/verdicts/bob.json"
        let checked = try Program.run(program, ["verify-receipt", verdict, small, "--dir", folder.path + "/class/bob"])
        #expect(checked.status == 0)
        let other = try Program.run(
            program, ["verify-receipt", verdict, small, "--dir", folder.path + "/class/bob"],
            environment: ["KUBELAB_COURSE_SECRET": "another"])
        #expect(other.status == 1 && other.output.contains("is the course's secret the same?"))
    }

    @Test func aKilledClassGoesOn() throws {
        let program = try #require(Program.any)
        let folder = try TemporaryFolder()
        for number in 0..<6 {
            try folder.write(
                "class/s\(number)/web.yaml",
                try #require(FileManager.default.contents(atPath: small + "/solution/web.yaml")))
        }
        let arguments = ["grade-all", folder.path + "/class", small, "--out", folder.path + "/out", "--jobs", "1"]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let verdicts = folder.path + "/out/verdicts"
        func count() -> Int { (try? FileManager.default.contentsOfDirectory(atPath: verdicts))?.count ?? 0 }
        while count() < 2, process.isRunning { usleep(2_000) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let kept = try FileManager.default.contentsOfDirectory(atPath: verdicts).filter { $0.hasSuffix(".json") }
        let before = kept.map { FileManager.default.contents(atPath: verdicts + "/" + $0) }
        let dates = try kept.map {
            try FileManager.default.attributesOfItem(atPath: verdicts + "/" + $0)[.modificationDate] as? Date
        }
        #expect(try Program.run(program, arguments).status == 0)
        #expect(kept.map { FileManager.default.contents(atPath: verdicts + "/" + $0) } == before)
        let after = try kept.map {
            try FileManager.default.attributesOfItem(atPath: verdicts + "/" + $0)[.modificationDate] as? Date
        }
        #expect(after == dates, "what was done was not done again")
        let table = String(
            decoding: try #require(FileManager.default.contents(atPath: folder.path + "/out/grades.csv")), as: UTF8.self
        )
        #expect(table.split(separator: "\n").count == 7)
    }

    @Test func workersHaveNoMoreTimeThanTheyMay() throws {
        let program = try #require(Program.any)
        let folder = try TemporaryFolder()
        try folder.write(
            "class/ada/web.yaml", try #require(FileManager.default.contents(atPath: small + "/solution/web.yaml")))
        let arguments = [
            "grade-all", folder.path + "/class", small, "--out", folder.path + "/out", "--timeout", "0.01",
        ]
        let ended = try Program.run(program, arguments)
        #expect(ended.status == 0 && ended.output.contains("it was not done after 10ms of processor time"))
    }
}
