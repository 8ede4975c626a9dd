/// The elementary functions with the results of Go's `math` package, bit by bit, made of operations that IEEE 754 fixes.
///
/// PromQL's answers are printed to the last digit, and Go's functions are not correctly rounded: `exp` of Go on amd64 is
/// a Taylor series after four halvings with fused multiply-add, `ln` is FreeBSD's, the trigonometric functions are
/// Cephes'. The rest of Kubelab uses `Simulation.Mathematics`; here other bits are right.
public enum GoMath {
    private static let ln2 = 0.693147180559945309417232121458176568
    private static let ln2High = 6.93147180369123816490e-01
    private static let ln2Low = 1.90821492927058770002e-10

    /// `math.Exp` on amd64 with FMA.
    static func exp(_ x: Double) -> Double {
        if x.isNaN || x == .infinity { return x }
        if x == -.infinity { return 0 }
        if x > 7.09782712893384e+02 { return .infinity }
        let scaled = x * 1.4426950408889634073599246810018920
        guard scaled > -1100 else { return 0 }
        let exponent = Int(scaled.rounded(.toNearestOrEven))
        let k = Double(exponent)
        var r = x.addingProduct(-0.69314718055966295651160180568695068359375, k)
        r = r.addingProduct(-0.28235290563031577122588448175013436025525412068e-12, k)
        r *= 0.0625
        var sum = 2.4801587301587301587e-5
        for coefficient in [
            1.9841269841269841270e-4, 1.3888888888888888889e-3, 8.3333333333333333333e-3, 4.1666666666666666667e-2,
            1.6666666666666666667e-1, 0.5, 1.0,
        ] {
            sum = coefficient.addingProduct(sum, r)
        }
        r *= sum
        for _ in 0..<3 { r *= r + 2 }
        r = 1.0.addingProduct(r, r + 2)
        let biased = exponent + 1023
        if biased <= 0 { return 0 }
        if biased >= 0x7FF { return .infinity }
        return r * Double(bitPattern: UInt64(biased) << 52)
    }

