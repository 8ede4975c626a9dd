extension Mathematics {
    /// `x` to the power of `y`, with the special cases of C's `pow` (a zero has no sign here).
    public static func pow(_ x: Double, _ y: Double) -> Double {
        if y == 0 || x == 1 { return 1 }
        if x.isNaN || y.isNaN { return .nan }
        if x < 0 {
            guard y.rounded(.towardZero) == y else { return x == -.infinity ? pow(.infinity, y) : .nan }
            let isOdd = abs(y) < 0x1p53 && y.truncatingRemainder(dividingBy: 2) != 0
            return isOdd ? -pow(-x, y) : pow(-x, y)
        }
        if x == 0 { return y > 0 ? 0 : .infinity }
        if x == .infinity { return y > 0 ? .infinity : 0 }
        if y.isInfinite { return (x > 1) == (y > 0) ? .infinity : 0 }
        let (high, low) = extendedLog(x)
        let exponent = y * high
        guard exponent < 710 else { return .infinity }
        guard exponent > -746 else { return 0 }
        return exponential(exponent, productError(y, high, exponent) + y * low)
    }

    /// The natural logarithm to about 65 bits, as a sum of two numbers.
    private static func extendedLog(_ x: Double) -> (high: Double, low: Double) {
        let (exponent, fraction) = split(x)
        let denominator = 2 + fraction
        let denominatorLow = fraction - (denominator - 2)
        let s = fraction / denominator
        let product = s * denominator
        let remainder = (fraction - product) - productError(s, denominator, product) - s * denominatorLow
        let sLow = remainder / denominator
        // ln(1 + f) = 2 s + 2/3 s³ + s⁵ (…): the first two terms in two parts each, the rest is small enough for one.
        let square = s * s
        let squareLow = productError(s, s, square) + 2 * s * sLow
        let cube = s * square
        let cubeLow = productError(s, square, cube) + (s * squareLow + sLow * square)
        let (twoThirds, twoThirdsLow) = (0x1.5555555555555p-1, 0x1.5555555555555p-55)
        let third = twoThirds * cube
        let thirdLow = productError(twoThirds, cube, third) + (cube * twoThirdsLow + cubeLow * twoThirds)
        let rest = cube * square * logarithmSeriesRest(square)
        let (sum, sumLow) = exactSum(2 * s, third)
        let (total, totalLow) = exactSum(exponent * ln2High, sum)
        let low = totalLow + (exponent * ln2Low + (sumLow + (2 * sLow + thirdLow + rest)))
        let high = total + low
        return (high, low - (high - total))
    }

    /// a b - product, exactly, without fused multiply-add (Dekker).
    private static func productError(_ a: Double, _ b: Double, _ product: Double) -> Double {
        func halves(_ x: Double) -> (Double, Double) {
            let shifted = x * 134_217_729
            let high = shifted - (shifted - x)
            return (high, x - high)
        }
        let (aHigh, aLow) = halves(a)
        let (bHigh, bLow) = halves(b)
        return ((aHigh * bHigh - product) + aHigh * bLow + aLow * bHigh) + aLow * bLow
    }

    /// a + b as the rounded sum and what rounding lost (Knuth).
    private static func exactSum(_ a: Double, _ b: Double) -> (Double, Double) {
        let sum = a + b
        let second = sum - a
        return (sum, (a - (sum - second)) + (b - second))
    }
}
