import KubernetesAPI
import PromQL

/// `query_exemplars`: the requests behind the series that a query looks at.
extension PrometheusAPI {
    /// The exemplars of every series that one of the query's selectors matches, between `start` and `end`.
    func exemplars(_ request: Request) throws(Failure) -> JSONValue {
        let start = try time(request, "start") ?? .min
        let end = try time(request, "end") ?? .max
        guard end >= start else { throw .badData("end timestamp must not be before start timestamp") }
        let selectors: [VectorSelector]
        do { selectors = try PromQLParser.parse(request.first("query") ?? "").selectors } catch {
            throw .badData("\(error)")
        }
        guard !selectors.isEmpty else { return .null }
        var found: [(series: Labels, exemplars: [JSONValue])] = []
        var places: [Labels: Int] = [:]
        // In the order of the ring; a series' exemplars are ascending in it.
        for exemplar in server.store.exemplars where exemplar.time >= start && exemplar.time <= end {
            let place: Int
            if let known = places[exemplar.series] {
                place = known
            } else {
                place = selectors.contains { Self.matches(exemplar.series, $0.matchers) } ? found.count : -1
                places[exemplar.series] = place
                if place >= 0 { found.append((exemplar.series, [])) }
            }
            guard place >= 0 else { continue }
            found[place].exemplars.append([
                "labels": Self.json(exemplar.labels), "value": .string(GoFloat.fixed(exemplar.value)),
                "timestamp": .number(Double(exemplar.time) / 1000),
            ])
        }
        return .array(
            found.sorted { Labels.compare($0.series, $1.series) < 0 }.map {
                ["seriesLabels": Self.json($0.series), "exemplars": .array($0.exemplars)]
            })
    }

    private static func matches(_ labels: Labels, _ matchers: [LabelMatcher]) -> Bool {
        matchers.allSatisfy { $0.matches(labels[$0.name]) }
    }
}
