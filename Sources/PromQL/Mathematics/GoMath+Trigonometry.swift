extension GoMath {
    private static let quarterPiA = 7.85398125648498535156e-1
    private static let quarterPiB = 3.77489470793079817668e-8
    private static let quarterPiC = 2.69515142907905952645e-15
    private static let sineTerms = [
        1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6, -1.98412698295895385996e-4,
        8.33333333332211858878e-3, -1.66666666666666307295e-1,
    ]
    private static let cosineTerms = [
        -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7, 2.48015872888517045348e-5,
        -1.38888888888730564116e-3, 4.16666666666665929218e-2,
    ]

    private static func polynomial(_ terms: [Double], _ x: Double) -> Double {
        terms.dropFirst().reduce(terms[0]) { $0 * x + $1 }
    }

    /// The octant of a positive angle and what is left of it. Above 2^29 Go reduces with the digits of 4/π; here with an
    /// exact remainder of a four-part π, which agrees while the angle is below 2^52.
    private static func reduce(_ x: Double) -> (octant: UInt64, rest: Double) {
        if x >= 0x1p29 { return PayneHanek.reduce(x) }
        var octant = UInt64(x * (4 / Double.pi))
        var whole = Double(octant)
        if octant & 1 == 1 {
            octant += 1
            whole += 1
        }
        return (octant & 7, ((x - whole * quarterPiA) - whole * quarterPiB) - whole * quarterPiC)
    }

    private static func sineSeries(_ z: Double) -> Double {
        let square = z * z
        return z + z * square * polynomial(sineTerms, square)
    }

    private static func cosineSeries(_ z: Double) -> Double {
        let square = z * z
        return 1 - 0.5 * square + square * square * polynomial(cosineTerms, square)
    }

    /// `math.Sin`.
    static func sin(_ x: Double) -> Double {
        if x == 0 || x.isNaN { return x }
        if x.isInfinite { return .nan }
        var negative = x < 0
        var (octant, rest) = reduce(x.magnitude)
        if octant > 3 {
            negative.toggle()
            octant -= 4
        }
        let result = octant == 1 || octant == 2 ? cosineSeries(rest) : sineSeries(rest)
        return negative ? -result : result
    }

    /// `math.Cos`.
    static func cos(_ x: Double) -> Double {
        guard x.isFinite else { return .nan }
        var negative = false
        var (octant, rest) = reduce(x.magnitude)
        if octant > 3 {
            negative.toggle()
            octant -= 4
        }
        if octant > 1 { negative.toggle() }
        let result = octant == 1 || octant == 2 ? sineSeries(rest) : cosineSeries(rest)
        return negative ? -result : result
    }

    /// `math.Tan`.
    static func tan(_ x: Double) -> Double {
        if x == 0 || x.isNaN { return x }
        if x.isInfinite { return .nan }
        let (octant, z) = reduce(x.magnitude)
        let square = z * z
        var y = z
        if square > 1e-14 {
            let numerator = polynomial(
                [-1.30936939181383777646e4, 1.15351664838587416140e6, -1.79565251976484877988e7], square)
            let denominator =
                (((square + 1.36812963470692954678e4) * square - 1.32089234440210967447e6) * square
                    + 2.50083801823357915839e7) * square - 5.38695755929454629881e7
            y = z + z * (square * numerator / denominator)
        }
        if octant & 2 == 2 { y = -1 / y }
        return x < 0 ? -y : y
    }

    private static func arcTangentSeries(_ x: Double) -> Double {
        var z = x * x
        let numerator = polynomial(
            [
                -8.750608600031904122785e-01, -1.615753718733365076637e+01, -7.500855792314704667340e+01,
                -1.228866684490136173410e+02, -6.485021904942025371773e+01,
            ], z)
        let denominator =
            ((((z + 2.485846490142306297962e+01) * z + 1.650270098316988542046e+02) * z + 4.328810604912902668951e+02)
                * z
                + 4.853903996359136964868e+02) * z + 1.945506571482613964425e+02
        z = z * numerator / denominator
        return x * z + x
    }

    private static func positiveArcTangent(_ x: Double) -> Double {
        let more = 6.123233995736765886130e-17
        if x <= 0.66 { return arcTangentSeries(x) }
        if x > 2.41421356237309504880 { return Double.pi / 2 - arcTangentSeries(1 / x) + more }
        return Double.pi / 4 + arcTangentSeries((x - 1) / (x + 1)) + 0.5 * more
    }

    /// `math.Atan`.
    static func atan(_ x: Double) -> Double {
        if x == 0 || x.isNaN { return x }
        return x > 0 ? positiveArcTangent(x) : -positiveArcTangent(-x)
    }

    /// `math.Atan2`.
    static func atan2(_ y: Double, _ x: Double) -> Double {
        if y.isNaN || x.isNaN { return .nan }
        func signed(_ value: Double) -> Double { y.sign == .minus ? -value : value }
        if y == 0 { return x >= 0 && x.sign == .plus ? signed(0) : signed(.pi) }
        if x == 0 { return signed(.pi / 2) }
        if x.isInfinite {
            if x > 0 { return y.isInfinite ? signed(.pi / 4) : signed(0) }
            return y.isInfinite ? signed(3 * .pi / 4) : signed(.pi)
        }
        if y.isInfinite { return signed(.pi / 2) }
        let q = atan(y / x)
        if x < 0 { return q <= 0 ? q + .pi : q - .pi }
        return q
    }

    /// `math.Asin`.
    static func asin(_ x: Double) -> Double {
        if x == 0 { return x }
        let magnitude = x.magnitude
        if !(magnitude <= 1) { return .nan }
        var result = (1 - magnitude * magnitude).squareRoot()
        result =
            magnitude > 0.7
            ? Double.pi / 2 - positiveArcTangent(result / magnitude) : positiveArcTangent(magnitude / result)
        return x < 0 ? -result : result
    }

    /// `math.Acos`.
    static func acos(_ x: Double) -> Double { Double.pi / 2 - asin(x) }

    /// `math.Sinh`.
    static func sinh(_ x: Double) -> Double {
        let magnitude = x.magnitude
        let result: Double
        if magnitude > 21 {
            result = exp(magnitude) / 2
        } else if magnitude > 0.5 {
            result = (exp(magnitude) - exp(-magnitude)) / 2
        } else {
            let square = magnitude * magnitude
            let numerator = polynomial(
                [
                    -0.2630563213397497062819489e+2, -0.2894211355989563807284660366e+4,
                    -0.8991272022039509355398013511e+5,
                    -0.6307673640497716991184787251e+6,
                ], square)
            let denominator =
                ((square - 0.173678953558233699533450911e+3) * square + 0.1521517378790019070696485176e+5) * square
                - 0.6307673640497716991212077277e+6
            result = numerator * magnitude / denominator
        }
        return x.sign == .minus ? -result : result
    }

    /// `math.Cosh`.
    static func cosh(_ x: Double) -> Double {
        let magnitude = x.magnitude
        return magnitude > 21 ? exp(magnitude) / 2 : (exp(magnitude) + exp(-magnitude)) / 2
    }

    /// `math.Tanh`.
    static func tanh(_ x: Double) -> Double {
        let magnitude = x.magnitude
        if magnitude > 0.5 * 8.8029691931113054295988e+01 { return x < 0 ? -1 : 1 }
        if magnitude >= 0.625 {
            let result = 1 - 2 / (exp(2 * magnitude) + 1)
            return x < 0 ? -result : result
        }
        if x == 0 || x.isNaN { return x }
        let square = x * x
        let numerator =
            (-9.64399179425052238628e-1 * square - 9.92877231001918586564e1) * square - 1.61468768441708447952e3
        let denominator =
            ((square + 1.12811678491632931402e2) * square + 2.23548839060100448583e3) * square
            + 4.84406305325125486048e3
        return x + x * square * numerator / denominator
    }

    /// `math.Asinh`.
    static func asinh(_ x: Double) -> Double {
        guard x.isFinite else { return x }
        let magnitude = x.magnitude
        let result: Double
        if magnitude > 0x1p28 {
            result = log(magnitude) + 6.93147180559945286227e-01
        } else if magnitude > 2 {
            result = log(2 * magnitude + 1 / ((magnitude * magnitude + 1).squareRoot() + magnitude))
        } else if magnitude < 0x1p-28 {
            result = magnitude
        } else {
            result = log1p(magnitude + magnitude * magnitude / (1 + (1 + magnitude * magnitude).squareRoot()))
        }
        return x.sign == .minus ? -result : result
    }

    /// `math.Acosh`.
    static func acosh(_ x: Double) -> Double {
        if x < 1 || x.isNaN { return .nan }
        if x == 1 { return 0 }
        if x >= 0x1p28 { return log(x) + 6.93147180559945286227e-01 }
        if x > 2 { return log(2 * x - 1 / (x + (x * x - 1).squareRoot())) }
        let t = x - 1
        return log1p(t + (2 * t + t * t).squareRoot())
    }

    /// `math.Atanh`.
    static func atanh(_ x: Double) -> Double {
        if x < -1 || x > 1 || x.isNaN { return .nan }
        if x.magnitude == 1 { return x * .infinity }
        let magnitude = x.magnitude
        let result: Double
        if magnitude < 0x1p-28 {
            result = magnitude
        } else if magnitude < 0.5 {
            let double = magnitude + magnitude
            result = 0.5 * log1p(double + double * magnitude / (1 - magnitude))
        } else {
            result = 0.5 * log1p((magnitude + magnitude) / (1 - magnitude))
        }
        return x.sign == .minus ? -result : result
    }
}

