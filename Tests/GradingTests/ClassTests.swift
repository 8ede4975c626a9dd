import Foundation
import KubernetesAPI
import Lab
import Testing

@testable import Grading

let small = repository + "/fixtures/grading/small"

/// A class that hands in the small exercise. Workers are shell scripts that answer with verdicts made beforehand, so
/// that every way for a worker to end can be had; `WholeProgramTests` use the real one.
@Suite struct ClassTests {
    let folder: TemporaryFolder
    let exercise: Exercise

    init() throws {
        folder = try TemporaryFolder()
        exercise = try Exercise.read(small)
    }

    private func handIn(_ student: String, _ answer: String) throws {
        let bytes = try #require(FileManager.default.contents(atPath: small + "/\(answer)/web.yaml"))
        try folder.write("class/\(student)/web.yaml", bytes)
    }

    /// The message that a worker sends for a student.
    private func prepare(_ student: String) throws {
        let grader = Grader(exercise: exercise, student: student, width: 1)
        let report = ReportFormat.json.text(grader.grade(folder: folder.path + "/class/" + student))
        try folder.write("answers/\(student)", "\(report.utf8.count)\n" + report)
    }

    /// Answers with the prepared message; what a name says, it does. Each question leaves a line in `asked`.
    private var worker: WorkerCommand {
        let script = """
            while read -r line; do
                name=${line#*'"student":"'}; name=${name%%'"'*}
                echo "$name" >> '\(folder.path)/asked'
                case "$name" in
                    crash*) kill -SEGV $$ ;;
                    leave*) exit 7 ;;
                    hang*) sleep 1000 ;;
                    spin*) while :; do :; done ;;
                    babble*) yes ;;
                    lie*) printf '3\\n{ }' ;;
                    *) cat '\(folder.path)/answers/'"$name" ;;
                esac
            done
            """
        return WorkerCommand(executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/bin:/usr/bin"])
    }

    private func grading(shard: Shard = .whole, out: String = "out", binary: String = "this one", jobs: Int = 1) throws
        -> ClassGrading
    {
        ClassGrading(
            exercise: exercise, secret: .practice, roster: try ClassRoster.read(folder.path + "/class"), shard: shard,
            folder: ClassFolder(folder.path + "/" + out), worker: worker,
            limits: WorkerLimits(processorSeconds: 0.3), jobs: jobs, binary: binary)
    }

    private var asked: [String] {
        let data = FileManager.default.contents(atPath: folder.path + "/asked") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func oneBadHandInHarmsNoOther() throws {
        for name in ["ada", "crash", "leave", "lie", "spin", "babble", "zoe"] { try handIn(name, "solution") }
        try prepare("ada")
        try prepare("zoe")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/class/mallory", withDestinationPath: folder.path + "/class/ada")
        let overview = try #require(try grading().run())
        #expect(
            overview.entries.map(\.student) == ["ada", "babble", "crash", "leave", "lie", "mallory", "spin", "zoe"])
        #expect(overview.graded.map(\.student) == ["ada", "zoe"])
        #expect(overview.graded.allSatisfy { $0.points == 100 })
        func why(_ name: String) -> String { overview.entries.first { $0.student == name }?.faults.first ?? "" }
        #expect(why("crash").hasSuffix("was ended by signal 11"))
        #expect(why("leave").hasSuffix("ended with status 7"))
        #expect(why("spin").hasSuffix("it was not done after 300ms of processor time"))
        #expect(why("mallory") == "mallory: is a symbolic link; hand in the folder itself")
        #expect(
            overview.entries.first { $0.student == "lie" }?.status == .error,
            "an answer that is no verdict is our fault")
        #expect(overview.entries.filter { $0.status == .ungradable }.count == 5)
        // Empty cells, not zeros.
        let line = try #require(overview.table.split(separator: "\n").first { $0.hasPrefix("crash,") })
        #expect(line.hasPrefix("crash,ungradable,,100,,,"))
    }

    @Test func aKilledRunGoesOnWhereItWas() throws {
        for name in ["ada", "bob", "crash"] { try handIn(name, "solution") }
        for name in ["ada", "bob"] { try prepare(name) }
        _ = try grading().run()
        #expect(asked == ["ada", "bob", "crash"])
        // What the machine may be to blame for is tried again, the rest stays.
        _ = try grading().run()
        #expect(asked.dropFirst(3) == ["crash"])
        // Another file, and a half-written verdict.
        try handIn("ada", "wrong/one-pod")
        try prepare("ada")
        try folder.write("out/verdicts/bob.json", "{\"status\": \"graded\", ")
        let overview = try #require(try grading().run())
        #expect(asked.dropFirst(4) == ["ada", "bob", "crash"])
        #expect(overview.entries.map(\.points) == [40, 100, 0])
        // Another program, another secret, another attempt.
        _ = try grading(binary: "another one").run()
        #expect(asked.dropFirst(7) == ["ada", "bob", "crash"])
        var other = try grading(binary: "another one")
        #expect(other.isKept(other.roster.students[0]))
        other.secret = CourseSecret("autumn")
        #expect(!other.isKept(other.roster.students[0]))
        other.secret = .practice
        other.attempt = 2
        #expect(!other.isKept(other.roster.students[0]))
    }

