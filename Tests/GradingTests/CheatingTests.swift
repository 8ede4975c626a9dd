import Foundation
import Lab
import Testing

@testable import Grading

/// Ways to get points without earning them, or to harm whoever grades: each is harmless, with the verdict that is right.
@Suite struct CheatingTests {
    /// What one hands in, and what must come of it.
    struct Attempt: Sendable, CustomTestStringConvertible {
        enum Verdict: Sendable {
            /// No grade, with these words.
            case ungradable(String)
            /// As many points as without it.
            case asHonest
            case points(Double)
        }

        var testDescription: String
        var text: String
        var verdict: Verdict

        init(_ name: String, _ text: String, _ verdict: Verdict) {
            testDescription = name
            self.text = text
            self.verdict = verdict
        }

        /// The solution with a change.
        static func changed(_ name: String, _ old: String, _ new: String, _ verdict: Verdict) -> Attempt {
            precondition(solution.contains(old))
            return Attempt(name, solution.replacingOccurrences(of: old, with: new), verdict)
        }
    }

    static let solution = String(
        decoding: FileManager.default.contents(atPath: small + "/solution/web.yaml") ?? Data(), as: UTF8.self)
    private static let onePod = solution.replacingOccurrences(of: "replicas: 2", with: "replicas: 1")
    private static let metadata = "metadata:\n  name: web\n"

