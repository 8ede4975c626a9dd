import Foundation
import Testing

@testable import Simulation

/// One line of fixtures/mathematics/reference.csv: the true value is `high + low`.
private struct Reference {
    var function: String
    var x: Double
    var y: Double
    var high: Double
    var low: Double

    static let all: [Reference] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("fixtures/mathematics/reference.csv")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let parts = line.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 5, let x = Double(parts[1]), let high = Double(parts[3]), let low = Double(parts[4])
            else { return nil }
            return Reference(function: String(parts[0]), x: x, y: Double(parts[2]) ?? 0, high: high, low: low)
        }
    }()

    var found: Double {
        switch function {
        case "exp": Mathematics.exp(x)
        case "log": Mathematics.log(x)
        case "pow": Mathematics.pow(x, y)
        case "sin": Mathematics.sin(x)
        case "cos": Mathematics.cos(x)
        case "logGamma": Mathematics.logGamma(x)
        default: .nan
        }
    }

    /// Distance from the true value in units of its last place.
    var error: Double { abs((found - high) - low) / high.ulp }
}

@Suite struct MathematicsTests {
    @Test(arguments: ["exp", "log", "pow", "sin", "cos"]) func errsByLessThanOneUlp(function: String) {
        let cases = Reference.all.filter { $0.function == function }
        #expect(cases.count > 700)
        for reference in cases {
            #expect(reference.error < 1, "\(function)(\(reference.x), \(reference.y)) = \(reference.found)")
        }
    }

    @Test func logGammaErrsByThePromisedAmount() {
        let cases = Reference.all.filter { $0.function == "logGamma" }
        #expect(cases.count > 700)
        for reference in cases {
            let distance = abs((reference.found - reference.high) - reference.low)
            #expect(
                distance <= max(6e-15, 4 * reference.high.ulp), "logGamma(\(reference.x)) = \(reference.found)")
        }
    }

    @Test func endsOfTheRangeAreThoseOfTheStandard() {
        #expect(Mathematics.exp(0) == 1)
        #expect(Mathematics.exp(710) == .infinity)
        #expect(Mathematics.exp(.infinity) == .infinity)
        #expect(Mathematics.exp(-.infinity) == 0)
        #expect(Mathematics.exp(.nan).isNaN)
        #expect(Mathematics.log(1) == 0)
        #expect(Mathematics.log(0) == -.infinity)
        #expect(Mathematics.log(-1) == -.infinity)
        #expect(Mathematics.log(.infinity) == .infinity)
        #expect(Mathematics.log(.nan).isNaN)
        #expect(Mathematics.sin(0) == 0)
        #expect(Mathematics.cos(0) == 1)
        #expect(Mathematics.sin(.infinity).isNaN)
        #expect(Mathematics.logGamma(0) == .infinity)
        #expect(
            abs(Mathematics.sin(1e15) * Mathematics.sin(1e15) + Mathematics.cos(1e15) * Mathematics.cos(1e15) - 1)
                < 1e-15)
    }

    @Test func powersHaveTheSpecialCasesOfC() {
        let values = [-Double.infinity, -3, -2.5, -1, 0, 0.5, 1, 2, 3.5, .infinity, .nan]
        for x in values {
            for y in values {
                let (found, expected) = (Mathematics.pow(x, y), Foundation.pow(x, y))
                let agree = found == expected || (found.isNaN && expected.isNaN) || abs(found / expected - 1) < 1e-15
                #expect(agree, "pow(\(x), \(y)) = \(found), C says \(expected)")
            }
        }
    }

    @Test func wholePowersOfTwoAreExact() {
        for exponent in -1_000...1_000 {
            #expect(Mathematics.pow(2, Double(exponent)) == Double(sign: .plus, exponent: exponent, significand: 1))
        }
    }

    /// The same bits in every build and on every processor: 200,000 values folded into one number, recorded once.
    /// `GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-AVX2 swift test --filter MathematicsTests` says it of one more.
    @Test func everyMachineFindsTheSameBits() {
        var random = RandomStream(seed: 20, name: "mathematics")
        var digest = Digest()
        for _ in 0..<40_000 {
            let x = (random.unit() - 0.5) * 1_400
            digest.fold(Mathematics.exp(x).bitPattern)
            digest.fold(Mathematics.log(abs(x)).bitPattern)
            digest.fold(Mathematics.pow(abs(x), random.unit() * 20 - 10).bitPattern)
            digest.fold(Mathematics.sin(x).bitPattern)
            digest.fold(Mathematics.logGamma(abs(x)).bitPattern)
        }
        #expect(digest.description == "ee84e4d29328ed98f6ffe6d0b494ead5")
    }
}
