import Foundation
import Simulation

/// A comparison of a measurement with a number: `deployment/gateway.ready >= 4`, `traffic/users.errorRatio > 0.01`.
public struct Condition: Sendable, Equatable {
    public enum Comparison: String, Sendable, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case equal = "=="
        case different = "!="
        case above = ">"
        case below = "<"
    }

    public var measurement: Measurement
    public var comparison: Comparison
    public var bound: Double
    public let text: String

    /// Reads `MEASUREMENT OPERATOR NUMBER`.
    public init(parsing text: String, namespace: String) throws(Measurement.ParsingError) {
        self.text = text
        for comparison in Comparison.allCases {
            guard let range = text.range(of: comparison.rawValue) else { continue }
            let left = text[..<range.lowerBound].filter { $0 != " " }
            let right = text[range.upperBound...].filter { $0 != " " }
            guard let bound = Double(right) else {
                throw Measurement.ParsingError(description: "\"\(right)\" is not a number, in \"\(text)\"")
            }
            measurement = try Measurement(parsing: String(left), namespace: namespace)
            self.comparison = comparison
            self.bound = bound
            return
        }
        throw Measurement.ParsingError(
            description:
                "\"\(text)\" compares nothing: write MEASUREMENT OPERATOR NUMBER, such as 'deployment/gateway.ready >= 4'"
        )
    }

    /// Whether it holds now; false while the measurement is unknown.
    public func holds(in world: borrowing World) -> Bool {
        guard let value = measurement.value(in: world) else { return false }
        switch comparison {
        case .atLeast: return value >= bound
        case .atMost: return value <= bound
        case .equal: return value == bound
        case .different: return value != bound
        case .above: return value > bound
        case .below: return value < bound
        }
    }
}
