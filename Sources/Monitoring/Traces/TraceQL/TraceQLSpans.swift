import OpenTelemetry
import PromQL

/// The spans of one trace as expressions see them.
struct TraceQLSpans {
    let trace: Trace
    /// The place of each span's parent in the trace; nil for a root and for a parent that has not arrived.
    let parents: [Int?]
    private let childCounts: [Int]

    init(_ trace: Trace) {
        self.trace = trace
        var places: [SpanID: Int] = [:]
        for (index, stored) in trace.spans.enumerated() where places[stored.span.spanID] == nil {
            places[stored.span.spanID] = index
        }
        var counts = [Int](repeating: 0, count: trace.spans.count)
        parents = trace.spans.enumerated().map { index, stored in
            guard !stored.span.isRoot, let parent = places[stored.span.parentSpanID], parent != index else {
                return nil
            }
            counts[parent] += 1
            return parent
        }
        childCounts = counts
    }

    /// The value of an expression for a span. Values of types that do not fit make a comparison false, as in Tempo, also
    /// one with `!=`: what is missing is equal to nothing but `nil`.
    func value(_ field: TraceQLField, _ index: Int) -> TraceQLValue {
        switch field {
        case .literal(let value): return value
        case .attribute(let scope, let name): return attribute(scope, name, index)
        case .intrinsic(let intrinsic): return self.intrinsic(intrinsic, index)
        case .unary(let sign, let inner):
            switch (sign, value(inner, index)) {
            case ("!", .bool(let flag)): return .bool(!flag)
            case ("-", .int(let number)): return .int(0 &- number)
            case ("-", .duration(let number)): return .duration(0 &- number)
            case ("-", .float(let number)): return .float(-number)
            default: return .nil
            }
        case .regex(let negated, let inner, _, let regex):
            guard case .string(let text) = value(inner, index) else { return .bool(false) }
            return .bool(regex.matches(text) != negated)
        case .binary("&&", let left, let right): return .bool(isTrue(left, index) && isTrue(right, index))
        case .binary("||", let left, let right): return .bool(isTrue(left, index) || isTrue(right, index))
        case .binary("!=", let inner, .literal(.nil)), .binary("!=", .literal(.nil), let inner):
            return .bool(value(inner, index) != .nil)
        case .binary(let sign, let left, let right):
            return TraceQLOperation.apply(sign, value(left, index), value(right, index))
        }
    }

    func isTrue(_ field: TraceQLField, _ index: Int) -> Bool { value(field, index) == .bool(true) }

    private func attribute(_ scope: String, _ name: String, _ index: Int) -> TraceQLValue {
        let stored = trace.spans[index]
        func found(_ attributes: [Attribute]) -> TraceQLValue? {
            attributes.first { ByteOrder.same($0.key, name) }.map { TraceQLValue($0.value) }
        }
        switch scope {
        case "span.": return found(stored.span.attributes) ?? .nil
        case "resource.": return found(stored.resource.attributes) ?? .nil
        case "instrumentation.": return found(stored.scope.attributes) ?? .nil
        case ".": return found(stored.span.attributes) ?? found(stored.resource.attributes) ?? .nil
        default:
            guard let parent = parents[index] else { return .nil }
            return attribute(scope == "parent." ? "." : String(scope.dropFirst("parent.".count)), name, parent)
        }
    }

    private func intrinsic(_ intrinsic: TraceQLIntrinsic, _ index: Int) -> TraceQLValue {
        let stored = trace.spans[index]
        switch intrinsic {
        case .duration: return .duration(Int64(clamping: stored.span.durationNano))
        case .childCount: return .int(Int64(childCounts[index]))
        case .name: return .string(stored.span.name)
        case .status: return .status(stored.span.status.code)
        case .statusMessage: return .string(stored.span.status.message)
        case .kind: return .kind(stored.span.kind)
        case .rootName: return trace.root.map { .string($0.span.name) } ?? .nil
        case .rootServiceName: return trace.root.map { .string($0.serviceName) } ?? .nil
        case .traceDuration: return .duration(Int64(clamping: trace.durationNano))
        case .parent:
            return stored.span.isRoot ? .nil : .string(stored.span.parentSpanID.description)
        case .traceID: return .string(trace.id.description)
        case .spanID: return .string(stored.span.spanID.description)
        case .parentID: return stored.span.isRoot ? .nil : .string(stored.span.parentSpanID.description)
        case .scopeName: return .string(stored.scope.name)
        case .scopeVersion: return .string(stored.scope.version)
        }
    }
}

