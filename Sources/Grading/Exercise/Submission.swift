import Foundation
import Kubectl
import KubernetesAPI
import Lab

/// What a learner hands in: the text of the files that the exercise names, and nothing else.
public struct Submission: Sendable {
    public struct File: Sendable {
        public var name: String
        public var text: String

        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    public var files: [File]
    /// What was predicted; nil if nothing was handed in.
    public var predictions: File?

    /// Bytes of one file; real manifests of an exercise have a few thousand.
    static let maximumBytes = 256 << 10

    public init(files: [File], predictions: File? = nil) {
        self.files = files
        self.predictions = predictions
    }

    /// SHA-256 over names and contents.
    public var hash: String {
        var hash = SHA256()
        for file in files + (predictions.map { [$0] } ?? []) {
            hash.update(file.name.utf8)
            hash.update([0])
            hash.update("\(file.text.utf8.count)".utf8)
            hash.update([0])
            hash.update(file.text.utf8)
        }
        return SHA256.hexadecimal(of: hash.finish())
    }

    /// Reads the hand-in files of an exercise from a folder that nobody trusts: regular files only, never through a
    /// symbolic link below that folder, bounded in size, UTF-8.
    /// - Returns: the files that could be read, and what is wrong with the others.
    public static func read(_ folder: String, for exercise: Exercise) -> (
        submission: Submission, faults: [ConfigurationError]
    ) {
        var files: [File] = []
        var faults: [ConfigurationError] = []
        for item in exercise.content.handIn {
            switch Self.contents(of: item.file, below: folder) {
            case .success(let text): files.append(File(name: item.file, text: text))
            case .failure(let fault):
                if !(fault.isMissing && item.optional) {
                    faults.append(ConfigurationError(file: item.file, message: fault.message))
                }
            }
        }
        var predictions: File?
        if let wanted = exercise.content.predictions {
            switch Self.contents(of: wanted.file, below: folder) {
            case .success(let text): predictions = File(name: wanted.file, text: text)
            case .failure(let fault) where fault.isMissing: break
            case .failure(let fault): faults.append(ConfigurationError(file: wanted.file, message: fault.message))
            }
        }
        // The author's own answers name parameters; a learner's copy of the starter has their values.
        if folder.hasPrefix(exercise.folder + "/") {
            for index in files.indices { files[index].text = exercise.variant.substituted(in: files[index].text) }
        }
        return (Submission(files: files, predictions: predictions), faults)
    }

    private struct ReadFault: Error {
        var message: String
        var isMissing = false
    }

    /// Opens each part of a path without following links.
    private static func contents(of path: String, below folder: String) -> Result<String, ReadFault> {
        var directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return .failure(ReadFault(message: "the folder \(folder) cannot be read")) }
        defer { close(directory) }
        let parts = path.split(separator: "/").map(String.init)
        for part in parts.dropLast() {
            let next = openat(directory, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { return .failure(failure(errno)) }
            close(directory)
            directory = next
        }
        // Without O_NONBLOCK a named pipe would wait for ever for a writer.
        let file = openat(directory, parts.last ?? "", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return .failure(failure(errno)) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .failure(ReadFault(message: "is not a regular file"))
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= maximumBytes {
            let count = Foundation.read(file, &buffer, buffer.count)
            if count < 0 { return .failure(ReadFault(message: "cannot be read")) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard bytes.count <= maximumBytes else {
            return .failure(ReadFault(message: "is larger than \(maximumBytes >> 10) KiB, more than any answer needs"))
        }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(ReadFault(message: "is not UTF-8 text"))
        }
        return .success(text)
    }

    private static func failure(_ code: Int32) -> ReadFault {
        switch code {
        case ENOENT: ReadFault(message: "is missing", isMissing: true)
        case ELOOP, ENOTDIR: ReadFault(message: "is or lies behind a symbolic link; hand in the file itself")
        case EACCES: ReadFault(message: "cannot be read: permission denied")
        default: ReadFault(message: "cannot be read (error \(code))")
        }
    }
}
