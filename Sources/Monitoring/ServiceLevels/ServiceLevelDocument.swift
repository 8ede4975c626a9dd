import KubernetesAPI
import PromQL

/// Service level objectives as files have them: Sloth's `prometheus/v1`, its Kubernetes form, and OpenSLO v1.
public enum ServiceLevelDocument {
    /// Reads all objectives of a file, one or several documents.
    /// - Throws: with line, column and field, for what cannot be read or means nothing.
    public static func objectives(_ text: String) throws(ConfigurationError) -> [ServiceLevelObjective] {
        let documents: [YAMLDocument]
        do { documents = try YAMLReader.documents(text) } catch {
            throw ConfigurationError(message: error.message, line: error.line, column: error.column, field: "")
        }
        var found: [ServiceLevelObjective] = []
        let open = OpenSLOReader(documents)
        for document in documents where document.value != .null {
            let version = document.value["apiVersion"]?.string ?? document.value["version"]?.string ?? ""
            switch (version, document.value["kind"]?.string ?? "") {
            case ("prometheus/v1", ""): found += try SlothReader(document, isResource: false).objectives()
            case ("sloth.slok.dev/v1", "PrometheusServiceLevel"):
                found += try SlothReader(document, isResource: true).objectives()
            case ("openslo/v1", "SLO"): found += try open.objectives(document)
            case ("openslo/v1", "SLI"), ("openslo/v1", "Service"), ("openslo/v1", "DataSource"),
                ("openslo/v1", "AlertPolicy"), ("openslo/v1", "AlertCondition"),
                ("openslo/v1", "AlertNotificationTarget"):
                break
            default:
                throw Place(document).failure(
                    "neither Sloth's (version: prometheus/v1, or kind PrometheusServiceLevel) nor OpenSLO's (apiVersion: openslo/v1)",
                    at: document.value["apiVersion"] == nil ? "version" : "apiVersion")
            }
        }
        for (index, objective) in found.enumerated() where found[..<index].contains(where: { $0.id == objective.id }) {
            throw ConfigurationError(
                message: "the objective \(GoQuote.quote(objective.id)) is there twice", line: objective.line, column: 1,
                field: "")
        }
        return found
    }

    /// Where fields stand.
    struct Place {
        let document: YAMLDocument

        init(_ document: YAMLDocument) { self.document = document }

        func failure(_ message: String, at field: String) -> ConfigurationError {
            let place = document.position(of: field)
            return ConfigurationError(message: message, line: place.line, column: place.column, field: field)
        }

        func objective(_ value: JSONValue?, at field: String) throws(ConfigurationError) -> Double {
            let number: Double? =
                switch value {
                case .integer(let whole)?: Double(whole)
                case .number(let number)?: number
                default: nil
                }
            guard let number, number > 0, number < 100 else {
                throw failure("must be a share in percent between 0 and 100, such as 99.9", at: field)
            }
            return number
        }

        func name(_ value: JSONValue?, at field: String) throws(ConfigurationError) -> String {
            guard let text = value?.string, !text.isEmpty,
                text.utf8.allSatisfy({
                    (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0)
                        || [45, 95, 46].contains($0)
                })
            else { throw failure("must be a name of letters, digits, '-', '_' and '.'", at: field) }
            return text
        }

        /// A query whose ranges are the window.
        func query(_ value: JSONValue?, at field: String) throws(ConfigurationError) -> String {
            guard let text = value?.string, !text.isEmpty else { throw failure("a query is missing", at: field) }
            guard text.contains("{{.window}}") || text.contains("{{ .window }}") else {
                throw failure("the query has no {{.window}} in its range", at: field)
            }
            let plain = text.replacing("{{ .window }}", with: "{{.window}}")
            do { _ = try PromQLParser.parse(plain.replacing("{{.window}}", with: "5m")) } catch {
                throw failure("the query cannot be read: \(error)", at: field)
            }
            return plain
        }
    }

    static func pairs(_ value: JSONValue?) -> [(name: String, value: String)] {
        (value?.object ?? [:]).map { ($0.key, $0.value.string ?? "\($0.value)") }.sorted {
            $0.0.utf8.lexicographicallyPrecedes($1.0.utf8)
        }
    }
}

/// Sloth's two forms, which differ in the spelling of their fields.
private struct SlothReader {
    let document: YAMLDocument
    let place: ServiceLevelDocument.Place
    let isResource: Bool

    init(_ document: YAMLDocument, isResource: Bool) {
        self.document = document
        place = ServiceLevelDocument.Place(document)
        self.isResource = isResource
    }

    private func key(_ name: String) -> String {
        guard isResource else { return name }
        let words = name.split(separator: "_")
        return words.enumerated().map {
            $0.offset == 0 ? String($0.element) : $0.element.prefix(1).uppercased() + $0.element.dropFirst()
        }.joined()
    }

