extension Mathematics {
    /// A quarter turn in three parts, the first two of 33 bits, so that their products with a count below 2²⁰ are exact.
    private static let quarter = (0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69)
    private static let inverseQuarter = 0x1.45f306dc9c883p-1

    /// The sine of an angle in radians; beyond 1,600,000 the error grows as the angle's own last place does.
    public static func sin(_ x: Double) -> Double {
        let angle = reduce(x)
        switch angle.quadrant {
        case 0: return sine(angle.rest, angle.tail)
        case 1: return cosine(angle.rest, angle.tail)
        case 2: return -sine(angle.rest, angle.tail)
        default: return -cosine(angle.rest, angle.tail)
        }
    }

    /// The cosine of an angle in radians; beyond 1,600,000 the error grows as the angle's own last place does.
    public static func cos(_ x: Double) -> Double {
        let angle = reduce(x)
        switch angle.quadrant {
        case 0: return cosine(angle.rest, angle.tail)
        case 1: return -sine(angle.rest, angle.tail)
        case 2: return -cosine(angle.rest, angle.tail)
        default: return sine(angle.rest, angle.tail)
        }
    }

    /// The angle less a whole number of quarter turns: at most an eighth of a turn, in two parts.
    private static func reduce(_ x: Double) -> (quadrant: Int, rest: Double, tail: Double) {
        guard x.isFinite else { return (0, .nan, 0) }
        let x = abs(x) <= 1_600_000 ? x : x.remainder(dividingBy: 0x1.921fb54442d18p+2)
        let count = (x * inverseQuarter + roundingShift) - roundingShift
        let first = x - count * quarter.0
        let second = count * quarter.1
        let third = count * quarter.2
        let most = first - second
        let rest = most - third
        let tail = ((first - most) - second) + ((most - rest) - third)
        return (Int(count) & 3, rest, tail)
    }

    private static func sine(_ x: Double, _ tail: Double) -> Double {
        let z = x * x
        let second = z * z
        let series =
            (-0x1.5555555555555p-3 + z * 0x1.1111111111111p-7)
            + second
            * ((-0x1.a01a01a01a01ap-13 + z * 0x1.71de3a556c734p-19)
                + second
                * ((-0x1.ae64567f544e4p-26 + z * 0x1.6124613a86d09p-33)
                    + second * (-0x1.ae7f3e733b81fp-41 + z * 0x1.952c77030ad4ap-49)))
        return x + (x * z * series + tail * (1 - 0.5 * z))
    }

    private static func cosine(_ x: Double, _ tail: Double) -> Double {
        let z = x * x
        let second = z * z
        let series =
            (0x1.5555555555555p-5 - z * 0x1.6c16c16c16c17p-10)
            + second
            * ((0x1.a01a01a01a01ap-16 - z * 0x1.27e4fb7789f5cp-22)
                + second
                * ((0x1.1eed8eff8d898p-29 - z * 0x1.93974a8c07c9dp-37) + second * 0x1.ae7f3e733b81fp-45))
        let half = 0.5 * z
        let most = 1 - half
        return most + (((1 - most) - half) + (second * series - x * tail))
    }
}
