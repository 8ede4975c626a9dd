import KubernetesAPI
import PromQL

/// One rule as a file has it.
public struct RuleDescription: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// The name of the series that it writes.
        case recording(String)
        /// The name of the alert, how long its expression must hold first, and how long it goes on firing afterwards,
        /// both in milliseconds.
        case alerting(String, for: Int64, keepFiringFor: Int64)
    }

    public var kind: Kind
    /// The expression's text as written, and read.
    public var expr: String
    public var expression: Expression
    /// In the order of their names.
    public var labels: Labels
    public var annotations: Labels
    /// Where the rule begins in its file.
    public var line: Int

    public var name: String {
        switch kind {
        case .recording(let name), .alerting(let name, _, _): name
        }
    }

    public var isAlert: Bool { if case .alerting = kind { true } else { false } }
}

/// One group as a file has it.
public struct RuleGroupDescription: Sendable, Equatable {
    public var name: String
    /// Milliseconds; nil for the server's evaluation interval.
    public var interval: Int64?
    /// Milliseconds; nil for the server's.
    public var queryOffset: Int64?
    /// Most alerts or series of a rule; 0 for no limit.
    public var limit: Int
    /// Set on every rule that does not set them itself.
    public var labels: Labels
    public var rules: [RuleDescription]
}

/// A file of rules, read as strictly as Prometheus reads it (`model/rulefmt`).
public struct RuleFile: Sendable {
    public let groups: [RuleGroupDescription]

    /// Everything that is wrong with the file, each with Prometheus' text, which begins with line and column.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        public let errors: [ConfigurationError]
        /// The same as Prometheus prints them: it gives no place for what is wrong with a template, and its own for what
        /// is no rule file at all.
        public let texts: [String]

        public var description: String { texts.joined(separator: "\n") }

