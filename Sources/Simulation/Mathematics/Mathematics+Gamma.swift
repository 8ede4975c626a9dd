extension Mathematics {
    /// The logarithm of the gamma function of a positive number; infinity for zero and less.
    ///
    /// Stirling's series from 10 on; a smaller argument is first moved there by the recurrence.
    public static func logGamma(_ x: Double) -> Double {
        guard x > 0 else { return x.isNaN ? x : .infinity }
        guard x < .infinity else { return x }
        var product = 1.0
        var y = x
        while y < 10 {
            product *= y
            y += 1
        }
        let inverse = 1 / y
        let z = inverse * inverse
        var series = 0x1.a41a41a41a41ap-8
        for coefficient in stirling { series = series * z + coefficient }
        return (y - 0.5) * log(y) - y + (0x1.d67f1c864beb5p-1 + series * inverse) - log(product)
    }

    /// Bernoulli numbers B(2k) / (2k (2k - 1)) for k = 6 … 1.
    private static let stirling = [
        -0x1.f6ab0d9993c7dp-10, 0x1.b951e2b18ff23p-11, -0x1.3813813813814p-11, 0x1.a01a01a01a01ap-11,
        -0x1.6c16c16c16c17p-9, 0x1.5555555555555p-4,
    ]
}
