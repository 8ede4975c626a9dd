import KubernetesAPI
import PromQL

/// Everything that is no query: series and labels, targets, rules, alerts, status.
extension PrometheusAPI {
    /// - Returns: nil for a path that there is not.
    func data(_ path: [String], _ request: Request) throws(Failure) -> (data: JSONValue, warnings: [String])? {
        let targets = TargetsAnswer(server.pools)
        switch path {
        case ["series"]: return try series(request)
        case ["labels"]: return try labels(request)
        case ["metadata"]: return (try metadata(request), [])
        case ["targets"]:
            return (
                targets.targets(
                    state: TargetsAnswer.State(rawValue: request.first("state") ?? "any") ?? .any,
                    pool: request.first("scrapePool").flatMap { $0.isEmpty ? nil : $0 }), []
            )
        case ["targets", "metadata"]:
            var matchers: [LabelMatcher] = []
            if let text = request.first("match_target"), !text.isEmpty {
                do { matchers = try PromQLParser.parseSelector(text) } catch {
                    throw .badData("invalid parameter \"match_target\": \(error)")
                }
            }
            return (
                targets.metadata(
                    matching: matchers, metric: request.first("metric") ?? "",
                    limit: Int(request.first("limit") ?? "") ?? -1),
                []
            )
        case ["scrape_pools"]: return (targets.scrapePools, [])
        case ["rules"]: return (try rules(request), [])
        case ["alerts"]: return (alerts, [])
        case ["alertmanagers"]: return (["activeAlertmanagers": [], "droppedAlertmanagers": []], [])
        case ["query_exemplars"]: return (try exemplars(request), [])
        case ["format_query"]:
            do { return (.string(try PromQLParser.parse(request.first("query") ?? "").description), []) } catch {
                throw .badData("invalid parameter \"query\": \(error)")
            }
        case ["status", "buildinfo"]:
            return (
                [
                    "version": "3.14.0", "revision": "kubelab", "branch": "HEAD", "buildUser": "kubelab",
                    "buildDate": "20260101-00:00:00", "goVersion": "none",
                ], []
            )
        case ["status", "config"]: return (["yaml": .string(configurationText)], [])
        case ["status", "flags"]:
            return (["query.lookback-delta": "5m", "query.max-samples": "50000000", "query.timeout": "2m"], [])
        case ["status", "runtimeinfo"]:
            return (
                [
                    "startTime": .string(CivilTime.format(seconds: 0)), "CWD": "/prometheus",
                    "reloadConfigSuccess": true,
                    "corruptionCount": 0, "storageRetention": "15d",
                ], []
            )
        case ["status", "walreplay"]: return (["min": 0, "max": 0, "current": 0, "state": "done"], [])
        case ["status", "tsdb"]: return (status, [])
        default:
            guard path.count == 3, path[0] == "label", path[2] == "values" else { return nil }
            return try labelValues(path[1], request)
        }
    }

    // MARK: Series

    private func chosen(_ request: Request) throws(Failure) -> [SeriesID] {
        let sets = try matchers(request)
        let start = try time(request, "start") ?? .min
        let end = try time(request, "end") ?? .max
        let ids = sets.isEmpty ? server.store.allSeries : Set(sets.flatMap { server.store.select($0) }).sorted()
        return ids.filter { id in
            guard start > .min || end < .max else { return true }
            return !server.store.samples(id, after: start == .min ? .min : start - 1, through: end).isEmpty
        }
    }

    private func cut(_ values: [JSONValue], _ request: Request) throws(Failure) -> (data: JSONValue, warnings: [String])
    {
        let limit = try limit(request)
        guard limit > 0, values.count > limit else { return (.array(values), []) }
        return (.array(Array(values.prefix(limit))), ["results truncated due to limit"])
    }

    private func series(_ request: Request) throws(Failure) -> (data: JSONValue, warnings: [String]) {
        guard !request.all("match[]").isEmpty else { throw .badData("no match[] parameter provided") }
        let all = try chosen(request).map { server.store.labels($0) }.sorted { Labels.compare($0, $1) < 0 }
        return try cut(all.map(Self.json), request)
    }

    private func labels(_ request: Request) throws(Failure) -> (data: JSONValue, warnings: [String]) {
        let names = Set(try chosen(request).flatMap { server.store.labels($0).pairs.map(\.name) })
        return try cut(names.sorted(by: ByteOrder.less).map { .string($0) }, request)
    }

    private func labelValues(_ name: String, _ request: Request) throws(Failure) -> (
        data: JSONValue, warnings: [String]
    ) {
        let name = Self.unescaped(name)
        let values = Set(try chosen(request).map { server.store.labels($0)[name] }.filter { !$0.isEmpty })
        return try cut(values.sorted(by: ByteOrder.less).map { .string($0) }, request)
    }

    /// `U__my_2e_label` stands for `my.label`.
    private static func unescaped(_ name: String) -> String {
        guard name.hasPrefix("U__") else { return name }
        var result = ""
        var rest = name.dropFirst(3)[...]
        while let character = rest.popFirst() {
            guard character == "_" else {
                result.append(character)
                continue
            }
            if rest.first == "_" {
                rest.removeFirst()
                result.append("_")
                continue
            }
            guard let end = rest.firstIndex(of: "_"), let code = UInt32(rest[..<end], radix: 16),
                let scalar = Unicode.Scalar(code)
            else { return name }
            result.unicodeScalars.append(scalar)
            rest = rest[rest.index(after: end)...]
        }
        return result
    }

    static func json(_ labels: Labels) -> JSONValue {
        var members: JSONValue = [:]
        if case .object(var object) = members {
            for pair in labels.pairs { object[pair.name] = .string(pair.value) }
            members = .object(object)
        }
        return members
    }