extension TraceQLValue {
    /// An attribute's value; lists, maps and bytes are compared by their text.
    init(_ value: AttributeValue) {
        self =
            switch value {
            case .string(let text): .string(text)
            case .bool(let flag): .bool(flag)
            case .int(let number): .int(number)
            case .double(let number): .float(number)
            case .bytes, .array, .map: .string(value.text)
            }
    }
}

/// Comparisons and arithmetic between two values.
enum TraceQLOperation {
    static func apply(_ sign: String, _ left: TraceQLValue, _ right: TraceQLValue) -> TraceQLValue {
        switch sign {
        case "=", "!=", "<", "<=", ">", ">=": .bool(compare(sign, left, right))
        default: arithmetic(sign, left, right)
        }
    }

    static func compare(_ sign: String, _ left: TraceQLValue, _ right: TraceQLValue) -> Bool {
        if left == .nil || right == .nil { return sign == "=" && left == right }
        switch (left, right) {
        case (.int(let a), .int(let b)), (.duration(let a), .duration(let b)), (.int(let a), .duration(let b)),
            (.duration(let a), .int(let b)):
            return ordered(sign, a, b)
        case (.string(let a), .string(let b)): return ordered(sign, ByteOrder.compare(a, b), 0)
        case (.bool(let a), .bool(let b)): return sign == "=" ? a == b : sign == "!=" && a != b
        case (.status(let a), .status(let b)): return sign == "=" ? a == b : sign == "!=" && a != b
        case (.kind(let a), .kind(let b)): return sign == "=" ? a == b : sign == "!=" && a != b
        default:
            guard let a = left.number, let b = right.number else { return false }
            return ordered(sign, a, b)
        }
    }

    private static func ordered<Value: Comparable>(_ sign: String, _ a: Value, _ b: Value) -> Bool {
        switch sign {
        case "=": a == b
        case "!=": a != b
        case "<": a < b
        case "<=": a <= b
        case ">": a > b
        default: a >= b
        }
    }

    /// Integers stay integers (division rounds towards zero); a duration with a number stays a duration; nil for what is
    /// no number, for a division of integers by zero and for what does not fit into 64 bits.
    static func arithmetic(_ sign: String, _ left: TraceQLValue, _ right: TraceQLValue) -> TraceQLValue {
        if let result = integers(sign, left, right) { return result }
        guard let a = left.number, let b = right.number else { return .nil }
        let result: Double
        switch sign {
        case "+": result = a + b
        case "-": result = a - b
        case "*": result = a * b
        case "/": result = a / b
        case "%": result = a.truncatingRemainder(dividingBy: b)
        default: result = GoMath.pow(a, b)
        }
        switch (left, right) {
        case (.int, .int): return Int64(exactly: result.rounded(.towardZero)).map { .int($0) } ?? .nil
        case (.duration, _), (_, .duration):
            return Int64(exactly: result.rounded(.towardZero)).map { .duration($0) } ?? .nil
        default: return .float(result)
        }
    }

    private static func integers(_ sign: String, _ left: TraceQLValue, _ right: TraceQLValue) -> TraceQLValue? {
        let (a, b, isDuration): (Int64, Int64, Bool)
        switch (left, right) {
        case (.int(let x), .int(let y)): (a, b, isDuration) = (x, y, false)
        case (.duration(let x), .int(let y)), (.int(let x), .duration(let y)), (.duration(let x), .duration(let y)):
            (a, b, isDuration) = (x, y, true)
        default: return nil
        }
        let (result, overflow): (Int64, Bool)
        switch sign {
        case "+": (result, overflow) = a.addingReportingOverflow(b)
        case "-": (result, overflow) = a.subtractingReportingOverflow(b)
        case "*": (result, overflow) = a.multipliedReportingOverflow(by: b)
        case "/": (result, overflow) = a.dividedReportingOverflow(by: b)
        case "%": (result, overflow) = a.remainderReportingOverflow(dividingBy: b)
        default: return nil
        }
        if overflow { return .nil }
        return isDuration ? .duration(result) : .int(result)
    }
}