/// Range reduction of huge angles with the binary digits of 4/π, as `math.trigReduce`.
private enum PayneHanek {
    /// 4/π in 64-bit words, most significant first.
    private static let digits: [UInt64] = [
        0x0000_0000_0000_0001, 0x45f3_06dc_9c88_2a53, 0xf84e_afa3_ea69_bb81, 0xb6c5_2b32_7887_2083,
        0xfca2_c757_bd77_8ac3, 0x6e48_dc74_849b_a5c0, 0x0c92_5dd4_13a3_2439, 0xfc3b_d639_6253_4e7d,
        0xd104_6bea_5d76_8909, 0xd338_e04d_68be_fc82, 0x7323_ac73_06a6_73e9, 0x3908_bf17_7bf2_5076,
        0x3ff1_2fff_bc0b_301f, 0xde5e_2316_b414_da3e, 0xda6c_fd9e_4f96_136e, 0x9e8c_7ecd_3cbf_d45a,
        0xea4f_758f_d7cb_e2f6, 0x7a0e_73ef_14a5_25d4, 0xd7f6_bf62_3f1a_ba10, 0xac06_608d_f8f6_d757,
    ]

    static func reduce(_ x: Double) -> (octant: UInt64, rest: Double) {
        let bits = x.bitPattern
        let exponent = Int(bits >> 52 & 0x7FF) - 1023 - 52
        let significand = (bits & 0x000F_FFFF_FFFF_FFFF) | (1 << 52)
        let digit = UInt(exponent + 61) / 64
        let shift = UInt64(exponent + 61) % 64
        func part(_ index: UInt) -> UInt64 {
            let high = digits[Int(index)] << shift
            return shift == 0 ? high : high | (digits[Int(index) + 1] >> (64 - shift))
        }
        let (z0, z1, z2) = (part(digit), part(digit + 1), part(digit + 2))
        let third = z2.multipliedFullWidth(by: significand)
        let second = z1.multipliedFullWidth(by: significand)
        let low = third.high.addingReportingOverflow(second.low)
        var high = second.high &+ z0 &* significand
        if low.overflow { high = high &+ 1 }
        var octant = high >> 61
        high = high << 3 | low.partialValue >> 61
        let zeros = UInt64(high.leadingZeroBitCount)
        let biased = 1023 - (zeros + 1)
        high = zeros + 1 >= 64 ? 0 : high << (zeros + 1)
        high = high | (low.partialValue >> (64 - (zeros + 1)))
        high >>= 12
        var rest = Double(bitPattern: high | biased << 52)
        if octant & 1 == 1 {
            octant = (octant + 1) & 7
            rest -= 1
        }
        return (octant, rest * (Double.pi / 4))
    }
}
