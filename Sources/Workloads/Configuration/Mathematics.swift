import Simulation

/// Logarithm and exponential from operations that IEEE 754 fixes, so that every processor draws the same numbers: the
/// C library's differ in their last bits.
enum Mathematics {
    /// ln 2 in two parts: the first has zeros at its end, so that its product with a small integer is exact
    /// (Cody and Waite).
    private static let ln2High = 0x1.62e42fefa38p-1
    private static let ln2Low = 0x1.ef35793c7673p-45

    /// Natural logarithm, good to a few units in the last place; minus infinity for zero and less.
    static func log(_ x: Double) -> Double {
        guard x > 0 else { return -.infinity }
        guard x < .infinity else { return x }
        var exponent = Double(x.exponent)
        var significand = x.significand
        if significand > 1.414_213_562_373_095_1 {
            significand /= 2
            exponent += 1
        }
        // ln m = 2 artanh((m - 1) / (m + 1)); the argument is at most 0.172, so twelve terms are enough.
        let s = (significand - 1) / (significand + 1)
        let square = s * s
        var sum = 1.0 / 25
        var divisor = 23.0
        while divisor >= 1 {
            sum = sum * square + 1 / divisor
            divisor -= 2
        }
        return exponent * ln2High + (2 * s * sum + exponent * ln2Low)
    }

    /// The exponential; 0 below -700 and 1e300 above 690, beyond which nothing in the model has a meaning.
    static func exp(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        guard x < 690 else { return x.isNaN ? x : 1e300 }
        let count = (x / ln2High).rounded()
        let rest = (x - count * ln2High) - count * ln2Low
        // |rest| is at most 0.347: sixteen terms of the series, from the smallest.
        var sum = 1.0
        var term = 16.0
        while term >= 1 {
            sum = 1 + sum * rest / term
            term -= 1
        }
        return Double(sign: .plus, exponent: Int(count), significand: sum)
    }

    /// A normal deviate of mean 0 and deviation 1 (Marsaglia's polar method, the second one dropped).
    static func normal(_ random: inout RandomStream) -> Double {
        while true {
            let u = 2 * random.unit() - 1
            let v = 2 * random.unit() - 1
            let square = u * u + v * v
            if square > 0, square < 1 { return u * (-2 * log(square) / square).squareRoot() }
        }
    }
}
