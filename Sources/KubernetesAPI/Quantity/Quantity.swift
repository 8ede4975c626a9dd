/// An exact amount of a resource: `100m`, `1.5Gi`, `12e6` (`k8s.io/apimachinery/pkg/api/resource`).
///
/// The value is `mantissa` times a power of ten, at least in billionths: what is finer is rounded up, away from zero.
/// A text that is as good as canonical is kept as it was written until somebody calculates with it.
public struct Quantity: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// How a quantity prints.
    public enum Format: UInt8, Sendable {
        case decimalSI, binarySI, decimalExponent
    }

    public private(set) var format: Format
    /// Power of ten, -9 or more.
    private var scale: Int16
    private var mantissa: Int128
    /// The text as written, where it is kept; nil for the canonical form.
    private var text: String?

    public init() { self.init(0) }

    public init(_ value: Int64, format: Format = .decimalSI) {
        self.init(mantissa: Int128(value), scale: 0, format: format)
    }

    /// An amount in thousandths.
    public init(milli: Int64, format: Format = .decimalSI) {
        self.init(mantissa: Int128(milli), scale: -3, format: format)
    }

    init(mantissa: Int128, scale: Int, format: Format, text: String? = nil) {
        self.format = format
        self.text = text
        var (mantissa, scale) = (mantissa, scale)
        while mantissa != 0, mantissa % 10 == 0 {
            mantissa /= 10
            scale += 1
        }
        if mantissa == 0 { scale = 0 }
        self.mantissa = mantissa
        self.scale = Int16(clamping: scale)
    }

    public var isZero: Bool { mantissa == 0 }
    public var isNegative: Bool { mantissa < 0 }

    /// The amount in units of ten to the power of `target`, rounded away from zero, saturating.
    private func scaled(to target: Int) -> Int128 {
        var value = mantissa
        var difference = Int(scale) - target
        while difference > 0, value != 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return value < 0 ? .min : .max }
            value = product
            difference -= 1
        }
        guard difference < 0 else { return value }
        var inexact = false
        while difference < 0 {
            if value % 10 != 0 { inexact = true }
            value /= 10
            difference += 1
        }
        return inexact ? value + (mantissa < 0 ? -1 : 1) : value
    }

    /// Whole units, rounded away from zero; the ends of the range for what does not fit.
    public var value: Int64 { Int64(clamping: scaled(to: 0)) }
    /// Thousandths, rounded away from zero; the ends of the range for what does not fit.
    public var milliValue: Int64 { Int64(clamping: scaled(to: -3)) }
    /// Whole units if they fit 64 bits.
    public var exactValue: Int64? { Int64(exactly: scaled(to: 0)) }
    /// Thousandths if they fit 64 bits.
    public var exactMilliValue: Int64? { Int64(exactly: scaled(to: -3)) }
    /// The amount as a floating-point number, for ratios and reports.
    public var doubleValue: Double {
        let nano = scaled(to: -9)
        // The conversion of a wide integer is generic and slow; both round to the nearest.
        return (Int64(exactly: nano).map(Double.init) ?? Double(nano)) / 1e9
    }

    /// Rounded up to thousandths, as resource lists are at defaulting.
    public var roundedUpToMilli: Quantity {
        scale >= -3 ? self : Quantity(mantissa: scaled(to: -3), scale: -3, format: format)
    }

    /// Rounded up to billionths, the finest that there is.
    var roundedUpToNano: Quantity {
        scale >= -9 ? self : Quantity(mantissa: scaled(to: -9), scale: -9, format: format)
    }

    func with(format: Format) -> Quantity {
        var copy = self
        copy.format = format
        copy.text = nil
        return copy
    }

    func with(text: String) -> Quantity {
        var copy = self
        copy.text = text
        return copy
    }

    public static func == (left: Self, right: Self) -> Bool { left.mantissa == right.mantissa && left.scale == right.scale }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(mantissa)
        hasher.combine(scale)
    }

    public static func < (left: Self, right: Self) -> Bool {
        if left.mantissa.signum() != right.mantissa.signum() { return left.mantissa < right.mantissa }
        let scale = Int(min(left.scale, right.scale))
        let (a, b) = (left.scaled(to: scale), right.scaled(to: scale))
        if a != b { return a < b }
        return left.mantissa < 0 ? left.scale > right.scale : left.scale < right.scale
    }

    /// The sum, in the format of the left operand, or of the right one if the left is zero.
    public static func + (left: Self, right: Self) -> Self {
        let scale = Int(min(left.scale, right.scale))
        let (sum, overflow) = left.scaled(to: scale).addingReportingOverflow(right.scaled(to: scale))
        let format = left.isZero ? right.format : left.format
        return Quantity(mantissa: overflow ? (left.mantissa < 0 ? .min + 1 : .max) : sum, scale: scale, format: format)
    }

    public static func - (left: Self, right: Self) -> Self { left + -right }

    public static prefix func - (quantity: Self) -> Self {
        Quantity(mantissa: 0 - max(quantity.mantissa, .min + 1), scale: Int(quantity.scale), format: quantity.format)
    }

    public static func += (left: inout Self, right: Self) { left = left + right }
    public static func -= (left: inout Self, right: Self) { left = left - right }

    // MARK: Printing

    /// The text as Kubernetes shows it after it was read once.
    public var description: String { text ?? recanonicalised }

    private static let decimalSuffixes: [Int: String] = [-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"]
    private static let binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]

    /// The canonical text: no fraction, the largest suffix that loses nothing.
    public var recanonicalised: String {
        if format == .binarySI, scale >= 0 {
            var number = scaled(to: 0)
            var power = 0
            while number != 0, number % 1024 == 0, power < Self.binarySuffixes.count - 1 {
                number /= 1024
                power += 1
            }
            return "\(number)\(Self.binarySuffixes[power])"
        }
        var (number, exponent) = (mantissa, Int(scale))
        while exponent % 3 != 0 {
            number *= 10
            exponent -= 1
        }
        if number == 0 { return "0" }
        if format == .decimalExponent { return exponent == 0 ? "\(number)" : "\(number)e\(exponent)" }
        return "\(number)\(Self.decimalSuffixes[exponent] ?? "")"
    }
}
