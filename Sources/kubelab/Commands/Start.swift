import ArgumentParser
import Foundation
import Grading
import Kubectl
import KubernetesAPI
import Lab

/// `kubelab start`: begins an exercise.
struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Begin an exercise: its files, its cluster, its situation.",
        discussion: """
            Puts the starter files into the folder and creates the lab there. Files that
            are there already stay as they are, unless --force is given.
            """)

    @Argument(help: "Name or number, such as scale-on-cpu or 4.3; without one, all are listed.")
    var exercise: String?

    @Option(help: ArgumentHelp("Where to work (default: this folder).", valueName: "folder"), completion: .directory)
    var dir: String?

    @Option(help: "The seed of all chance in this lab.")
    var seed: UInt64 = 1

    @Flag(help: "Overwrite files of yours, and an older lab.")
    var force = false

    @Option(
        help: ArgumentHelp(
            "Who you are, where the course gives each student a variant of their own.", valueName: "id"))
    var student: String = ProcessInfo.processInfo.environment["KUBELAB_STUDENT"] ?? ""

    @Flag(help: "Serve the lab to the real kubectl at once, with the clock of the wall (see 'kubelab serve --help').")
    var serve = false

    @OptionGroup var serving: ServeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        guard let exercise else { return try list() }
        let found = try global.labs.exercise(exercise)
        let judged =
            Files.exists(found.path + "/exercise.yaml") ? try Grading.Exercise.read(found.path, student: student) : nil
        let scenario = try judged?.scenario ?? ScenarioFile.read(found.path)
        if let dir { try Files.makeFolder(dir) }
        let path = labPath
        if Files.exists(path) {
            guard try Question.ask("\(path) exists already. Begin anew and lose it?", yes: force) else {
                throw Failure(
                    "\(path) exists already; it was left as it is. --force begins anew, --lab FILE puts the new lab elsewhere."
                )
            }
            try Files.remove(path)
        }
        let copied = try StarterFiles(exercise: found, into: dir ?? ".", variant: judged?.variant ?? Variant())
            .copy(force: force)
        let session = try LabSession.create(
            path, scenario: scenario, seed: seed, exercise: found.folderName, student: student,
            start: serve ? CivilTime.format(seconds: Int64(Date().timeIntervalSince1970)) : "")
        LearnerProgress(progress).record(.started, of: found.folderName)
        try report(session, found, copied)
        if serve { try serving.serve(session) }
    }

    private var labPath: String {
        guard let dir, global.labFile == nil else { return global.labPath }
        return dir.hasSuffix("/") ? dir + "lab.kubelab" : dir + "/lab.kubelab"
    }

    private func report(_ session: LabSession, _ exercise: Labs.Exercise, _ files: StarterFiles.Outcome) throws {
        if output.isJSON {
            return Terminal.print(
                try JSONText.of(
                    StartReport(
                        exercise: exercise.folderName, lab: session.path, written: files.written, kept: files.kept,
                        seed: seed)))
        }
        let brief = try Brief(exercise, student: student)
        for line in brief.lines { Terminal.print(line) }
        Terminal.print("")
        if !files.written.isEmpty { Terminal.print("Written: \(files.written.joined(separator: ", "))") }
        if !files.kept.isEmpty {
            Terminal.print("Yours, left as they are: \(files.kept.joined(separator: ", ")) (--force overwrites)")
        }
        Terminal.print("The lab is \(session.path); it is \(session.world.clockText) and no time has passed.")
        let all = files.written + files.kept
        // The file that the trial applies first; nothing is applied where the hand-in is no manifest.
        let first =
            brief.firstApplied.map { name in all.first { ($0 as NSString).lastPathComponent == name } }
            ?? all.first { Self.isManifest($0, session.scenario.scenario.namespace) }
        let isJudged = Files.exists(exercise.path + "/exercise.yaml")
        guard first != nil || isJudged else { return }
        Terminal.print("")
        Terminal.print(serve ? "Go on in another terminal, after the line below, with" : "Go on with")
        // The lab is found in the folder where one is.
        let folder = serve || global.labFile != nil ? nil : dir
        if let folder { Terminal.print("  cd \(ServedLab.quoted(folder))") }
        if let first {
            let path = folder == nil ? first : (first as NSString).lastPathComponent
            Terminal.print("  \(serve ? "kubectl" : "kubelab") apply -f \(path)")
            Terminal.print(serve ? "  kubectl get pods --watch" : "  kubelab advance 5m")
        }
        if isJudged { Terminal.print("  kubelab check") }
    }

    private static func isManifest(_ path: String, _ namespace: String) -> Bool {
        guard let bytes = try? Files.bytes(path) else { return false }
        let (objects, errors) = ManifestFile(name: path, bytes: bytes).objects(namespace: namespace)
        return errors.isEmpty && !objects.isEmpty
    }

    private func list() throws {
        let all = try global.labs.exercises()
        let rows = all.map { exercise in
            (exercise: exercise, title: (try? Brief(exercise).title) ?? "cannot be read")
        }
        if output.isJSON {
            return Terminal.print(
                try JSONText.of(
                    rows.map { ExerciseRow(number: $0.exercise.number, name: $0.exercise.name, title: $0.title) }))
        }
        var table = Table(["NUMBER", "EXERCISE", "TITLE"])
        for row in rows { table.add([row.exercise.number, row.exercise.name, row.title]) }
        for line in table.lines { Terminal.print(line) }
    }
}

