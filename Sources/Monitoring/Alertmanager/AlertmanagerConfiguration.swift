import KubernetesAPI
import PromQL
import Simulation

/// What an `alertmanager.yml` says, read as strictly as Alertmanager reads it.
///
///     let configuration = try AlertmanagerConfiguration(yaml: text)
///     configuration.routes[0].receiver   // the receiver of the root route
public struct AlertmanagerConfiguration: Sendable, Equatable {
    /// The text that was read; snapshots hold it and read it again.
    public let source: String
    /// Milliseconds after which an alert without an end counts as resolved unless it is sent again; 5 minutes.
    public let resolveTimeout: Int64
    /// The tree of routes, each before its children; the first is the root.
    public let routes: [AlertRoute]
    public let receivers: [NotificationReceiver]
    public let inhibitRules: [InhibitRule]
    public let timeIntervals: [MuteTimeInterval]

    /// Reads a configuration.
    /// - Throws: the first thing that is wrong, with its line and column.
    public init(yaml text: String) throws(AlertmanagerConfigurationError) {
        source = text
        var reader = YAMLReader()
        reader.refusesDuplicateKeys = true
        let documents: [YAMLDocument]
        do {
            documents = try reader.documents(Array(text.utf8))
        } catch {
            throw AlertmanagerConfigurationError(
                message: error.message, line: error.line, column: error.column, field: "")
        }
        guard let document = documents.first else {
            throw AlertmanagerConfigurationError(
                message: "no route provided in config", line: 1, column: 1, field: "")
        }
        let root = AlertmanagerConfigurationNode(document: document, path: "", value: document.value)
        let fields = try root.members([
            "global", "route", "inhibit_rules", "receivers", "templates", "mute_time_intervals", "time_intervals",
            "tracing",
        ])
        resolveTimeout = try fields["global"]?.resolveTimeout() ?? 300_000
        receivers = try Self.receivers(fields)
        guard let route = fields["route"] else { throw root.failure("no route provided in config") }
        timeIntervals = try Self.timeIntervals(fields)
        var rules: [InhibitRule] = []
        for node in try fields.elements("inhibit_rules", "config.InhibitRule") { rules.append(try node.inhibitRule()) }
        inhibitRules = rules
        _ = try fields.texts("templates")
        var tree = AlertRouteTree(
            receivers: receivers.map(\.name), timeIntervals: timeIntervals.map(\.name))
        try tree.read(route)
        routes = tree.routes
    }

    private static func receivers(_ fields: AlertmanagerConfigurationNode.Members)
        throws(AlertmanagerConfigurationError) -> [NotificationReceiver]
    {
        var out: [NotificationReceiver] = []
        for node in try fields.elements("receivers", "config.Receiver") {
            let receiver = try node.receiver()
            if out.contains(where: { $0.name == receiver.name }) {
                throw node.failure("notification config name \(GoText.quoted(receiver.name)) is not unique")
            }
            out.append(receiver)
        }
        return out
    }

    /// The intervals of both lists; the older `mute_time_intervals` shares its names with the newer.
    private static func timeIntervals(_ fields: AlertmanagerConfigurationNode.Members)
        throws(AlertmanagerConfigurationError) -> [MuteTimeInterval]
    {
        var out: [MuteTimeInterval] = []
        for (list, what) in [("mute_time_intervals", "mute time interval"), ("time_intervals", "time interval")] {
            for node in try fields.elements(list, "config.TimeInterval") {
                let interval = try node.muteTimeInterval(missing: "missing name in \(what)")
                if out.contains(where: { $0.name == interval.name }) {
                    throw node.failure("\(what) \(GoText.quoted(interval.name)) is not unique")
                }
                out.append(interval)
            }
        }
        return out
    }

    public func receiver(_ name: String) -> NotificationReceiver? { receivers.first { $0.name == name } }

    /// The routes that an alert takes: the deepest that match, and those behind them as far as `continue` says.
    public func routes(for labels: Labels) -> [Int] {
        routes.isEmpty ? [] : matching(0, labels) ?? []
    }

