/// What a trial must record so that criteria can be judged.
public struct CriterionNeeds: Sendable, Equatable {
    /// Measurements by their text, sorted.
    public private(set) var measurements: [String] = []
    /// `traffic/NAME` and `service/NAME`, sorted.
    public private(set) var streams: [String] = []
    public private(set) var events = false
    /// Whether the exercise's own check of the hand-in is asked.
    public private(set) var facts = false
    /// Names of stored references, sorted.
    public private(set) var references: [String] = []
    /// All windows, for checks of their bounds.
    private(set) var windows: [CriterionWindow] = []

    public init() {}

    /// What all of some criteria need.
    public init(_ expressions: [CriterionExpression]) {
        for expression in expressions { add(expression.claim) }
    }

    public mutating func add(measurement: String) { Self.insert(measurement, &measurements) }
    mutating func add(stream: String) { Self.insert(stream, &streams) }

    private static func insert(_ text: String, _ list: inout [String]) {
        guard !list.contains(text) else { return }
        list.append(text)
        list.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private mutating func add(_ claim: Claim) {
        switch claim {
        case .compare(let left, _, let right, let end):
            add(left)
            add(right)
            if let end { add(end) }
        case .always(let condition, let window), .never(let condition, let window),
            .eventually(let condition, _, let window):
            add(condition)
            windows.append(window)
        case .both(let left, let right), .either(let left, let right):
            add(left)
            add(right)
        case .not(let inner): add(inner)
        }
    }

    mutating func add(_ quantity: TrialQuantity) {
        switch quantity {
        case .constant: break
        case .fact, .extremeFact: facts = true
        case .share(_, _, let stream, let window), .requests(_, let stream, let window),
            .quantile(_, let stream, let window):
            Self.insert(stream, &streams)
            windows.append(window)
        case .summary(_, let signal, let window):
            add(signal)
            windows.append(window)
        case .shareOfTime(let condition, let window), .timeOf(let condition, let window):
            add(condition)
            windows.append(window)
        case .events(_, let window), .timeOfEvent(_, let window):
            events = true
            windows.append(window)
        case .value(let signal, let time):
            add(signal)
            windows.append(CriterionWindow(from: time, to: time))
        case .reference(let name): Self.insert(name, &references)
        case .arithmetic(_, let left, let right):
            add(left)
            add(right)
        }
    }

    private mutating func add(_ condition: TimedCondition) {
        switch condition {
        case .compare(let left, _, let right):
            add(left)
            add(right)
        case .both(let left, let right), .either(let left, let right):
            add(left)
            add(right)
        case .not(let inner): add(inner)
        }
    }

    private mutating func add(_ signal: Signal) {
        switch signal {
        case .measurement(let text): add(measurement: text)
        case .constant: break
        case .arithmetic(_, let left, let right):
            add(left)
            add(right)
        }
    }
}
