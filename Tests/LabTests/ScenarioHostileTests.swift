import Foundation
import Simulation
import Testing

@testable import Lab

/// Scenarios with numbers that nobody means: refused with the place, or simulated within the budget; never a crash.
@Suite struct ScenarioHostileTests {
    static let values = [
        "-1", "0", "1e18", "-1e300", "1e308", "99999999999999999999", "-5s", "0s", "9999999h", "\"x\"", "null", "[]",
        "{}", "true",
        "1e-300", ".nan", ".inf", "-0.5", "2147483648", "9223372036854775807",
    ]

    /// Where numbers stand: after a separator, before one.
    private static func numbers(in text: [UInt8]) -> [Range<Int>] {
        func isSeparator(_ byte: UInt8) -> Bool { Array(" {}[],:\n".utf8).contains(byte) }
        var found: [Range<Int>] = []
        var start = 0
        for (place, byte) in text.enumerated() where isSeparator(byte) {
            if place > start, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[start]) {
                found.append(start..<place)
            }
            start = place + 1
        }
        return found
    }

    @Test(arguments: 0..<12 as Range<UInt64>) func numbersThatNobodyMeans(seed: UInt64) throws {
        let folder = Repository.path("fixtures/determinism/support-desk")
        let original = try ScenarioFile.read(folder)
        let bytes = Array(original.text.utf8)
        let numbers = Self.numbers(in: bytes)
        try #require(numbers.count > 50)
        var random = RandomStream(seed: seed, name: "hostile scenario")
        var refused = 0
        for _ in 0..<20 {
            let place = numbers[Int(random.below(UInt64(numbers.count)))]
            let value = Self.values[Int(random.below(UInt64(Self.values.count)))]
            let text = String(
                decoding: bytes[..<place.lowerBound] + Array(value.utf8) + bytes[place.upperBound...], as: UTF8.self)
            do {
                let scenario = try ScenarioFile.parse(text, file: "scenario.yaml")
                var world = try World(scenario: scenario, seed: 1, manifests: original.manifests)
                try world.advance(to: .zero + .seconds(5), budget: 4_000)
            } catch let error as ConfigurationError {
                refused += 1
                #expect(!error.message.isEmpty)
            } catch is RunError {}
        }
        #expect(refused > 0)
    }

    @Test func moreMemoryThanMachinesHave() throws {
        let text = try ScenarioFile.read(Repository.path("fixtures/determinism/support-desk")).text
        let error = #expect(throws: ConfigurationError.self) {
            try ScenarioFile.parse(
                text.replacing("memory: 4Gi", with: "memory: 1e18").replacing("memory: 8Gi", with: "memory: 1e18"),
                file: "scenario.yaml")
        }
        #expect(error?.line ?? 0 > 0)
        #expect(error?.message.contains("at most 1Pi") ?? false)
    }
}
