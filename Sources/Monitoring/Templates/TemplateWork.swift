/// What a call of a function may cost, about in bytes that it reads: so that no template keeps the lab busy.
enum TemplateWork {
    /// A query looks at many series.
    private static let query = 50_000
    /// Repetitions such as `{1000}` make a short pattern long.
    private static let repetition = 100
    /// A replacement begins its search anew behind each match.
    private static let replacements = 100

    static func cost(of function: String, _ given: [TemplateValue]) -> Int {
        let sizes = given.map(size)
        switch function {
        case "query": return query
        case "match", "reReplaceAll":
            guard case .string(let pattern)? = given.first, let text = sizes.last else { return 1 }
            let program = (pattern.utf8.count + 10) * (pattern.utf8.contains(UInt8(ascii: "{")) ? repetition : 1)
            let rounds = function == "match" ? 1 : min(text + 1, replacements)
            return product(product(program, text + 1), rounds)
        default: return sizes.reduce(1) { $0 + min($1, TemplateEvaluator.maximumWork) }
        }
    }

    private static func product(_ a: Int, _ b: Int) -> Int {
        let (value, overflows) = a.multipliedReportingOverflow(by: b)
        return overflows ? TemplateEvaluator.maximumWork + 1 : min(value, TemplateEvaluator.maximumWork + 1)
    }

    private static func size(_ value: TemplateValue) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .labels(let labels): labels.count
        case .samples(let samples): samples.count
        case .arguments(let values, _): values.count
        default: 1
        }
    }
}
