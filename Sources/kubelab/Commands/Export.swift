import ArgumentParser
import Foundation
import Grading
import KubernetesAPI
import Lab

/// `kubelab export`: files that say what the cluster has by now.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write files with what was changed in the cluster by hand.",
        discussion: """
            'check' and 'grade' judge files. What was done with kubectl (edit, scale, patch, set) is in the cluster alone; \
            this tells where it differs from the files, and writes files that say the same. Fields that the cluster fills in \
            by itself stay out, and so does a number of pods that an autoscaler sets.

              kubelab export                     of the exercise's files: tell where the cluster differs
              kubelab export gateway.yaml --to changed/

            Exit codes: 0 nothing differs or files were written, 1 something differs, 2 a file cannot be used.
            """)

    @Argument(help: "Files; without any, those that the lab's exercise asks for.", completion: .file())
    var files: [String] = []

    @Option(
        help: ArgumentHelp("Where to write; files that are there are not overwritten.", valueName: "folder"),
        completion: .directory)
    var to: String?

    @Flag(help: "Overwrite files that are there.")
    var force = false

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let session = try global.open(for: .reading)
        var differs = false
        for file in try wanted(session) {
            let text = String(decoding: try Files.bytes(file), as: UTF8.self)
            let found = try session.world.drift(of: text, file: file)
            for drift in found.drifts { Terminal.print(Self.line(drift)) }
            guard !found.drifts.isEmpty else { continue }
            differs = true
            guard let to else { continue }
            let target = (to as NSString).appendingPathComponent((file as NSString).lastPathComponent)
            guard force || !Files.exists(target) else {
                throw Failure("\(target) exists already; it was left as it is (--force overwrites)")
            }
            try Files.makeFolder(to)
            let document = found.documents.map(YAMLWriter.text).joined(separator: "---\n")
            try Files.write(Array(document.utf8), to: target)
            Terminal.print("  written: \(target)")
        }
        if !differs { Terminal.print("The cluster has what the files say.") }
        if differs, to == nil { throw ExitCode(Exit.below) }
    }

    private func wanted(_ session: LabSession) throws -> [String] {
        guard files.isEmpty else { return files }
        guard !session.header.exercise.isEmpty else { throw Failure("which files? The lab belongs to no exercise") }
        let exercise = try Grading.Exercise.read(
            try global.labs.exercise(session.header.exercise).path, student: session.header.student)
        let folder = (session.path as NSString).deletingLastPathComponent
        return exercise.content.handIn.map { folder.isEmpty ? $0.file : folder + "/" + $0.file }.filter(Files.exists)
    }

    private static func line(_ drift: Drift) -> String {
        let place = "\(drift.file):\(drift.line): \(drift.label)"
        if drift.isMissing { return "\(place) is not in the cluster" }
        if !drift.refusal.isEmpty { return "\(place) cannot be compared: \(drift.refusal)" }
        let autoscaled =
            drift.autoscaled.isEmpty ? "" : " (an autoscaler sets .spec.replicas: leave it out of the file)"
        return "\(place) was changed in the cluster: \(drift.fields.joined(separator: ", "))\(autoscaled)"
    }
}
