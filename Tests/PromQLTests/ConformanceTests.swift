import Foundation
import Testing

@testable import PromQL

/// Every `.test` file in `fixtures/conformance/promql`, and in the folder that `KUBELAB_PROMQLTEST` names, if any.
@Suite struct PromQLConformanceTests {
    struct File: Sendable, CustomTestStringConvertible {
        let url: URL
        var testDescription: String { url.lastPathComponent }
    }

    static let files: [File] = {
        var folders = [Fixtures.folder]
        if let other = ProcessInfo.processInfo.environment["KUBELAB_PROMQLTEST"] {
            folders.append(URL(fileURLWithPath: other))
        }
        return folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? [])
                .filter { $0.pathExtension == "test" }.sorted { $0.path < $1.path }.map(File.init)
        }
    }()

    @Test(arguments: files)
    func comesOutAsExpected(_ file: File) throws {
        let script = try PromQLTestFile(String(contentsOf: file.url, encoding: .utf8))
        var runner = PromQLTestRunner()
        let mismatches = runner.run(script)
        #expect(runner.evaluations > 0)
        for mismatch in mismatches { Issue.record("\(file.url.lastPathComponent) \(mismatch)") }
    }
}
