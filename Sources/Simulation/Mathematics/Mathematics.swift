/// Elementary functions from operations that IEEE 754 fixes (addition, multiplication, division, square root), so that
/// every processor finds the same bits. The C library's `log`, `exp`, `pow`, `sin` and `cos` pick their code by the
/// processor: their last bits change with fused multiply-add.
///
/// Errors are in units in the last place (ulp) of the true value, measured against 40 digits of mpmath
/// (`fixtures/mathematics/reference.csv`, written by `Tools/mathematics-reference.py`):
///
/// | function | largest error |
/// | --- | --- |
/// | ``exp(_:)``, ``log(_:)`` | 1 ulp |
/// | ``pow(_:_:)`` | 1 ulp |
/// | ``sin(_:)``, ``cos(_:)`` | 1 ulp up to 1,600,000 radians |
/// | ``logGamma(_:)`` | 6e-15, or 4 ulp where that is more |
public enum Mathematics {
    /// ln 2 in two parts. The first ends in zeros, so that its product with an exponent is exact (Cody and Waite).
    static let ln2High = 0x1.62e42fefa38p-1
    static let ln2Low = 0x1.ef35793c7673p-45
    private static let inverseLn2 = 0x1.71547652b82fep0
    /// Added and taken away again, it rounds to a whole number: no fraction fits beside it.
    static let roundingShift = 0x1.8p52

    // MARK: Exponential

    /// e to the power of `x`: infinity above 709.78, subnormal and at last 0 below -708.4.
    public static func exp(_ x: Double) -> Double { exponential(x, 0) }

    /// exp(x + tail), for a tail far smaller than `x`.
    static func exponential(_ x: Double, _ tail: Double) -> Double {
        guard x > -746 else { return x.isNaN ? x : 0 }
        guard x < 710 else { return .infinity }
        let count = (x * inverseLn2 + roundingShift) - roundingShift
        let high = x - count * ln2High
        let low = count * ln2Low - tail
        // x = count ln 2 + rest + correction; |rest| is at most 0.347, where 13 terms of the series are enough.
        let rest = high - low
        let correction = (high - rest) - low
        let square = rest * rest
        let fourth = square * square
        let two = 0x1p-1 + rest * 0x1.5555555555555p-3
        let four = 0x1.5555555555555p-5 + rest * 0x1.1111111111111p-7
        let six = 0x1.6c16c16c16c17p-10 + rest * 0x1.a01a01a01a01ap-13
        let eight = 0x1.a01a01a01a01ap-16 + rest * 0x1.71de3a556c734p-19
        let ten = 0x1.27e4fb7789f5cp-22 + rest * 0x1.ae64567f544e4p-26
        let twelve = 0x1.1eed8eff8d898p-29 + rest * 0x1.6124613a86d09p-33
        let series = (two + square * four) + fourth * ((six + square * eight) + fourth * (ten + square * twelve))
        let significand = 1 + (rest + (correction + square * series))
        return scale(significand, by: Int(count))
    }

    /// `significand` times a power of two, rounded once.
    private static func scale(_ significand: Double, by exponent: Int) -> Double {
        func power(_ exponent: Int) -> Double { Double(bitPattern: UInt64(exponent + 1023) << 52) }
        if exponent >= -1022, exponent <= 1023 { return significand * power(exponent) }
        let half = exponent / 2
        return significand * power(half) * power(exponent - half)
    }

    // MARK: Logarithm

    /// Natural logarithm; minus infinity for zero and less.
    public static func log(_ x: Double) -> Double {
        guard x > 0 else { return x.isNaN ? x : -.infinity }
        guard x < .infinity else { return x }
        let (exponent, fraction) = split(x)
        let s = fraction / (2 + fraction)
        let square = s * s
        let halfSquare = 0.5 * fraction * fraction
        let rest = square * logarithmSeries(square)
        // ln(1 + f) = f - f²/2 + s (f²/2 + rest) with s = f / (2 + f): the first term is exact.
        return exponent * ln2High - ((halfSquare - (s * (halfSquare + rest) + exponent * ln2Low)) - fraction)
    }

    /// x = 2^exponent (1 + fraction) with 1 + fraction between the square roots of 1/2 and 2; the fraction is exact.
    static func split(_ x: Double) -> (exponent: Double, fraction: Double) {
        var bits = x.bitPattern
        var exponent = 0
        if bits < 0x0010_0000_0000_0000 {
            bits = (x * 0x1p54).bitPattern
            exponent = -54
        }
        exponent += Int(bits >> 52) - 1023
        var significand = Double(bitPattern: bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)
        if significand > 1.414_213_562_373_095_1 {
            significand *= 0.5
            exponent += 1
        }
        return (Double(exponent), significand - 1)
    }

    /// 2/3 + 2/5 z + … + 2/21 z⁹, for z of at most 0.0295.
    private static func logarithmSeries(_ z: Double) -> Double { 0x1.5555555555555p-1 + z * logarithmSeriesRest(z) }

    /// 2/5 + 2/7 z + … + 2/21 z⁸.
    static func logarithmSeriesRest(_ z: Double) -> Double {
        let second = z * z
        let fourth = second * second
        let two = 0x1.999999999999ap-2 + z * 0x1.2492492492492p-2
        let four = 0x1.c71c71c71c71cp-3 + z * 0x1.745d1745d1746p-3
        let six = 0x1.3b13b13b13b14p-3 + z * 0x1.1111111111111p-3
        let eight = 0x1.e1e1e1e1e1e1ep-4 + z * 0x1.af286bca1af28p-4
        return (two + second * four) + fourth * ((six + second * eight) + fourth * 0x1.8618618618618p-4)
    }
}
