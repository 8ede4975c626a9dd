extension Evaluator {
    /// Evaluates a function.
    func call(_ call: Call) throws(QueryError) -> Evaluated {
        let name = call.function.name
        let arguments = call.arguments
        if let place = arguments.firstIndex(where: { $0.type == .matrix }) {
            return .vector(try rangeCall(call, matrixAt: place))
        }
        if let function = Evaluator.elementary[name] { return .vector(try map(try vector(arguments[0]), function)) }
        if let part = DatePart(name) { return .vector(try date(part, arguments)) }
        switch name {
        case "time": return .scalar((0..<steps).map { Double(time($0)) / 1000 })
        case "pi": return .scalar([Double](repeating: .pi, count: steps))
        case "step": return .scalar([Double](repeating: Double(queryStep) / 1000, count: steps))
        case "range": return .scalar([Double](repeating: Double(queryEnd - queryStart) / 1000, count: steps))
        case "start": return .scalar([Double](repeating: Double(queryStart) / 1000, count: steps))
        case "end": return .scalar([Double](repeating: Double(queryEnd) / 1000, count: steps))
        case "min_of", "max_of":
            let left = try scalar(arguments[0])
            let right = try scalar(arguments[1])
            return .scalar(
                zip(left, right).map { a, b in
                    a.isNaN || b.isNaN ? .nan : name == "min_of" ? Swift.min(a, b) : Swift.max(a, b)
                })
        case "vector": return .vector([Grid(labels: .empty, values: try scalar(arguments[0]))])
        case "scalar": return .scalar(onlyElement(try vector(arguments[0])))
        case "absent": return .vector(try absent(arguments[0]))
        case "timestamp": return .vector(try timestamp(arguments[0]))
        case "sort", "sort_desc", "sort_by_label", "sort_by_label_desc": return .vector(try sort(call))
        case "clamp", "clamp_min", "clamp_max": return .vector(try clamp(call))
        case "round": return .vector(try round(call))
        case "label_replace": return .vector(try labelReplace(call))
        case "label_join": return .vector(try labelJoin(call))
        case "histogram_quantile", "histogram_quantiles", "histogram_fraction": return .vector(try histogramShare(call))
        case "histogram_count", "histogram_sum", "histogram_avg", "histogram_stddev", "histogram_stdvar":
            return .vector(try histogramStatistic(call))
        case "info": return .vector(try info(call))
        default: throw .execution("function \(GoQuote.quote(name)) is not implemented")
        }
    }

    private static let elementary: [String: @Sendable (Double) -> Double] = [
        "abs": { $0.magnitude }, "ceil": { $0.rounded(.up) }, "floor": { $0.rounded(.down) },
        "sqrt": { $0.squareRoot() },
        "exp": GoMath.exp, "ln": GoMath.log, "log2": GoMath.log2, "log10": GoMath.log10, "sin": GoMath.sin,
        "cos": GoMath.cos,
        "tan": GoMath.tan, "asin": GoMath.asin, "acos": GoMath.acos, "atan": GoMath.atan, "sinh": GoMath.sinh,
        "cosh": GoMath.cosh, "tanh": GoMath.tanh, "asinh": GoMath.asinh, "acosh": GoMath.acosh, "atanh": GoMath.atanh,
        "rad": { $0 * .pi / 180 }, "deg": { $0 * 180 / .pi }, "sgn": { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 },
    ]

    /// Applies a function to every float; native histograms fall away.
    func map(_ grids: [Grid], _ function: (Double) -> Double) throws(QueryError) -> [Grid] {
        var out: [Grid] = []
        for grid in grids {
            var result = renamed(grid)
            result.histograms = []
            for step in 0..<steps where grid.hasFloat(step) { result.values[step] = function(grid.values[step]) }
            if !result.isEmpty { out.append(result) }
        }
        return try merged(out)
    }

    /// As `map`, with the step.
    private func mapSteps(_ grids: [Grid], _ function: (Double, Int) -> Double) throws(QueryError) -> [Grid] {
        var out: [Grid] = []
        for grid in grids {
            var result = renamed(grid)
            result.histograms = []
            for step in 0..<steps where grid.hasFloat(step) { result.values[step] = function(grid.values[step], step) }
            if !result.isEmpty { out.append(result) }
        }
        return try merged(out)
    }

    private func onlyElement(_ grids: [Grid]) -> [Double] {
        (0..<steps).map { step in
            var found: Double?
            for grid in grids where grid.hasFloat(step) {
                if found != nil { return .nan }
                found = grid.values[step]
            }
            return found ?? .nan
        }
    }

    private func absent(_ argument: Expression) throws(QueryError) -> [Grid] {
        let grids = try vector(argument)
        var values = [Double](repeating: 1, count: steps)
        for grid in grids {
            for step in 0..<steps where grid.has(step) { values[step] = Grid.absent }
        }
        let result = Grid(labels: labelsOfAbsence(argument), values: values)
        return result.isEmpty ? [] : [result]
    }

    private func timestamp(_ argument: Expression) throws(QueryError) -> [Grid] {
        var inner = argument
        if case .stepInvariant(let wrapped) = inner { inner = wrapped }
        if case .vector(let selector) = inner, !selector.smoothed {
            return try merged(try select(selector, times: true).map(renamed))
        }
        var out: [Grid] = []
        for grid in try vector(argument) {
            var result = renamed(grid)
            result.histograms = []
            for step in 0..<steps where grid.has(step) { result.values[step] = Double(time(step)) / 1000 }
            out.append(result)
        }
        return try merged(out)
    }

    private func clamp(_ call: Call) throws(QueryError) -> [Grid] {
        let grids = try vector(call.arguments[0])
        var lower = [Double](repeating: -.infinity, count: steps)
        var upper = [Double](repeating: .infinity, count: steps)
        switch call.function.name {
        case "clamp_min": lower = try scalar(call.arguments[1])
        case "clamp_max": upper = try scalar(call.arguments[1])
        default:
            lower = try scalar(call.arguments[1])
            upper = try scalar(call.arguments[2])
        }
        return try mapSteps(grids) { value, step in
            if upper[step] < lower[step] { return Grid.absent }
            if value.isNaN || lower[step].isNaN || upper[step].isNaN { return .nan }
            return Swift.max(lower[step], Swift.min(upper[step], value))
        }
    }

    private func round(_ call: Call) throws(QueryError) -> [Grid] {
        let grids = try vector(call.arguments[0])
        let nearest = call.arguments.count > 1 ? try scalar(call.arguments[1]) : [Double](repeating: 1, count: steps)
        return try mapSteps(grids) { value, step in
            // Dividing by the inverse keeps more digits than multiplying.
            let inverse = 1 / nearest[step]
            return (value * inverse + 0.5).rounded(.down) / inverse
        }
    }

    private func sort(_ call: Call) throws(QueryError) -> [Grid] {
        let grids = try vector(call.arguments[0])
        if queryStart != queryEnd { annotations.add(.sortInRangeQuery(call.range)) }
        guard steps == 1 else { return grids }
        switch call.function.name {
        case "sort":
            // NaN stands last both ways.
            return Heap.sorted(grids.filter { $0.hasFloat(0) }) {
                $0.values[0].isNaN ? false : $1.values[0].isNaN || $0.values[0] < $1.values[0]
            }
        case "sort_desc":
            return Heap.sorted(grids.filter { $0.hasFloat(0) }) {
                $0.values[0].isNaN ? false : $1.values[0].isNaN || $0.values[0] > $1.values[0]
            }
        default:
            var labels: [String] = []
            for argument in call.arguments.dropFirst() { labels.append(try string(argument)) }
            let sorted = grids.sorted { a, b in
                for label in labels {
                    let (left, right) = (a.labels[label], b.labels[label])
                    if !ByteOrder.same(left, right) { return NaturalOrder.less(left, right) }
                }
                return Labels.compare(a.labels, b.labels) < 0
            }
            return call.function.name.hasSuffix("_desc") ? sorted.reversed() : sorted
        }
    }

    private func date(_ part: DatePart, _ arguments: [Expression]) throws(QueryError) -> [Grid] {
        if arguments.isEmpty {
            return [Grid(labels: .empty, values: (0..<steps).map { part.value(seconds: time($0) / 1000) })]
        }
        return try map(try vector(arguments[0])) { part.value(seconds: $0.saturated) }
    }
}

