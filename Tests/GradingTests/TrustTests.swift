import Foundation
import Lab
import Testing

@testable import Grading

/// What somebody might hand in who does not want to be graded by what they did.
@Suite struct TrustTests {
    let folder: TemporaryFolder
    let exercise: Exercise

    init() throws {
        folder = try TemporaryFolder()
        exercise = try Exercise.read(scaleOnCPU)
        for file in ["gateway.yaml", "release.yaml"] {
            try folder.write(file, try #require(FileManager.default.contents(atPath: scaleOnCPU + "/solution/" + file)))
        }
    }

    private func faults() -> [ConfigurationError] {
        let (submission, unread) = Submission.read(folder.path, for: exercise)
        return unread + submission.faults(in: exercise)
    }

    private func changeGateway(_ old: String, _ new: String) throws {
        let text = String(
            decoding: try #require(FileManager.default.contents(atPath: folder.path + "/gateway.yaml")), as: UTF8.self)
        try #require(text.contains(old))
        try folder.write("gateway.yaml", text.replacingOccurrences(of: old, with: new))
    }

    @Test func theSolutionIsClean() { #expect(faults() == []) }

    @Test func onlyNamedFilesAreRead() throws {
        try folder.write("scenario.yaml", "name: mine")
        try folder.write("exercise.yaml", "title: mine")
        let (submission, _) = Submission.read(folder.path, for: exercise)
        #expect(submission.files.map(\.name) == ["gateway.yaml", "release.yaml"])
    }

    @Test func linksPipesFoldersAndGiantsAreRefused() throws {
        let file = folder.path + "/release.yaml"
        func replaced(_ body: () throws -> Void) throws -> String {
            try FileManager.default.removeItem(atPath: file)
            try body()
            return faults().first?.description ?? ""
        }
        #expect(
            try replaced {
                try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "/etc/passwd")
            }.contains("symbolic link"))
        var made: Int32 = -1
        #expect(try replaced { made = mkfifo(file, 0o600) }.contains("not a regular file"))
        #expect(made == 0)
        #expect(
            try replaced { try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false) }
                .contains("not a regular file"))
        #expect(
            try replaced { try folder.write("release.yaml", Data(repeating: 35, count: 300_000)) }.contains(
                "larger than 256 KiB"))
        #expect(try replaced { try folder.write("release.yaml", Data([0xff, 0xfe, 0x41])) }.contains("not UTF-8"))
        #expect(try replaced { try folder.write("release.yaml", Data([0x61, 0x00])) }.contains("not UTF-8"))
        #expect(try replaced { try folder.write("release.yaml", "") }.contains("no objects"))
        #expect(try replaced {}.contains("is missing"))
    }

    @Test func explodingAnchorsAreRefused() throws {
        var text = "apiVersion: v1\nkind: ConfigMap\na: &a [x, x, x, x, x, x, x, x, x]\n"
        for (name, before) in zip("bcdefghi", "abcdefgh") {
            text += "\(name): &\(name) [\((0..<9).map { _ in "*\(before)" }.joined(separator: ", "))]\n"
        }
        try folder.write("release.yaml", text)
        #expect(faults().contains { $0.message.contains("excessive aliasing") })
    }

    @Test func nothingButTheLearnersOwnObjects() throws {
        try changeGateway("kind: HorizontalPodAutoscaler", "kind: ResourceQuota")
        #expect(faults().isEmpty == false)
        try folder.write("release.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: gateway}\n")
        let fault = try #require(faults().first { $0.file == "release.yaml" })
        #expect(
            fault.description
                == "release.yaml:2: kind: Service/gateway is not yours to change here; release.yaml may hold Deployment/gateway"
        )
        try folder.write(
            "release.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gateway, namespace: kube-system}\n"
        )
        #expect(faults().contains { $0.path == "metadata.namespace" && $0.line == 3 })
        try folder.write("release.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: load-generator}\n")
        #expect(faults().contains { $0.message.contains("Deployment/load-generator is not yours") })
    }

    @Test func whatBelongsToOthersStays() throws {
        try changeGateway("requests: {cpu: 300m, memory: 128Mi}", "requests: {cpu: 1m, memory: 128Mi}")
        let fault = try #require(faults().first)
        #expect(
            fault.message.contains("must stay as the starter has it") && fault.file == "gateway.yaml" && fault.line > 10
        )
    }

    @Test func aMillionPodsAreNoAnswer() throws {
        try changeGateway("maxReplicas: 20", "maxReplicas: 1000000")
        #expect(faults().map(\.message) == ["1000000 is more than the 60 that this exercise allows"])
    }

    @Test func namesCannotSpeakToTheTerminalOrToGitHub() throws {
        try folder.write(
            "release.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \"x\\e[31m\\n::error::owned\\u202e\"}\n")
        let verdict = Grader(exercise: exercise).grade(folder: folder.path)
        #expect(verdict.status == .ungradable)
        for format in ReportFormat.allCases {
            let text = format.text(verdict)
            #expect(!text.contains("\u{1b}") && !text.contains("\u{202e}"), "\(format)")
            #expect(!text.split(separator: "\n").contains { $0.hasPrefix("::error::") }, "\(format)")
        }
    }

    @Test func ungradableIsNotZero() throws {
        try FileManager.default.removeItem(atPath: folder.path + "/gateway.yaml")
        let verdict = Grader(exercise: exercise).grade(folder: folder.path)
        #expect(verdict.status == .ungradable)
        #expect(verdict.checks.allSatisfy { $0.status == .ungradable })
        #expect(verdict.faults.map(\.description) == ["gateway.yaml: is missing"])
    }

    @Test func hiddenSeedsFollowFromTheSecret() {
        let secret = CourseSecret("autumn")
        let seeds = secret.seeds(exercise: "4.3", student: "ada", attempt: 1, count: 5)
        #expect(Set(seeds).count == 5)
        #expect(seeds == CourseSecret("autumn").seeds(exercise: "4.3", student: "ada", attempt: 1, count: 5))
        for other in [
            CourseSecret("spring").seeds(exercise: "4.3", student: "ada", attempt: 1, count: 5),
            secret.seeds(exercise: "4.4", student: "ada", attempt: 1, count: 5),
            secret.seeds(exercise: "4.3", student: "bob", attempt: 1, count: 5),
            secret.seeds(exercise: "4.3", student: "ada", attempt: 2, count: 5),
        ] {
            #expect(Set(other).isDisjoint(with: seeds))
        }
    }

    @Test func hashesAreThoseOfTheStandard() {
        #expect(SHA256.hexadecimal("".utf8) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(SHA256.hexadecimal("abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256.hexadecimal("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            SHA256.hexadecimal(repeatElement(UInt8(ascii: "a"), count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
}
