/// The checks that Tempo makes before it reads a span.
enum TraceQLTypes {
    /// The type of an expression; fails with Tempo's text if its parts do not fit together.
    static func check(_ field: TraceQLField) throws(TraceQLError) -> TraceQLType {
        switch field {
        case .literal(let value): return value.type
        case .attribute: return .any
        case .intrinsic(let intrinsic): return intrinsic.type
        case .unary(let sign, let inner):
            let type = try check(inner)
            guard type == .any || type == (sign == "!" ? .bool : .number) else {
                throw .type("illegal operation for the given type: \(field.text)")
            }
            return sign == "!" ? .bool : .number
        case .regex(_, let inner, _, _):
            let type = try check(inner)
            guard type == .any || type == .string else {
                throw .type("binary operations must operate on the same type: \(field.text)")
            }
            return .bool
        case .binary(let sign, let left, let right):
            let types = (try check(left), try check(right))
            guard types.0 == types.1 || [types.0, types.1].contains(where: { $0 == .any || $0 == .nil }) else {
                throw .type("binary operations must operate on the same type: \(field.text)")
            }
            let fits: (TraceQLType) -> Bool =
                switch sign {
                case "&&", "||": { $0 == .any || $0 == .bool }
                case "=", "!=": { _ in true }
                case "<", "<=", ">", ">=": { $0 == .any || $0 == .number || $0 == .string }
                default: { $0 == .any || $0 == .number }
                }
            guard fits(types.0), fits(types.1) else {
                throw .type("illegal operation for the given types: \(field.text)")
            }
            return ["+", "-", "*", "/", "%", "^"].contains(sign) ? .number : .bool
        }
    }
}
