import Testing

@testable import PromQL

/// `fmt` rounds the exact value of a number, not the digits that it is written with.
@Suite struct GoFloatRoundingTests {
    @Test(arguments: [
        (2.675, 2, "2.67"), (2.665, 2, "2.67"), (0.125, 2, "0.12"), (0.375, 2, "0.38"), (0.5, 0, "0"), (1.5, 0, "2"),
        (2.5, 0, "2"), (9.995, 2, "9.99"), (9.996, 2, "10.00"), (0.04, 1, "0.0"), (0.06, 1, "0.1"), (0.0006, 2, "0.00"),
        (-1.005, 2, "-1.00"), (1e21, 1, "1000000000000000000000.0"), (123456789.987654321, 6, "123456789.987654"),
        (0, 3, "0.000"), (-0.0, 1, "-0.0"), (0.3, 20, "0.29999999999999998890"),
    ])
    func decimals(value: Double, count: Int, text: String) { #expect(GoFloat.fixed(value, decimals: count) == text) }

    @Test(arguments: [
        (1234567.0, 4, "1.235e+06"), (999.95, 4, "1000"), (0.25, 1, "0.2"), (0.35, 1, "0.3"), (12.345, 4, "12.35"),
        (0.00001234, 3, "1.23e-05"), (-5000.0, 2, "-5e+03"), (99.995, 4, "100"), (1.0, 4, "1"),
    ])
    func significant(value: Double, count: Int, text: String) {
        #expect(GoFloat.general(value, significant: count) == text)
    }
}