/// Sorting as Go's `sort.Sort` does up to twelve elements: insertion, which leaves equal elements in order.
enum Heap {
    static func sorted<Element>(_ elements: [Element], by less: (Element, Element) -> Bool) -> [Element] {
        elements.enumerated().sorted { a, b in
            less(a.element, b.element) || (!less(b.element, a.element) && a.offset < b.offset)
        }.map(\.element)
    }
}

/// The order of `sort_by_label`: runs of digits by their value.
enum NaturalOrder {
    static func less(_ a: String, _ b: String) -> Bool {
        let left = chunks(a)
        let right = chunks(b)
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            if let x = UInt64(left[index]), let y = UInt64(right[index]) {
                if x != y { return x < y }
                return left[index].utf8.count < right[index].utf8.count
            }
            return ByteOrder.less(left[index], right[index])
        }
        return left.count == right.count ? ByteOrder.less(a, b) : left.count < right.count
    }

    private static func chunks(_ text: String) -> [String] {
        var out: [[UInt8]] = []
        for byte in text.utf8 {
            if let last = out.last?.last, Lexer.isDigit(last) == Lexer.isDigit(byte) {
                out[out.count - 1].append(byte)
            } else {
                out.append([byte])
            }
        }
        return out.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The functions of dates, in UTC.
enum DatePart {
    case minute, hour, dayOfWeek, dayOfMonth, dayOfYear, daysInMonth, month, year

    init?(_ name: String) {
        switch name {
        case "minute": self = .minute
        case "hour": self = .hour
        case "day_of_week": self = .dayOfWeek
        case "day_of_month": self = .dayOfMonth
        case "day_of_year": self = .dayOfYear
        case "days_in_month": self = .daysInMonth
        case "month": self = .month
        case "year": self = .year
        default: return nil
        }
    }

    /// RFC 3339, such as `2026-01-01T00:00:00Z`.
    static func text(seconds: Int64) -> String {
        func padded(_ part: DatePart) -> String {
            let digits = String(Int(part.value(seconds: seconds)))
            return digits.utf8.count < 2 ? "0" + digits : digits
        }
        let year = String(Int(DatePart.year.value(seconds: seconds)))
        let second = String(100 + (seconds - seconds.floored(by: 60) * 60)).dropFirst()
        return
            "\(String(repeating: "0", count: max(0, 4 - year.utf8.count)))\(year)-\(padded(.month))-\(padded(.dayOfMonth))T\(padded(.hour)):\(padded(.minute)):\(second)Z"
    }

    /// The part of the time that is so many seconds after 1970.
    func value(seconds: Int64) -> Double {
        let day = seconds.floored(by: 86_400)
        let second = seconds &- day &* 86_400
        // Days from civil of the Gregorian calendar, counted from 0000-03-01.
        let shifted = day &+ 719_468
        let era = shifted.floored(by: 146_097)
        let dayOfEra = shifted &- era &* 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfMarchYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfMarchYear + 2) / 153
        let dayOfMonth = dayOfMarchYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0)
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        switch self {
        case .minute: return Double(second % 3600 / 60)
        case .hour: return Double(second / 3600)
        case .dayOfWeek: return Double((day &+ 4) &- (day &+ 4).floored(by: 7) &* 7)
        case .dayOfMonth: return Double(dayOfMonth)
        case .dayOfYear: return Double(lengths[..<Int(month - 1)].reduce(0, +) + dayOfMonth)
        case .daysInMonth: return Double(lengths[Int(month - 1)])
        case .month: return Double(month)
        case .year: return Double(year)
        }
    }
}

extension Int64 {
    /// The quotient rounded down, for a positive divisor.
    func floored(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