    /// Nil if the route does not match. The depth is that of the YAML, which its reader limits.
    private func matching(_ index: Int, _ labels: Labels) -> [Int]? {
        guard routes[index].matchers.allMatch(labels) else { return nil }
        var out: [Int] = []
        for child in routes[index].children {
            guard let found = matching(child, labels) else { continue }
            out += found
            if !routes[child].continues { break }
        }
        return out.isEmpty ? [index] : out
    }
}

extension AlertmanagerConfiguration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(source) }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let offset = reader.offset
        let text: String = try reader.read()
        do {
            try self.init(yaml: text)
        } catch {
            throw .malformed(what: "alertmanager configuration: \(error.message)", offset: offset)
        }
    }
}

extension AlertmanagerConfigurationNode {
    /// The fields of `global` are settings of receivers, but for this one.
    fileprivate func resolveTimeout() throws(Failure) -> Int64 {
        let fields = try members([
            "resolve_timeout", "http_config", "smtp_from", "smtp_hello", "smtp_smarthost", "smtp_auth_username",
            "smtp_auth_password", "smtp_auth_password_file", "smtp_auth_secret", "smtp_auth_identity",
            "smtp_require_tls", "smtp_tls_config", "slack_api_url", "slack_api_url_file", "pagerduty_url",
            "opsgenie_api_url", "opsgenie_api_key", "opsgenie_api_key_file", "wechat_api_url", "wechat_api_secret",
            "wechat_api_corp_id", "victorops_api_url", "victorops_api_key", "victorops_api_key_file",
            "telegram_api_url", "telegram_bot_token_file", "webex_api_url", "rocketchat_api_url", "rocketchat_token",
            "rocketchat_token_file", "rocketchat_token_id", "rocketchat_token_id_file", "jira_api_url",
        ])
        return try fields.duration("resolve_timeout") ?? 300_000
    }

    /// Names of labels that the YAML gives, checked by the classic rule.
    func labelNames() throws(Failure) -> [String] {
        var out: [String] = []
        for node in try elements("model.LabelName") {
            let name = try node.text()
            guard MatcherText.isLabelName(name) else {
                throw node.failure("\(GoText.quoted(name)) is not a valid label name")
            }
            out.append(name)
        }
        return out
    }

    /// Matchers of a list of texts, of a map of values and of a map of patterns, in Alertmanager's order.
    static func matchers(_ fields: Members, list: String, equal: String, pattern: String) throws(Failure)
        -> [LabelMatcher]
    {
        var out: [LabelMatcher] = []
        for (name, kind) in [(equal, LabelMatcher.Kind.equal), (pattern, .matches)] {
            guard let map = fields[name] else { continue }
            for (label, node) in try map.entries("map[string]string") {
                guard MatcherText.isLabelName(label) else {
                    throw node.failure("invalid label name \(GoText.quoted(label))")
                }
                let value = try node.text()
                do {
                    // Alertmanager shows old patterns with the anchors that it gives them, in keys of groups too.
                    out.append(
                        try MatcherText.matcher(label, kind, kind == .matches ? "^(?:\(value))$" : value))
                } catch {
                    throw node.failure(error.description)
                }
            }
        }
        for node in try fields.elements(list, "string") {
            let text = try node.text()
            do {
                out += try MatcherText.parseList(text)
            } catch {
                throw node.failure(error.description)
            }
        }
        return MatcherText.sorted(out)
    }

    fileprivate func inhibitRule() throws(Failure) -> InhibitRule {
        let fields = try members([
            "name", "target_match", "target_match_re", "target_matchers", "source_match", "source_match_re",
            "source_matchers", "equal",
        ])
        return InhibitRule(
            source: try Self.matchers(
                fields, list: "source_matchers", equal: "source_match", pattern: "source_match_re"),
            target: try Self.matchers(
                fields, list: "target_matchers", equal: "target_match", pattern: "target_match_re"),
            equal: try fields["equal"]?.labelNames() ?? [])
    }
}