private struct StartReport: Encodable {
    var exercise: String
    var lab: String
    var written: [String]
    var kept: [String]
    var seed: UInt64
}

private struct ExerciseRow: Encodable {
    var number: String
    var name: String
    var title: String
}

/// What an exercise gives the learner to begin with.
struct StarterFiles {
    var exercise: Labs.Exercise
    var into: String
    var variant: Variant

    struct Outcome {
        var written: [String] = []
        var kept: [String] = []
    }

    /// The files as the student gets them, and where they belong.
    private func files() throws -> [(target: String, bytes: [UInt8])] {
        let source = exercise.path + "/starter"
        guard Files.isFolder(source) else { return [] }
        let names = (FileManager.default.subpaths(atPath: source) ?? []).sorted().filter {
            !Files.isFolder("\(source)/\($0)")
        }
        return try names.map { name in
            let target = into == "." ? name : (into.hasSuffix("/") ? into + name : "\(into)/\(name)")
            let text = String(decoding: try Files.bytes("\(source)/\(name)"), as: UTF8.self)
            return (target, Array(variant.substituted(in: text).utf8))
        }
    }

    /// Files that are there with another content: somebody's work.
    func changed() throws -> [String] {
        try files().filter { Files.exists($0.target) && (try? Files.bytes($0.target)) != $0.bytes }.map(\.target)
    }

    /// Copies the files; those that are there with another content stay unless `force`.
    func copy(force: Bool) throws -> Outcome {
        var outcome = Outcome()
        for (target, bytes) in try files() {
            if Files.exists(target), !force {
                let same = (try? Files.bytes(target)) == bytes
                if same { outcome.written.append(target) } else { outcome.kept.append(target) }
                continue
            }
            try Files.makeFolder((target as NSString).deletingLastPathComponent)
            try Files.write(bytes, to: target)
            outcome.written.append(target)
        }
        return outcome
    }
}

/// What a learner is told at the beginning.
struct Brief {
    var title: String
    var lines: [String]
    /// The file that the trial applies first, empty if it applies none; nil for a scenario that is no exercise.
    var firstApplied: String?

    init(_ exercise: Labs.Exercise, student: String = "") throws {
        guard Files.exists(exercise.path + "/exercise.yaml") else {
            title = try ScenarioFile.read(exercise.path).scenario.title
            lines = [Style.strong("\(exercise.number) \(exercise.name): \(title)")]
            return
        }
        let judged = try Grading.Exercise.read(exercise.path, student: student)
        title = judged.title
        let inputs = judged.content.trial.inputs
        firstApplied = inputs.min { $0.at < $1.at }?.apply ?? ""
        lines =
            [Style.strong("\(exercise.number) \(exercise.name): \(title)"), ""] + judged.brief(width: Terminal.width)
    }
}
