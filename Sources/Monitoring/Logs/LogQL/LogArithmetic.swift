import PromQL

/// The operations of LogQL on two numbers.
enum LogArithmetic {
    static func isComparison(_ operation: LogQLTokenKind) -> Bool {
        LabelFilter.Comparison(rawValue: operation.rawValue) != nil
    }

    static func holds(_ operation: LogQLTokenKind, _ left: Double, _ right: Double) -> Bool {
        LabelFilter.Comparison(rawValue: operation.rawValue)?.holds(left, right) ?? false
    }

    /// A comparison is 1 or 0. Unlike PromQL, a division by zero is NaN.
    static func value(_ operation: LogQLTokenKind, _ left: Double, _ right: Double) -> Double {
        switch operation {
        case .add: left + right
        case .subtract: left - right
        case .multiply: left * right
        case .divide: right == 0 ? .nan : left / right
        case .modulo: right == 0 ? .nan : GoMath.mod(left, right)
        case .power: GoMath.pow(left, right)
        default: holds(operation, left, right) ? 1 : 0
        }
    }
}