    @Test func everyStudentIsGradedInAVariantOfTheirOwn() throws {
        let mini = try MiniExercise()
        let names = (1...6).map { "student-\($0)" }
        #expect(Set(try names.map { try Exercise.read(mini.path, student: $0).variant.name }).count > 1)
        for name in names {
            try folder.write("class/\(name)/web.yaml", MiniExercise.web(replicas: 4))
            let grader = Grader(exercise: try mini.read().forStudent(name), student: name, width: 1)
            let report = ReportFormat.json.text(grader.grade(folder: folder.path + "/class/" + name))
            try folder.write("answers/\(name)", "\(report.utf8.count)\n" + report)
        }
        let gradingOfAll = ClassGrading(
            exercise: try mini.read(), secret: .practice, roster: try ClassRoster.read(folder.path + "/class"),
            shard: .whole, folder: ClassFolder(folder.path + "/out"), worker: worker,
            limits: WorkerLimits(processorSeconds: 0.3), jobs: 1, binary: "this one")
        let overview = try #require(try gradingOfAll.run())
        #expect(overview.withoutGrade.map(\.faults) == [])
        #expect(overview.graded.map(\.student) == names)
        #expect(asked == names)
        #expect(gradingOfAll.roster.students.allSatisfy(gradingOfAll.isKept), "a second run grades nobody again")
    }

    @Test func anInterruptedRunKeepsWhatIsDone() throws {
        for name in ["ada", "hang"] { try handIn(name, "solution") }
        try prepare("ada")
        let file = folder.path + "/out/verdicts/ada.json"
        let result = try grading().run(isInterrupted: { FileManager.default.fileExists(atPath: file) })
        #expect(result == nil)
        #expect(FileManager.default.fileExists(atPath: file))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/grades.csv"))
    }