    func objectives() throws(ConfigurationError) -> [ServiceLevelObjective] {
        let root = isResource ? document.value["spec"] : document.value
        let prefix = isResource ? "spec." : ""
        let service = try place.name(root?["service"], at: prefix + "service")
        guard let slos = root?["slos"]?.array, !slos.isEmpty else {
            throw place.failure("at least one objective is needed", at: prefix + "slos")
        }
        var found: [ServiceLevelObjective] = []
        for (index, slo) in slos.enumerated() {
            let path = "\(prefix)slos[\(index)]"
            let sli = slo["sli"]
            let indicator: ServiceLevelObjective.Indicator
            if let events = sli?["events"] {
                let field = path + ".sli.events."
                indicator = .events(
                    bad: try place.query(events[key("error_query")], at: field + key("error_query")),
                    total: try place.query(events[key("total_query")], at: field + key("total_query")))
            } else if let raw = sli?["raw"] {
                indicator = .ratio(
                    try place.query(raw[key("error_ratio_query")], at: path + ".sli.raw." + key("error_ratio_query")))
            } else {
                throw place.failure("an indicator is needed: events or raw (plugins are not read)", at: path + ".sli")
            }
            let alerting = slo["alerting"]
            func settings(_ field: String) -> ServiceLevelObjective.AlertSettings {
                let own = alerting?[key(field)]
                var settings = ServiceLevelObjective.AlertSettings()
                settings.isDisabled = own?["disable"] == .bool(true)
                settings.labels =
                    ServiceLevelDocument.pairs(alerting?["labels"]) + ServiceLevelDocument.pairs(own?["labels"])
                settings.annotations =
                    ServiceLevelDocument.pairs(alerting?["annotations"])
                    + ServiceLevelDocument.pairs(own?["annotations"])
                return settings
            }
            found.append(
                ServiceLevelObjective(
                    service: service, name: try place.name(slo["name"], at: path + ".name"),
                    objective: try place.objective(slo["objective"], at: path + ".objective"), days: 30,
                    indicator: indicator,
                    labels: ServiceLevelDocument.pairs(root?["labels"]) + ServiceLevelDocument.pairs(slo["labels"]),
                    alertName: alerting?["name"]?.string ?? "", page: settings("page_alert"),
                    ticket: settings("ticket_alert"), line: document.line(of: path)))
        }
        return found
    }
}

/// OpenSLO v1: an SLO with its indicator inside, or beside it in the same file.
private struct OpenSLOReader {
    let documents: [YAMLDocument]

    init(_ documents: [YAMLDocument]) { self.documents = documents }

    func objectives(_ document: YAMLDocument) throws(ConfigurationError) -> [ServiceLevelObjective] {
        let place = ServiceLevelDocument.Place(document)
        let spec = document.value["spec"]
        let name = try place.name(document.value["metadata"]?["name"], at: "metadata.name")
        let service = try place.name(spec?["service"], at: "spec.service")
        if let method = spec?["budgetingMethod"]?.string, method != "Occurrences" {
            throw place.failure("\(method) is not supported: Prometheus counts occurrences", at: "spec.budgetingMethod")
        }
        let (indicator, owner, prefix) = try indicator(document, place)
        let ratio = indicator["spec"]?["ratioMetric"]
        guard let ratio else {
            throw owner.failure("only ratioMetric is supported", at: prefix + "spec")
        }
        func query(_ name: String) throws(ConfigurationError) -> String {
            try owner.query(
                ratio[name]?["metricSource"]?["spec"]?["query"],
                at: "\(prefix)spec.ratioMetric.\(name).metricSource.spec.query")
        }
        let total = try query("total")
        let bad: String
        if ratio["bad"] != nil { bad = try query("bad") } else { bad = "(\(total)) - (\(try query("good")))" }
        guard let objectives = spec?["objectives"]?.array, !objectives.isEmpty else {
            throw place.failure("at least one objective is needed", at: "spec.objectives")
        }
        var found: [ServiceLevelObjective] = []
        for (index, objective) in objectives.enumerated() {
            let path = "spec.objectives[\(index)]"
            let percent: Double
            if let target = objective["target"], objective["targetPercent"] == nil {
                var value = 0.0
                if case .number(let number) = target { value = number }
                guard value > 0, value < 1 else {
                    throw place.failure("must be a share between 0 and 1, such as 0.99", at: path + ".target")
                }
                percent = value * 100
            } else {
                percent = try place.objective(objective["targetPercent"], at: path + ".targetPercent")
            }
            found.append(
                ServiceLevelObjective(
                    service: service, name: objectives.count == 1 ? name : "\(name)-\(index + 1)", objective: percent,
                    days: try days(spec, place), indicator: .events(bad: bad, total: total), labels: [],
                    alertName: spec?["alertPolicies"]?.array?.isEmpty == false ? name : "",
                    page: .init(), ticket: .init(), line: document.line(of: path)))
        }
        return found
    }

    private func days(_ spec: JSONValue?, _ place: ServiceLevelDocument.Place) throws(ConfigurationError) -> Int {
        guard let text = spec?["timeWindow"]?.array?.first?["duration"]?.string else { return 30 }
        let units: [Character: Int] = ["d": 1, "w": 7, "M": 30, "Q": 90, "Y": 365]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()), count > 0,
            count * unit <= 365
        else {
            throw place.failure(
                "must be a number of days, weeks or months, such as 28d or 4w", at: "spec.timeWindow[0].duration")
        }
        return count * unit
    }

    /// The indicator, and where to point in it.
    private func indicator(
        _ document: YAMLDocument, _ place: ServiceLevelDocument.Place
    ) throws(ConfigurationError) -> (value: JSONValue, owner: ServiceLevelDocument.Place, prefix: String) {
        let spec = document.value["spec"]
        if let inside = spec?["indicator"] { return (inside, place, "spec.indicator.") }
        guard let name = spec?["indicatorRef"]?.string else {
            throw place.failure("an indicator or an indicatorRef is needed", at: "spec")
        }
        guard
            let other = documents.first(where: {
                $0.value["kind"]?.string == "SLI" && $0.value["metadata"]?["name"]?.string == name
            })
        else { throw place.failure("there is no SLI \(GoQuote.quote(name)) in the file", at: "spec.indicatorRef") }
        return (other.value, ServiceLevelDocument.Place(other), "")
    }
}
