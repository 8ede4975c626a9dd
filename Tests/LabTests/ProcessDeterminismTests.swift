import Foundation
import Testing

/// Equal runs in different processes: Swift seeds its hashing per process, and processors differ in what they fuse.
@Suite struct ProcessDeterminismTests {
    /// Programs that were built at some time: one agrees with itself whatever it was built from.
    static let programs = [".build/debug/kubelab", ".build/release/kubelab", ".build-release/release/kubelab"]
        .map(Repository.path).filter(FileManager.default.fileExists(atPath:))

    /// Those that were built from the sources as they are now, which agree with each other too.
    static let freshPrograms: [String] = {
        let newest =
            FileManager.default.enumerator(atPath: Repository.path("Sources"))?.compactMap { $0 as? String }
            .compactMap { date(Repository.path("Sources/" + $0)) }.max() ?? .distantFuture
        return programs.filter { path in date(path).map { $0 >= newest } ?? false }
    }()

    private static func date(_ path: String) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }

    private static func digest(_ program: String, environment: [String: String] = [:]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "run", Repository.path("fixtures/determinism/support-desk"), "--for", "90s", "--seed", "7", "--json",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require(report["digest"] as? String)
    }

    /// Three processes, one of them without fused multiply-add and AVX2, for each build that is there: a debug build
    /// after `swift build`, a release build after `swift build -c release`.
    @Test(.enabled(if: !programs.isEmpty, "kubelab is not built: run 'swift build' first"))
    func threeProcessesOfEveryBuildAgree() throws {
        let masked = ["GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2"]
        var fresh: Set<String> = []
        for program in Self.programs {
            let digests = [
                try Self.digest(program), try Self.digest(program), try Self.digest(program, environment: masked),
            ]
            #expect(Set(digests).count == 1, "\(program): \(digests), the last without fused multiply-add")
            if Self.freshPrograms.contains(program) { fresh.formUnion(digests) }
        }
        #expect(fresh.count <= 1, "builds differ: \(fresh)")
    }
}