    static let attempts: [Attempt] = [
        // Other objects.
        Attempt(
            "a service of one's own", solution + "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
            .ungradable("Service/web is not yours to change here")),
        Attempt(
            "a webhook that admits everything",
            solution
                + "---\napiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: web}\n",
            .ungradable("")),
        Attempt(
            "a priority class",
            solution
                + "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: web}\nvalue: 1000000\n",
            .ungradable("is not yours")),
        Attempt(
            "a node that is free",
            solution
                + "---\napiVersion: v1\nkind: Node\nmetadata: {name: free, annotations: {kubelab.dev/price-per-hour: \"0\"}}\n",
            .ungradable("is not yours")),
        Attempt(
            "a second deployment",
            solution + "---\n" + solution.replacingOccurrences(of: "name: web\n", with: "name: helper\n"),
            .ungradable("Deployment/helper is not yours")),
        Attempt("the same object twice", solution + "---\n" + solution, .ungradable("Deployment/web is there twice")),
        Attempt(
            "objects inside a List",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: web}}\n",
            .ungradable("is not yours")),
        Attempt(
            "a List inside a List",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: web}}]}\n",
            .ungradable("")),
        .changed("generateName in place of a name", metadata, "metadata:\n  generateName: web\n", .ungradable("")),
        .changed(
            "another namespace", metadata, "metadata:\n  name: web\n  namespace: kube-system\n",
            .ungradable("live in the namespace shop")),
        .changed("a name with a path", metadata, "metadata:\n  name: ../web\n", .ungradable("is not yours")),
        .changed("a look-alike of the name", metadata, "metadata:\n  name: w\u{435}b\n", .ungradable("is not yours")),
        .changed("another kind by case", "kind: Deployment", "kind: deployment", .ungradable("")),
        .changed("an old version of the API", "apiVersion: apps/v1", "apiVersion: apps/v1beta1", .ungradable("")),
        // What belongs to others.
        .changed("a faster image", "web:1.0", "web:2.0", .ungradable("must stay as the starter has it")),
        .changed(
            "the right container behind a wrong one", "        - name: web\n",
            "        - {name: web, image: registry.shop.example/web:1.0}\n        - name: web\n", .ungradable("")),
        .changed("too many pods", "replicas: 2", "replicas: 21", .ungradable("21 is more than the 20")),
        .changed("fewer than none", "replicas: 2", "replicas: -1", .ungradable("replicas")),
        .changed("a number that is none", "replicas: 2", "replicas: .nan", .ungradable("")),
        .changed("a number without end", "replicas: 2", "replicas: 1e999", .ungradable("")),
        .changed("a number that wraps around", "replicas: 2", "replicas: 18446744073709551618", .ungradable("")),
        .changed("an endless quantity", "cpu: 700m", "cpu: 1e400", .points(40)),
        .changed("a negative request", "cpu: 700m", "cpu: -8", .ungradable("cpu")),
        // The grade.
        .changed(
            "a status that says it is well", "spec:\n  replicas: 2",
            "status: {readyReplicas: 20, availableReplicas: 20}\nspec:\n  replicas: 1", .points(40)),
        .changed(
            "pods that name their own price", "      labels: {app: web}\n",
            "      labels: {app: web}\n      annotations: {kubelab.dev/price-per-hour: \"0\", kubelab.dev/points: \"100\"}\n",
            .asHonest),
        Attempt(
            "pods that name their own price, and are too many",
            solution.replacingOccurrences(of: "replicas: 2", with: "replicas: 8").replacingOccurrences(
                of: "labels: {app: web}\n    spec",
                with: "labels: {app: web}\n      annotations: {kubelab.dev/price-per-hour: \"0\"}\n    spec"),
            .points(60)),
        .changed(
            "a finalizer that blocks deletion", metadata, "metadata:\n  name: web\n  finalizers: [example.com/never]\n",
            .asHonest),
        .changed(
            "an owner that does not exist", metadata,
            "metadata:\n  name: web\n  ownerReferences: [{apiVersion: v1, kind: Node, name: x, uid: \"0\", blockOwnerDeletion: true}]\n",
            .points(40)),
        .changed(
            "a priority above all", "      containers:",
            "      priorityClassName: system-node-critical\n      containers:", .asHonest),
        .changed(
            "a node of one's choice", "      containers:", "      nodeName: worker-1\n      containers:", .asHonest),
        .changed(
            "a node that does not exist", "      containers:", "      nodeName: free\n      containers:", .points(40)),
        .changed(
            "a node by a label that none has", "      containers:",
            "      nodeSelector: {price: free}\n      containers:", .points(40)),
        .changed(
            "tolerating everything", "      containers:", "      tolerations: [{operator: Exists}]\n      containers:",
            .asHonest),
        .changed(
            "a scheduler of one's own", "      containers:", "      schedulerName: mine\n      containers:", .points(40)
        ),
        .changed("a paused rollout", "  replicas: 2\n", "  replicas: 2\n  paused: true\n", .points(40)),
        // The text.
        Attempt(
            "the same in JSON",
            #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":1}}"#,
            .ungradable("must stay")),
        Attempt(
            "a key twice", solution.replacingOccurrences(of: "  replicas: 2\n", with: "  replicas: 1\n  replicas: 2\n"),
            .asHonest),
        Attempt("a byte order mark", "\u{feff}" + solution, .asHonest),
        Attempt("line ends of another system", solution.replacingOccurrences(of: "\n", with: "\r\n"), .asHonest),
        Attempt("ten thousand empty documents", String(repeating: "---\n", count: 10_000) + solution, .asHonest),
        Attempt("brackets without end", "a: " + String(repeating: "[", count: 100_000), .ungradable("")),
        Attempt(
            "brackets with an end",
            "a: " + String(repeating: "[", count: 60_000) + String(repeating: "]", count: 60_000), .ungradable("")),
        Attempt(
            "mappings nested deeply",
            (0..<300).map { String(repeating: " ", count: $0) + "a:\n" }.joined() + String(repeating: " ", count: 300)
                + "1\n", .ungradable("")),
        Attempt(
            "anchors that explode",
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
                + zip("bcdefghi", "abcdefgh").map {
                    "\($0): &\($0) [\(Array(repeating: "*\($1)", count: 9).joined(separator: ","))]\n"
                }.joined(), .ungradable("excessive aliasing")),
        Attempt("an anchor that holds itself", "a: &a [*a]\n", .ungradable("")),
        Attempt(
            "objects of another language", "!!python/object/apply:os.system [\"touch /tmp/owned\"]\n", .ungradable("")),
        Attempt(
            "a template", solution.replacingOccurrences(of: "replicas: 2", with: "replicas: {{ .Values.replicas }}"),
            .ungradable("")),
        Attempt(
            "a name of a hundred thousand letters",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \(String(repeating: "w", count: 100_000))}\n",
            .ungradable("is not yours")),
        Attempt(
            "half a megabyte of comments", String(repeating: "# nothing\n", count: 50_000) + solution,
            .ungradable("larger than 256 KiB")),
        Attempt("nothing", "", .ungradable("no objects")),
        Attempt("a zero byte", solution + "\0", .ungradable("not UTF-8")),
    ]

    // An owner that is gone takes the Deployment with it (garbage collection); of a key that is there twice, the last
    // counts, as with kubectl.

    private func grade(_ text: String) throws -> Verdict {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", text)
        return Grader(exercise: try Exercise.read(small), width: 1).grade(folder: folder.path, seeds: .visible)
    }

    @Test func thereAreMoreThanTwentyFive() {
        #expect(Self.attempts.count > 45)
        #expect(Set(Self.attempts.map(\.testDescription)).count == Self.attempts.count)
    }

    @Test(arguments: attempts) func harmless(_ attempt: Attempt) throws {
        let verdict = try grade(attempt.text)
        switch attempt.verdict {
        case .ungradable(let part):
            #expect(verdict.status == .ungradable, "\(ReportFormat.terminal.text(verdict))")
            #expect(
                verdict.points == 0 && verdict.faults.contains { part.isEmpty || $0.description.contains(part) },
                "\(verdict.faults)")
        case .asHonest:
            #expect(verdict.status == .graded && verdict.points == 100, "\(ReportFormat.terminal.text(verdict))")
        case .points(let points):
            #expect(verdict.status == .graded && verdict.points == points, "\(ReportFormat.terminal.text(verdict))")
        }
        for format in ReportFormat.allCases { #expect(format.text(verdict).utf8.count < 40_000, "\(format)") }
    }

    @Test func filesThatAreNoFiles() throws {
        let folder = try TemporaryFolder()
        let exercise = try Exercise.read(small)
        func fault(_ make: () throws -> Void) throws -> String {
            try? FileManager.default.removeItem(atPath: folder.path + "/web.yaml")
            try make()
            let verdict = Grader(exercise: exercise, width: 1).grade(folder: folder.path, seeds: .visible)
            #expect(verdict.status == .ungradable)
            return verdict.faults.first?.description ?? ""
        }
        let path = folder.path + "/web.yaml"
        #expect(try fault { symlink(small + "/solution/web.yaml", path) }.contains("symbolic link"))
        #expect(try fault { symlink("/dev/zero", path) }.contains("symbolic link"))
        #expect(try fault { symlink("/proc/self/environ", path) }.contains("symbolic link"))
        #expect(try fault { symlink("web.yaml", path) }.contains("symbolic link"))
        #expect(try fault { mkfifo(path, 0o600) }.contains("not a regular file"))
        // Only root may make devices.
        if mknod(path + ".device", S_IFCHR | 0o600, 1 << 8 | 5) == 0 {
            #expect(try fault { rename(path + ".device", path) }.contains("not a regular file"))
        }
        // The first bytes of an archive.
        #expect(try fault { try folder.write("web.yaml", Data([0x1f, 0x8b, 8, 0, 0xff, 0xff])) }.contains("not UTF-8"))
        #expect(
            try fault { try folder.write("web.yaml", Data("PK\u{3}\u{4}".utf8) + Data([0, 0, 0xfe])) }.contains(
                "not UTF-8"))
        // A hole of a terabyte takes no room on the disk.
        let sparse = try fault {
            try folder.write("web.yaml", "")
            truncate(path, 1 << 40)
        }
        #expect(sparse.contains("larger than") || sparse.contains("not UTF-8"))
        #expect(try fault { truncate(path, 0) }.contains("web.yaml"))
    }

    @Test func linksOnTheWayAreNotFollowed() throws {
        let folder = try TemporaryFolder()
        var exercise = try Exercise.read(small)
        exercise.content.handIn[0].file = "sub/web.yaml"
        exercise.content.handIn = Array(exercise.content.handIn.prefix(1))
        exercise.content.trial.inputs = Array(exercise.content.trial.inputs.prefix(1))
        exercise.content.trial.inputs[0].apply = "sub/web.yaml"
        symlink(small + "/solution", folder.path + "/sub")
        let verdict = Grader(exercise: exercise, width: 1).grade(folder: folder.path, seeds: .visible)
        #expect(verdict.status == .ungradable && verdict.faults.first?.message.contains("symbolic link") == true)
    }

    @Test(arguments: ["../web.yaml", "/etc/passwd", "a/../../web.yaml", "./web.yaml", "a//b", ""])
    func anExerciseCannotNameFilesElsewhere(_ name: String) throws {
        let folder = try TemporaryFolder()
        for file in ["scenario.yaml", "service.yaml", "exercise.yaml"] {
            let text = String(
                decoding: try #require(FileManager.default.contents(atPath: small + "/" + file)), as: UTF8.self)
            try folder.write(file, text.replacingOccurrences(of: "file: web.yaml", with: "file: \"\(name)\""))
        }
        #expect(throws: ConfigurationError.self) { try Exercise.read(folder.path) }
    }

    @Test func filesThatNobodyAskedForChangeNothing() throws {
        let (plain, crowded) = (try TemporaryFolder(), try TemporaryFolder())
        for folder in [plain, crowded] { try folder.write("web.yaml", Self.solution) }
        for name in [
            "exercise.yaml", "scenario.yaml", "references.yaml", "service.yaml", "lab.kubelab", "solution/web.yaml",
        ] {
            try crowded.write(name, "title: mine\ntrial: {events: 1}\n")
        }
        let exercise = try Exercise.read(small)
        let verdicts = [plain, crowded].map {
            Grader(exercise: exercise, width: 1).grade(folder: $0.path, seeds: .visible)
        }
        #expect(verdicts[0].receipt == verdicts[1].receipt && verdicts[0].points == 100)
    }

    @Test func aSecondFileCannotUndoTheFirst() throws {
        // The optional file is applied at 90s: it counts from then on, as it would in a cluster.
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", Self.solution)
        try folder.write("extra.yaml", Self.onePod)
        let verdict = Grader(exercise: try Exercise.read(small), width: 1).grade(folder: folder.path, seeds: .visible)
        #expect(verdict.status == .graded && verdict.checks.first { $0.id == "served" }?.status == .failed)
    }

    @Test func aForgedReceiptIsFoundOut() throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", Self.onePod)
        let grader = Grader(exercise: try Exercise.read(small), width: 1)
        let verdict = grader.grade(folder: folder.path)
        let report = ReportFormat.json.text(verdict)
        #expect(try Receipt(reading: report, file: "r").differences(from: verdict.receipt) == [])
        let forged = report.replacingOccurrences(of: "\"points\": 40", with: "\"points\": 100")
        let found = try Receipt(reading: forged, file: "r").differences(from: verdict.receipt)
        #expect(found == ["points: the receipt says 100, this is 40"])
        for old in [verdict.receipt.submissionHash, verdict.receipt.exerciseHash, verdict.receipt.digests[0]] {
            let other = report.replacingOccurrences(of: old, with: String(repeating: "0", count: old.count))
            #expect(try !Receipt(reading: other, file: "r").differences(from: verdict.receipt).isEmpty)
        }
    }

    @Test func receiptsDoNotDependOnThreads() throws {
        let exercise = try Exercise.read(small)
        for answer in ["solution", "wrong/one-pod"] {
            let one = Grader(exercise: exercise, student: "ada", width: 1).grade(folder: small + "/" + answer)
            let many = Grader(exercise: exercise, student: "ada", width: 4).grade(folder: small + "/" + answer)
            #expect(one.receipt == many.receipt)
            #expect(ReportFormat.json.text(one) == ReportFormat.json.text(many))
        }
    }

    @Test func seedsAreNotTold() throws {
        let exercise = try Exercise.read(small)
        let secret = CourseSecret("autumn")
        let verdict = Grader(exercise: exercise, secret: secret, student: "ada", width: 1).grade(
            folder: small + "/wrong/one-pod")
        let seeds = secret.seeds(exercise: exercise.id, student: "ada", attempt: 1, count: 2)
        for format in ReportFormat.allCases {
            let text = format.text(verdict)
            for seed in seeds { #expect(!text.contains("\(seed)"), "\(format)") }
            #expect(!text.contains("autumn"))
        }
    }
}