        init(_ errors: [ConfigurationError]) {
            self.errors = errors
            texts = errors.map {
                $0.message.hasPrefix("yaml: ") || $0.message.contains(": template: ") ? $0.message : $0.description
            }
        }
    }

    private static let groupFields: Set<String> = ["name", "interval", "query_offset", "limit", "rules", "labels"]
    private static let ruleFields: Set<String> = [
        "record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations",
    ]

    /// - Throws: all that is wrong: first what is no rule file at all, else every bad group and rule.
    public init(_ text: String, options: ParserOptions = ParserOptions()) throws(Failure) {
        var yaml = YAMLReader()
        yaml.refusesDuplicateKeys = true
        let documents: [YAMLDocument]
        do { documents = try yaml.documents(Array(text.utf8)) } catch {
            throw Failure([
                ConfigurationError(message: error.message, line: error.line, column: error.column, field: "")
            ])
        }
        guard let document = documents.first, document.value != .null else {
            groups = []
            return
        }
        var reader = RuleReader(document, text: text, options: options)
        groups = reader.read()
        let errors = reader.errors
        guard errors.isEmpty else { throw Failure(errors) }
    }

    /// Goes through the document and collects what is wrong.
    private struct RuleReader {
        var reader: StrictReader
        let document: YAMLDocument
        let options: ParserOptions
        private let lines: [Substring]
        var errors: [ConfigurationError] = []

        init(_ document: YAMLDocument, text: String, options: ParserOptions) {
            self.document = document
            self.options = options
            reader = StrictReader(document, text: text)
            lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        }

        /// Notes a fault at a field's value, where the real reader sees it, and not at its name.
        private mutating func note(_ message: String, atValueOf path: String) {
            let place = document.position(of: path)
            var column = place.column
            if lines.indices.contains(place.line - 1) {
                let rest = lines[place.line - 1].dropFirst(place.column - 1)
                if let colon = rest.firstIndex(of: ":") {
                    let value = rest[rest.index(after: colon)...].drop { $0 == " " }
                    if !value.isEmpty { column += rest.distance(from: rest.startIndex, to: value.startIndex) }
                }
            }
            errors.append(ConfigurationError(message: message, line: place.line, column: column, field: path))
        }

        mutating func read() -> [RuleGroupDescription] {
            guard let root = reader.section(document.value, at: "", type: "rulefmt.RuleGroups", fields: ["groups"])
            else {
                finish()
                return []
            }
            var groups: [RuleGroupDescription] = []
            for (value, path) in reader.list(root, "groups", type: "[]rulefmt.RuleGroup") {
                guard
                    let section = reader.section(
                        value, at: path, type: "rulefmt.RuleGroup", fields: RuleFile.groupFields)
                else { continue }
                groups.append(group(section, known: groups.map(\.name)))
            }
            finish()
            return groups
        }

        /// What does not fit into the structures comes first and alone, as the real reader stops there.
        private mutating func finish() {
            do { try reader.finish() } catch { errors = [error] }
        }

        private mutating func note(_ message: String, at path: String) {
            errors.append(reader.failure(message, at: path))
        }

        private mutating func duration(_ section: StrictReader.Section, _ field: String) -> Int64? {
            do { return try reader.duration(section, field) } catch {
                errors.append(error)
                return nil
            }
        }

        private mutating func group(_ section: StrictReader.Section, known: [String]) -> RuleGroupDescription {
            let name = reader.string(section, "name") ?? ""
            if name.isEmpty { note("Groupname must not be empty", at: section.path) }
            if known.contains(name), !name.isEmpty {
                note("groupname: \(GoQuote.quote(name)) is repeated in the same file", at: section.path)
            }
            var group = RuleGroupDescription(
                name: name, interval: duration(section, "interval"), queryOffset: duration(section, "query_offset"),
                limit: reader.integer(section, "limit", type: "int") ?? 0, labels: .empty, rules: [])
            do { group.labels = try reader.labels(section, "labels", type: "map[string]string") } catch {
                errors.append(error)
            }
            for (index, element) in reader.list(section, "rules", type: "[]rulefmt.Rule").enumerated() {
                guard
                    let rule = reader.section(
                        element.value, at: element.path, type: "rulefmt.Rule", fields: RuleFile.ruleFields)
                else { continue }
                if let rule = self.rule(rule, group: name, number: index + 1) { group.rules.append(rule) }
            }
            return group
        }

        private mutating func rule(_ section: StrictReader.Section, group: String, number: Int) -> RuleDescription? {
            let record = reader.string(section, "record") ?? ""
            let alert = reader.string(section, "alert") ?? ""
            let name = alert.isEmpty ? record : alert
            let before = errors.count
            let context = "group \(GoQuote.quote(group)), rule \(number), \(GoQuote.quote(name)): "
            func place(_ field: String) -> String { section.has(field) ? section.path(of: field) : section.path }
            if !record.isEmpty, !alert.isEmpty {
                note(context + "only one of 'record' and 'alert' must be set", at: place("record"))
            }
            if record.isEmpty, alert.isEmpty {
                note(context + "one of 'record' or 'alert' must be set", at: section.path)
            }
            let expr = reader.string(section, "expr") ?? ""
            var expression: Expression?
            if expr.isEmpty {
                note(context + "field 'expr' must be set in rule", at: place("expr"))
            } else {
                do { expression = try PromQLParser.parse(expr, options: options) } catch {
                    note(context + "could not parse expression: \(error)", atValueOf: place("expr"))
                }
            }
            let (wait, keep) = (duration(section, "for"), duration(section, "keep_firing_for"))
            let labels = texts(section, "labels", context, "label")
            let annotations = texts(section, "annotations", context, "annotation")
            if !record.isEmpty {
                if !annotations.isEmpty {
                    note(context + "invalid field 'annotations' in recording rule", at: place("annotations"))
                }
                if wait ?? 0 != 0 { note(context + "invalid field 'for' in recording rule", at: place("for")) }
                if keep ?? 0 != 0 {
                    note(context + "invalid field 'keep_firing_for' in recording rule", at: place("keep_firing_for"))
                }
                if record.contains("{") || record.contains("}") {
                    note(
                        context + "braces present in the recording rule name; should it be in expr?: \(record)",
                        at: place("record"))
                } else if record.unicodeScalars.contains("\u{FFFD}") {
                    note(context + "invalid recording rule name: \(record)", at: place("record"))
                }
            }
            if !alert.isEmpty {
                for (kind, field, pairs) in [("label", "labels", labels), ("annotation", "annotations", annotations)] {
                    for pair in pairs.pairs {
                        do { _ = try AlertTemplate(pair.value, name: "__alert_" + alert) } catch {
                            note(
                                context + "\(kind) \(GoQuote.quote(pair.name)): \(error)",
                                at: section.path(of: field) + "." + pair.name)
                        }
                    }
                }
            }
            guard errors.count == before, let expression else { return nil }
            return RuleDescription(
                kind: alert.isEmpty ? .recording(record) : .alerting(alert, for: wait ?? 0, keepFiringFor: keep ?? 0),
                expr: expr, expression: expression, labels: labels, annotations: annotations,
                line: document.line(of: section.path))
        }

        /// Labels or annotations; `__name__` is no label of a rule.
        private mutating func texts(
            _ section: StrictReader.Section, _ field: String, _ context: String, _ kind: String
        ) -> Labels {
            var pairs: [Label] = []
            guard let members = section.value[field]?.object else {
                // What is no mapping is noted by the reader of labels.
                _ = try? reader.labels(section, field, type: "map[string]string")
                return .empty
            }
            for (name, value) in members {
                let path = section.path(of: field) + "." + name
                if name.isEmpty || (kind == "label" && name == Labels.metricName)
                    || name.unicodeScalars.contains("\u{FFFD}")
                {
                    note(context + "invalid \(kind) name: \(name)", at: path)
                }
                if let text = reader.string(value, at: path) { pairs.append(Label(name, text)) }
            }
            return Labels(pairs)
        }
    }
}
