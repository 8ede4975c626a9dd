import Foundation
import PromQL
import Simulation
import Testing

@testable import Monitoring

/// The checks and tests of rules print what promtool prints.
@Suite struct PromtoolTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("fixtures/conformance/promtool")
        .path

    static func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: folder + "/" + name).map { String(decoding: $0, as: UTF8.self) }
    }

    static var files: Promtool.Files { Promtool.Files(read: read, match: { _ in [] }) }

    private func compare(_ output: Promtool.Output, _ name: String) throws {
        #expect(output.text == Self.read(name + ".out"), "\(name)")
        #expect(output.errors == Self.read(name + ".err"), "\(name)")
        #expect("\(output.exitCode)\n" == Self.read(name + ".code"), "\(name)")
    }

    @Test(arguments: ["r", "b", "c"]) func checksAreThoseOfTheRealTool(name: String) throws {
        try compare(Promtool.checkRules([name + ".yml"], Self.files), name + ".check")
    }

    @Test(arguments: ["t", "bad", "bad2", "e"]) func testsAreThoseOfTheRealTool(name: String) throws {
        try compare(Promtool.testRules([name + ".yml"], Self.files), name + ".test")
    }

    /// Mutated files are refused, or tested, and never trap.
    @Test func hostileFiles() throws {
        let texts = ["t", "bad", "e", "r", "b"].compactMap { Self.read($0 + ".yml") }
        var random = RandomStream(seed: 11, name: "promtool")
        let rounds = Int(ProcessInfo.processInfo.environment["KUBELAB_FUZZ"] ?? "") ?? 400
        for _ in 0..<min(rounds, 20_000) {
            var bytes = Array(texts[Int(random.below(UInt64(texts.count)))].utf8)
            for _ in 0...random.below(4) {
                let place = Int(random.below(UInt64(bytes.count)))
                switch random.below(3) {
                case 0: bytes[place] = UInt8(random.below(128))
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8(random.below(128)), at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let files = Promtool.Files(read: { $0 == "x.yml" ? text : Self.read($0) }, match: { _ in [] })
            _ = Promtool.checkRules(["x.yml"], files)
            _ = Promtool.testRules(["x.yml"], files)
        }
    }
}