    private func metadata(_ request: Request) throws(Failure) -> JSONValue {
        let limit = request.first("limit").flatMap(Int.init) ?? -1
        var known: [String: MetricMetadata] = [:]
        for target in server.pools.flatMap(\.targets) { known.merge(target.metadata) { first, _ in first } }
        let wanted = request.first("metric") ?? ""
        var names = known.keys.filter { wanted.isEmpty || $0 == wanted }.sorted(by: ByteOrder.less)
        if limit >= 0 { names = Array(names.prefix(limit)) }
        guard case .object(var members) = JSONValue.object([:]) else { return [:] }
        for name in names {
            let entry = known[name] ?? MetricMetadata()
            members[name] = [["type": .string(entry.type), "help": .string(entry.help), "unit": .string(entry.unit)]]
        }
        return .object(members)
    }

    private var status: JSONValue {
        let store = server.store
        let range = store.timeRange
        let pairs = store.labelNames().reduce(0) { $0 + store.labelValues($1).count }
        var counts: [(name: String, count: Int)] = []
        for name in store.labelValues(Labels.metricName) {
            guard let matcher = try? LabelMatcher(Labels.metricName, .equal, name) else { continue }
            counts.append((name, store.select([matcher]).count))
        }
        counts.sort { $0.count == $1.count ? ByteOrder.less($0.name, $1.name) : $0.count > $1.count }
        let top = counts.prefix(10).map { entry -> JSONValue in
            ["name": .string(entry.name), "value": .integer(Int64(entry.count))]
        }
        let head: JSONValue = [
            "numSeries": .integer(Int64(store.seriesCount)), "numLabelPairs": .integer(Int64(pairs)),
            "minTime": .integer(range?.lowerBound ?? 0), "maxTime": .integer(range?.upperBound ?? 0),
        ]
        return ["headStats": head, "seriesCountByMetricName": .array(top)]
    }

    // MARK: Rules

    private func rules(_ request: Request) throws(Failure) -> JSONValue {
        let type = request.first("type") ?? ""
        guard ["", "alert", "record"].contains(type) else {
            throw .badData("invalid parameter \"type\": not supported value \(GoQuote.quote(type))")
        }
        let (names, wantedGroups, files) = (
            request.all("rule_name[]"), request.all("rule_group[]"), request.all("file[]")
        )
        let groups = server.groups.compactMap { group -> JSONValue? in
            guard wantedGroups.isEmpty || wantedGroups.contains(group.name), files.isEmpty || files.contains(group.file)
            else { return nil }
            let rules = group.rules.filter { rule in
                (names.isEmpty || names.contains(rule.description.name))
                    && (type.isEmpty || (type == "alert") == rule.description.isAlert)
            }.map { Self.json($0, group, withAlerts: request.first("exclude_alerts") != "true") }
            guard !rules.isEmpty else { return nil }
            return [
                "name": .string(group.name), "file": .string(group.file), "rules": .array(rules),
                "interval": .number(Double(group.interval) / 1000), "limit": .integer(Int64(group.limit)),
                "evaluationTime": 0, "lastEvaluation": .string(Self.time(group.lastEvaluation)),
            ]
        }
        return ["groups": .array(groups)]
    }

    private static func json(_ rule: RuleGroup.Rule, _ group: RuleGroup, withAlerts: Bool) -> JSONValue {
        guard case .object(var members) = JSONValue.object([:]) else { return [:] }
        let description = rule.description
        if case .alerting(_, let wait, let keep) = description.kind {
            members["state"] = .string(rule.state.text)
            members["name"] = .string(description.name)
            members["query"] = .string(description.expression.description)
            members["duration"] = .number(Double(wait) / 1000)
            members["keepFiringFor"] = .number(Double(keep) / 1000)
            members["labels"] = json(description.labels)
            members["annotations"] = json(description.annotations)
            members["alerts"] = .array(
                withAlerts ? rule.alerts.filter { $0.state != .inactive }.map(json) : [])
        } else {
            members["name"] = .string(description.name)
            members["query"] = .string(description.expression.description)
            if !description.labels.isEmpty { members["labels"] = json(description.labels) }
        }
        members["health"] = .string(rule.health.text)
        if !rule.lastError.isEmpty { members["lastError"] = .string(rule.lastError) }
        members["evaluationTime"] = 0
        members["lastEvaluation"] = .string(time(group.lastEvaluation))
        members["type"] = .string(description.isAlert ? "alerting" : "recording")
        return .object(members)
    }

    private static func json(_ alert: ActiveAlert) -> JSONValue {
        guard case .object(var members) = JSONValue.object([:]) else { return [:] }
        members["labels"] = json(alert.labels)
        members["annotations"] = json(alert.annotations)
        members["state"] = .string(alert.state.text)
        members["activeAt"] = .string(time(alert.activeAt))
        if let since = alert.keepFiringSince { members["keepFiringSince"] = .string(time(since)) }
        members["value"] = .string(GoFloat.exponential(alert.value))
        return .object(members)
    }

    /// The active alerts of all rules, as `/api/v1/alerts` lists them.
    public var alerts: JSONValue {
        [
            "alerts": .array(
                server.groups.flatMap(\.rules).flatMap(\.alerts).filter { $0.state != .inactive }.map(Self.json))
        ]
    }

    /// RFC 3339 with as many decimals as needed; Go's zero time for none.
    private static func time(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "0001-01-01T00:00:00Z" }
        let rest = ((milliseconds % 1000) + 1000) % 1000
        let text = CivilTime.format(seconds: (milliseconds - rest) / 1000)
        guard rest > 0 else { return text }
        var fraction = String(String(rest + 1000).dropFirst())
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return text.dropLast() + "." + fraction + "Z"
    }
}
