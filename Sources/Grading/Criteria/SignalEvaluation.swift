import Simulation

/// Signals and conditions over the time of one trial.
extension TrialRecording {
    /// The instants of a window between which nothing changes: its start, every change, its end.
    private func instants(_ names: [String], _ window: CriterionWindow) -> [SimulationTime] {
        let (from, to) = bounds(window)
        guard from < to else { return [] }
        var times = [from, to]
        for name in names { times += signals[name]?.changes(from: from, to: to) ?? [] }
        times.sort()
        var unique: [SimulationTime] = []
        for time in times where unique.last != time { unique.append(time) }
        return unique
    }

    func value(of signal: Signal, at time: SimulationTime) -> Double? {
        switch signal {
        case .measurement(let name): signals[name]?.value(at: time)
        case .constant(let value, _): value
        case .arithmetic(let step, let left, let right):
            if let left = value(of: left, at: time), let right = value(of: right, at: time) {
                step.apply(left, right)
            } else {
                nil
            }
        }
    }

    /// Whether a condition holds; a comparison with something unknown does not.
    func holds(_ condition: TimedCondition, at time: SimulationTime) -> Bool {
        switch condition {
        case .compare(let left, let comparison, let right):
            if let left = value(of: left, at: time), let right = value(of: right, at: time) {
                comparison.holds(left, right)
            } else {
                false
            }
        case .both(let left, let right): holds(left, at: time) && holds(right, at: time)
        case .either(let left, let right): holds(left, at: time) || holds(right, at: time)
        case .not(let inner): !holds(inner, at: time)
        }
    }

    /// What is compared in the first of the comparisons for which a condition holds at an instant, or does not.
    func decisive(_ condition: TimedCondition, at time: SimulationTime) -> Signal {
        switch condition {
        case .compare(let left, _, _): left
        case .both(let left, let right):
            decisive(holds(left, at: time) && !holds(right, at: time) ? right : left, at: time)
        case .either(let left, let right):
            decisive(!holds(left, at: time) && holds(right, at: time) ? right : left, at: time)
        case .not(let inner): decisive(inner, at: time)
        }
    }

    /// A signal over a window, stretch by stretch.
    func segments(_ signal: Signal, _ window: CriterionWindow) -> [StepSeries.Segment] {
        let times = instants(signal.measurements, window)
        return zip(times, times.dropFirst()).map {
            StepSeries.Segment(from: $0, to: $1, value: value(of: signal, at: $0))
        }
    }

    /// The stretches of a window in which a condition holds (or does not), joined where they touch.
    func stretches(_ condition: TimedCondition, holds wanted: Bool, _ window: CriterionWindow) -> [(
        from: SimulationTime, to: SimulationTime
    )] {
        let times = instants(condition.measurements, window)
        var found: [(from: SimulationTime, to: SimulationTime)] = []
        for (from, to) in zip(times, times.dropFirst()) where holds(condition, at: from) == wanted {
            if found.last?.to == from { found[found.count - 1].to = to } else { found.append((from, to)) }
        }
        return found
    }

    /// Occurrences that a pattern names, in order.
    func occurrences(_ pattern: EventPattern, _ window: CriterionWindow) -> [Occurrence] {
        let (from, to) = bounds(window)
        return occurrences.filter { one in
            one.time >= from && one.time <= to && one.reason == pattern.reason
                && (pattern.object.map { Self.matches(one.object, $0) } ?? true)
        }
    }

    /// Whether a name fits a pattern in which `*` stands for any run of characters.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let (text, form) = (Array(name.utf8), Array(pattern.utf8))
        var (i, j) = (0, 0)
        var star: (form: Int, text: Int)?
        while i < text.count {
            if j < form.count, form[j] == UInt8(ascii: "*") {
                star = (j, i)
                j += 1
            } else if j < form.count, form[j] == text[i] {
                i += 1
                j += 1
            } else if let last = star {
                star = (last.form, last.text + 1)
                j = last.form + 1
                i = last.text + 1
            } else {
                return false
            }
        }
        return form[j...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

extension Signal {
    var measurements: [String] {
        switch self {
        case .measurement(let name): [name]
        case .constant: []
        case .arithmetic(_, let left, let right): left.measurements + right.measurements
        }
    }

    /// As it was written.
    var text: String {
        switch self {
        case .measurement(let name): name
        case .constant(let value, let unit): unit.text(value)
        case .arithmetic(let step, let left, let right): "\(left.text) \(step.rawValue) \(right.text)"
        }
    }
}

extension TimedCondition {
    var measurements: [String] {
        switch self {
        case .compare(let left, _, let right): left.measurements + right.measurements
        case .both(let left, let right), .either(let left, let right): left.measurements + right.measurements
        case .not(let inner): inner.measurements
        }
    }

    /// As it was written.
    var text: String {
        switch self {
        case .compare(let left, let comparison, let right): "\(left.text) \(comparison.rawValue) \(right.text)"
        case .both(let left, let right): "\(left.text) and \(right.text)"
        case .either: "(" + alternatives.map(\.text).joined(separator: " or ") + ")"
        case .not(let inner): "not (\(inner.text))"
        }
    }

    /// The parts of which one must hold.
    private var alternatives: [TimedCondition] {
        if case .either(let left, let right) = self { left.alternatives + right.alternatives } else { [self] }
    }
}