    /// `math.Log`.
    static func log(_ x: Double) -> Double {
        if x.isNaN || x == .infinity { return x }
        if x < 0 { return .nan }
        if x == 0 { return -.infinity }
        var (fraction, exponent) = split(x)
        if fraction < 0.70710678118654752440 {
            fraction *= 2
            exponent -= 1
        }
        let f = fraction - 1
        let k = Double(exponent)
        let s = f / (2 + f)
        let s2 = s * s
        let s4 = s2 * s2
        let t1 =
            s2
            * (6.666666666666735130e-01 + s4
                * (2.857142874366239149e-01 + s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01)))
        let t2 = s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01))
        let r = t1 + t2
        let halfSquare = 0.5 * f * f
        return k * ln2High - ((halfSquare - (s * (halfSquare + r) + k * ln2Low)) - f)
    }

    /// `math.Log2`: exact for powers of two.
    static func log2(_ x: Double) -> Double {
        guard x > 0, x.isFinite else { return log(x) }
        let (fraction, exponent) = split(x)
        if fraction == 0.5 { return Double(exponent - 1) }
        return log(fraction) * (1 / ln2) + Double(exponent)
    }

    /// `math.Log10`.
    static func log10(_ x: Double) -> Double { log2(x) * (ln2 / 2.30258509299404568401799145468436421) }

    /// `math.Log1p`.
    static func log1p(_ x: Double) -> Double {
        if x < -1 || x.isNaN { return .nan }
        if x == -1 { return -.infinity }
        if x == .infinity { return x }
        let magnitude = x.magnitude
        var f = 0.0
        var bits: UInt64 = 0
        var k = 1
        if magnitude < 4.142135623730950488017e-01 {
            if magnitude < 0x1p-29 { return magnitude < 0x1p-54 ? x : x - x * x * 0.5 }
            if x > -2.928932188134524755992e-01 {
                k = 0
                f = x
                bits = 1
            }
        }
        var c = 0.0
        if k != 0 {
            var u = x
            if magnitude < 0x1p53 {
                u = 1 + x
                bits = u.bitPattern
                k = Int(bits >> 52) - 1023
                c = k > 0 ? 1 - (u - x) : x - (u - 1)
                c /= u
            } else {
                bits = u.bitPattern
                k = Int(bits >> 52) - 1023
            }
            bits &= 0x000F_FFFF_FFFF_FFFF
            if bits < 0x0006_A09E_667F_3BCD {
                u = Double(bitPattern: bits | 0x3FF0_0000_0000_0000)
            } else {
                k += 1
                u = Double(bitPattern: bits | 0x3FE0_0000_0000_0000)
                bits = (0x0010_0000_0000_0000 - bits) >> 2
            }
            f = u - 1
        }
        let halfSquare = 0.5 * f * f
        let steps = Double(k)
        if bits == 0 {
            if f == 0 { return k == 0 ? 0 : steps * ln2High + (c + steps * ln2Low) }
            let r = halfSquare * (1 - 0.66666666666666666 * f)
            return k == 0 ? f - r : steps * ln2High - ((r - (steps * ln2Low + c)) - f)
        }
        let s = f / (2 + f)
        let z = s * s
        let tail =
            2.222219843214978396e-01 + z
            * (1.818357216161805012e-01 + z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))
        let r =
            z * (6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * tail)))
        if k == 0 { return f - (halfSquare - s * (halfSquare + r)) }
        return steps * ln2High - ((halfSquare - (s * (halfSquare + r) + (steps * ln2Low + c))) - f)
    }

    /// `math.Frexp` of a positive finite number: a fraction in [0.5, 1) and an exponent of two.
    static func split(_ x: Double) -> (fraction: Double, exponent: Int) {
        x == 0 || !x.isFinite
            ? (x, 0) : (Double(sign: x.sign, exponent: -1, significand: x.significand), Int(x.exponent) + 1)
    }

    /// `math.Pow`: by squaring for whole exponents, through `exp` and `log` for the fraction.
    public static func pow(_ x: Double, _ y: Double) -> Double {
        if y == 0 || x == 1 { return 1 }
        if y == 1 { return x }
        if x.isNaN || y.isNaN { return .nan }
        if x == 0 {
            if y < 0 {
                if x.sign == .minus && isOdd(y) { return -.infinity }
                return .infinity
            }
            return isOdd(y) ? x : 0
        }
        if y.isInfinite {
            if x == -1 { return 1 }
            return (x.magnitude < 1) == (y > 0) ? 0 : .infinity
        }
        if x.isInfinite {
            if x < 0 {
                if y < 0 { return isOdd(y) ? -0.0 : 0 }
                return isOdd(y) ? -.infinity : .infinity
            }
            return y < 0 ? 0 : .infinity
        }
        if y == 0.5 { return x.squareRoot() }
        if y == -0.5 { return 1 / x.squareRoot() }
        var whole = y.magnitude.rounded(.towardZero)
        var fraction = y.magnitude - whole
        if fraction != 0 && x < 0 { return .nan }
        if whole >= 0x1p63 {
            if x == -1 { return 1 }
            return (x.magnitude < 1) == (y > 0) ? 0 : .infinity
        }
        var result = 1.0
        var exponent = 0
        if fraction != 0 {
            if fraction > 0.5 {
                fraction -= 1
                whole += 1
            }
            result = exp(fraction * log(x))
        }
        var (base, baseExponent) = split(x)
        var bits = Int64(whole)
        while bits != 0 {
            if baseExponent < -4096 || baseExponent > 4096 {
                exponent += baseExponent
                break
            }
            if bits & 1 == 1 {
                result *= base
                exponent += baseExponent
            }
            base *= base
            baseExponent <<= 1
            if base < 0.5 {
                base += base
                baseExponent -= 1
            }
            bits >>= 1
        }
        if y < 0 {
            result = 1 / result
            exponent = -exponent
        }
        return scale(result, by: exponent)
    }

    private static func isOdd(_ x: Double) -> Bool {
        x.magnitude < 0x1p53 && x.rounded(.towardZero) == x && Int64(x) & 1 == 1
    }

    /// `math.Ldexp`: once rounded, also where the result is subnormal.
    static func scale(_ x: Double, by exponent: Int) -> Double {
        if x == 0 || !x.isFinite { return x }
        if exponent > 3000 { return x < 0 ? -.infinity : .infinity }
        if exponent < -3000 { return x < 0 ? -0.0 : 0 }
        return Double(sign: x.sign, exponent: Int(x.exponent) + exponent, significand: x.significand)
    }

    /// `math.Mod`: exact, with the sign of the left operand.
    public static func mod(_ x: Double, _ y: Double) -> Double {
        if y == 0 || x.isInfinite || x.isNaN || y.isNaN { return .nan }
        return x.truncatingRemainder(dividingBy: y)
    }
}
