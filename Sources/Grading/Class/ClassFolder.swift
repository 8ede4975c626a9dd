import Foundation
import Lab

/// The folder that a class's verdicts are in: `class.json`, `verdicts/STUDENT.json`, `grades.csv`, `overview.md` and
/// `overview.html`.
public struct ClassFolder: Sendable {
    public var path: String

    public init(_ path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    func verdictPath(_ file: String) -> String { path + "/verdicts/" + file }

    func prepare() throws {
        do {
            try FileManager.default.createDirectory(atPath: path + "/verdicts", withIntermediateDirectories: true)
        } catch { throw ConfigurationError(file: path, message: "the folder cannot be made") }
    }

    /// Writes a file whole or not at all.
    func write(_ text: String, _ name: String) throws {
        let target = path + "/" + name
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: target), options: .atomic) } catch {
            throw ConfigurationError(
                file: target, message: "cannot be written: is the folder writable, and is there room on the disk?")
        }
    }

    /// The verdict in a file; nil if there is none that can be read.
    func entry(_ file: String) -> ClassEntry? {
        let path = verdictPath(file)
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: WorkerProcess.maximumAnswer), !data.isEmpty else { return nil }
        return try? ClassEntry(reading: String(decoding: data, as: UTF8.self), file: path)
    }

    /// What the folder says that it holds.
    /// - Throws: `ConfigurationError` if it is no such folder.
    public func manifest() throws -> ClassManifest {
        let file = path + "/" + ClassManifest.fileName
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationError(
                file: path, message: "holds no \(ClassManifest.fileName); is this a folder that 'grade-all' made?")
        }
        return try ClassManifest(reading: String(decoding: data, as: UTF8.self), file: file)
    }

    /// Writes the table and the overviews of what is there.
    public func writeOverview(_ overview: ClassOverview) throws {
        try write(overview.manifest.json.report, ClassManifest.fileName)
        try write(overview.table, "grades.csv")
        try write(overview.markdown, "overview.md")
        try write(overview.html, "overview.html")
    }

    /// Joins folders of parts of one class into this one.
    /// - Returns: the whole, and what a person should know, such as missing parts.
    /// - Throws: `ConfigurationError` if the parts do not belong together.
    public func merge(_ parts: [ClassFolder]) throws -> (overview: ClassOverview, remarks: [String]) {
        var remarks: [String] = []
        var whole: ClassManifest?
        var texts: [String: (text: String, from: String)] = [:]
        var students: [(name: String, file: String)] = []
        for part in parts {
            let manifest = try part.manifest()
            if let first = whole {
                for (name, left, right) in [
                    ("exercise", first.exercise, manifest.exercise),
                    ("exercise's content", first.exerciseHash, manifest.exerciseHash),
                    ("version of kubelab", first.version, manifest.version),
                    ("attempt", "\(first.attempt)", "\(manifest.attempt)"),
                    ("number of parts", "\(first.partCount)", "\(manifest.partCount)"),
                ] where left != right {
                    throw ConfigurationError(
                        file: part.path,
                        message: "does not belong to \(parts[0].path): another \(name) (\(right), there \(left))")
                }
                whole?.parts = Array(Set(first.parts + manifest.parts)).sorted()
            } else {
                whole = manifest
            }
            for student in manifest.students {
                guard let data = FileManager.default.contents(atPath: part.verdictPath(student.file)) else {
                    remarks.append("\(part.path): \(Sanitised.text(student.name, limit: 80)) has no verdict yet")
                    continue
                }
                let text = String(decoding: data, as: UTF8.self)
                let entry = try ClassEntry(reading: text, file: part.verdictPath(student.file))
                guard let known = texts[student.file] else {
                    texts[student.file] = (text, part.path)
                    students.append(student)
                    continue
                }
                let before = try ClassEntry(reading: known.text, file: known.from)
                guard before.receipt == entry.receipt else {
                    throw ConfigurationError(
                        file: part.verdictPath(student.file),
                        message: "\(Sanitised.text(student.name, limit: 80)) has another verdict in \(known.from)")
                }
            }
        }
        guard var manifest = whole else {
            throw ConfigurationError(file: path, message: "there is nothing to merge")
        }
        let missing = (1...max(1, manifest.partCount)).filter { !manifest.parts.contains($0) }
        if !missing.isEmpty {
            let numbers = missing.map { "\($0)/\(manifest.partCount)" }.joined(separator: ", ")
            remarks.append("missing: \(missing.count == 1 ? "part" : "parts") \(numbers)")
        }
        manifest.students = students.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        try prepare()
        for (_, file) in manifest.students {
            guard let text = texts[file]?.text else { continue }
            if FileManager.default.contents(atPath: verdictPath(file)) != Data(text.utf8) {
                try write(text, "verdicts/" + file)
            }
        }
        let overview = ClassOverview(manifest: manifest, entries: manifest.students.compactMap { entry($0.file) })
        try writeOverview(overview)
        return (overview, remarks)
    }
}