    @Test func partsMakeTheWhole() throws {
        let names = ["ada", "bob", "cleo", "dan", "eve"]
        for (place, name) in names.enumerated() {
            try handIn(name, place % 2 == 0 ? "solution" : "wrong/too-many")
            try prepare(name)
        }
        let whole = try #require(try grading(jobs: 2).run())
        for number in 1...3 { _ = try grading(shard: try #require(Shard("\(number)/3")), out: "part\(number)").run() }
        #expect(asked.count == 10)
        let parts = (1...3).map { ClassFolder(folder.path + "/part\($0)") }
        let (merged, remarks) = try ClassFolder(folder.path + "/merged").merge(parts)
        #expect(remarks == [])
        #expect(merged.table == whole.table)
        #expect(merged.markdown.contains("part") == false)
        for name in names {
            let (one, other) = ("/out/verdicts/\(name).json", "/merged/verdicts/\(name).json")
            #expect(
                FileManager.default.contents(atPath: folder.path + one)
                    == FileManager.default.contents(atPath: folder.path + other))
        }
        let (_, missing) = try ClassFolder(folder.path + "/two").merge(Array(parts.prefix(2)))
        #expect(missing == ["missing: part 3/3"])
        // Parts of different exercises do not belong together.
        let manifest = folder.path + "/part2/class.json"
        let text = try String(contentsOfFile: manifest, encoding: .utf8)
        try text.replacingOccurrences(of: exercise.hash, with: "other").write(
            toFile: manifest, atomically: true, encoding: .utf8)
        #expect(throws: ConfigurationError.self) { try ClassFolder(folder.path + "/two").merge(parts) }
    }

    @Test func aManifestCannotNameFilesElsewhere() throws {
        try folder.write(
            "part/class.json",
            """
            {"exercise":"x","lesson":"l","title":"t","exerciseHash":"h","version":"1","attempt":1,"criteria":[],
             "parts":[1],"partCount":1,"students":[{"name":"eve","file":"../../../etc/passwd.json"}]}
            """)
        #expect(throws: ConfigurationError.self) { try ClassFolder(folder.path + "/part").manifest() }
    }

    @Test func equalMistakesStandTogether() throws {
        for (name, answer) in [
            ("ada", "wrong/one-pod"), ("bob", "wrong/too-many"), ("cleo", "starter"), ("dan", "solution"),
        ] {
            try handIn(name, answer)
            try prepare(name)
        }
        for name in ["kim", "lou"] { try folder.write("class/\(name)/notes.txt", "see attached") }
        let gradingOfAll = try grading()
        for name in ["kim", "lou"] { try prepare(name) }
        let overview = try #require(try gradingOfAll.run())
        #expect(overview.groups.map(\.students) == [["ada", "cleo"], ["kim", "lou"], ["bob"]])
        #expect(overview.groups[0].reasons == ["Customers are served"])
        #expect(overview.groups[1].reasons == ["web.yaml: is missing"])
        #expect(overview.markdown.contains("perhaps: One pod can answer everything"))
        #expect(overview.html.contains("ada, cleo"))
        #expect(overview.mean == 60 && overview.median == 50)
    }

    @Test func groupsWithTheSameTitleAreToldApart() throws {
        let submission = Submission.read(small + "/wrong/one-pod", for: exercise).submission
        let verdict = Grader(exercise: exercise, width: 1).withoutGrade(submission, [], status: .graded)
        var template = try ClassEntry(reading: ReportFormat.json.text(verdict), file: "a.json")
        let check = try #require(template.checks.first)
        func entry(_ student: String, _ seen: [String]) -> ClassEntry {
            template.student = student
            template.checks = zip(["served", "started"], seen).map { id, seen in
                var check = check
                (check.id, check.title, check.seen) = (id, "Title of \(id)", seen)
                return check
            }
            return template
        }
        let overview = ClassOverview(
            manifest: ClassManifest(exercise: exercise, attempt: 1, shard: .whole, students: []),
            entries: [
                entry("ada", ["20%", "never"]), entry("bob", ["30%", "after 3m"]), entry("cleo", ["1%", "after 9m"]),
            ])
        #expect(overview.groups.map(\.students) == [["bob", "cleo"], ["ada"]])
        #expect(overview.groups.map(\.distinction) == ["started: after 3m", "started: never"])
        #expect(overview.markdown.contains("(started: never)") && overview.html.contains("(started: never)"))
    }

    @Test func amountsDoNotSeparateMistakes() {
        for (left, right) in [
            ("92.31%", "8.4%"), ("after 620ms", "after 1m05s"),
            ("was 1 for 69m30s from 1h10m00s (99% of the window)", "was 0 for 3s from 2m (1% of the window)"),
        ] { #expect(ClassOverview.blotted(left) == ClassOverview.blotted(right)) }
        #expect(ClassOverview.blotted("pod/web-2 is x86") != ClassOverview.blotted("pod/api-2 is x86"))
        #expect(ClassOverview.blotted("p99 of v2") == "p99 of v2")
    }

    @Test func namesOfStudentsAreHarmless() throws {
        let name = "=HYPERLINK(\"x\")\u{1b}[31m<script>alert(1)\n::error::@all|"
        try handIn(name, "wrong/one-pod")
        let student = try #require(try ClassRoster.read(folder.path + "/class").students.first)
        #expect(student.name == name)
        #expect(student.fileName.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") })
        let long = ClassRoster.Student(name: String(repeating: "é", count: 127), folder: "", fault: nil)
        #expect(long.fileName.utf8.count <= 255)
        let grader = Grader(exercise: exercise, student: name, width: 1)
        let report = ReportFormat.json.text(grader.grade(folder: student.folder))
        let entry = try ClassEntry(reading: report, file: "x")
        let overview = ClassOverview(
            manifest: ClassManifest(exercise: exercise, attempt: 1, shard: .whole, students: [student]),
            entries: [entry])
        for text in [overview.table, overview.markdown, overview.html] {
            #expect(!text.contains("\u{1b}"))
            #expect(!text.split(separator: "\n").contains { $0.hasPrefix("::error") })
        }
        // A spreadsheet would run it.
        #expect(
            !overview.table.split(whereSeparator: { ",\n".contains($0) }).contains {
                $0.hasPrefix("=") || $0.hasPrefix("\"=")
            })
        #expect(!overview.html.contains("<script"))
        #expect(!overview.markdown.contains("<script") && !overview.markdown.contains("@all"))
    }

    @Test func shardsAreSaidInTwoWays() throws {
        #expect(Shard("2/5")?.description == "2/5")
        for text in ["0/5", "6/5", "1", "a/b", "1/0", "-1/5", "1/2/3", "1/99999999"] {
            #expect(Shard(text) == nil, "\(text)")
        }
        #expect(try Shard.ofIndexedJob(environment: [:]) == nil)
        #expect(
            try Shard.ofIndexedJob(environment: ["JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "4"]) == Shard("1/4"))
        for environment in [
            ["JOB_COMPLETION_INDEX": "0"], ["JOB_COMPLETION_INDEX": "4", "JOB_COMPLETIONS": "4"],
            ["JOB_COMPLETION_INDEX": "x", "JOB_COMPLETIONS": "4"],
            ["JOB_COMPLETION_INDEX": "9223372036854775807", "JOB_COMPLETIONS": "4"],
        ] { #expect(throws: ConfigurationError.self) { try Shard.ofIndexedJob(environment: environment) } }
        let parts = (1...4).compactMap { Shard("\($0)/4") }.map { $0.part(of: Array(0..<10)) }
        #expect(parts.flatMap { $0 }.sorted() == Array(0..<10) && parts.allSatisfy { (2...3).contains($0.count) })
    }

    @Test func messagesAreReadWhole() {
        let bytes = Array("5\nhello".utf8)
        for count in 0..<bytes.count { #expect(WorkerProcess.message(in: Array(bytes.prefix(count))) == .incomplete) }
        #expect(WorkerProcess.message(in: bytes) == .complete(Array("hello".utf8)))
        for text in ["5\nhello!", "yes yes yes", "-1\n", "0\n", "99999999\n", "x\n"] {
            #expect(WorkerProcess.message(in: Array(text.utf8)) == .nonsense, "\(text)")
        }
    }
}
