import KubernetesAPI
import PromQL

/// A node of the tree of routes, with what it has from its parents.
public struct AlertRoute: Sendable, Equatable {
    /// The place of the parent in ``AlertmanagerConfiguration/routes``; nil for the root.
    public let parent: Int?
    public internal(set) var children: [Int] = []
    public let receiver: String
    /// What an alert must match, in Alertmanager's order.
    public let matchers: [LabelMatcher]
    /// Whether the routes behind this one are tried too.
    public let continues: Bool
    /// The labels whose values make a group.
    public let groupBy: [String]
    /// `group_by: ['...']`: every set of labels is a group of its own.
    public let groupsByAll: Bool
    /// Milliseconds before the first notification of a group; 30 seconds.
    public let groupWait: Int64
    /// Milliseconds between notifications of a group that changes; 5 minutes.
    public let groupInterval: Int64
    /// Milliseconds after which a group is sent again unchanged; 4 hours.
    public let repeatInterval: Int64
    public let muteTimeIntervals: [String]
    public let activeTimeIntervals: [String]
    /// The key of the route, such as `{}/{team="db"}`: the first half of a `groupKey`.
    public let key: String

    /// The labels that name the group of an alert.
    public func groupLabels(of labels: Labels) -> Labels { groupsByAll ? labels : labels.keeping(groupBy) }
}

/// Reads a tree of routes into an array.
struct AlertRouteTree {
    typealias Failure = AlertmanagerConfigurationError

    let receivers: [String]
    let timeIntervals: [String]
    private(set) var routes: [AlertRoute] = []

    init(receivers: [String], timeIntervals: [String]) {
        self.receivers = receivers
        self.timeIntervals = timeIntervals
    }

    mutating func read(_ root: AlertmanagerConfigurationNode) throws(Failure) { try read(root, parent: nil) }

    private mutating func read(_ node: AlertmanagerConfigurationNode, parent: Int?) throws(Failure) {
        let fields = try node.members([
            "receiver", "group_by", "match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals",
            "continue", "routes", "group_wait", "group_interval", "repeat_interval",
        ])
        let matchers = try AlertmanagerConfigurationNode.matchers(
            fields, list: "matchers", equal: "match", pattern: "match_re")
        let (groupBy, groupsByAll) = try Self.grouping(fields)
        let interval = try Self.interval(fields, "group_interval")
        let repetition = try Self.interval(fields, "repeat_interval")
        let receiver = try fields.text("receiver").flatMap { $0.isEmpty ? nil : $0 }
        let continues = try fields.flag("continue") ?? false
        if parent == nil { try checkRoot(node, fields, receiver, matchers, continues) }
        if let receiver, !receivers.contains(receiver) {
            throw (fields["receiver"] ?? node).failure("undefined receiver \(GoText.quoted(receiver)) used in route")
        }
        let above = parent.map { routes[$0] }
        let own = MatcherText.text(matchers)
        let index = routes.count
        routes.append(
            AlertRoute(
                parent: parent, receiver: receiver ?? above?.receiver ?? "", matchers: matchers, continues: continues,
                groupBy: groupBy ?? (groupsByAll ? [] : above?.groupBy ?? []),
                groupsByAll: groupBy == nil && (groupsByAll || above?.groupsByAll ?? false),
                groupWait: try fields.duration("group_wait") ?? above?.groupWait ?? 30_000,
                groupInterval: interval ?? above?.groupInterval ?? 300_000,
                repeatInterval: repetition ?? above?.repeatInterval ?? 14_400_000,
                muteTimeIntervals: try intervals(fields, "mute_time_intervals"),
                activeTimeIntervals: try intervals(fields, "active_time_intervals"),
                key: above.map { $0.key + "/" + own } ?? own))
        if let parent { routes[parent].children.append(index) }
        for child in try fields.elements("routes", "config.Route") { try read(child, parent: index) }
    }

    private func checkRoot(
        _ node: AlertmanagerConfigurationNode, _ fields: AlertmanagerConfigurationNode.Members, _ receiver: String?,
        _ matchers: [LabelMatcher], _ continues: Bool
    ) throws(Failure) {
        if receiver == nil { throw node.failure("root route must specify a default receiver") }
        if !matchers.isEmpty {
            throw (fields["matchers"] ?? fields["match"] ?? fields["match_re"] ?? node)
                .failure("root route must not have any matchers")
        }
        if let muted = fields["mute_time_intervals"] {
            throw muted.failure("root route must not have any mute time intervals")
        }
        if let active = fields["active_time_intervals"] {
            throw active.failure("root route must not have any active time intervals")
        }
        if continues { throw (fields["continue"] ?? node).failure("cannot have continue in root route") }
    }

    /// The labels of `group_by`, nil if there are none; whether it is `...`.
    private static func grouping(_ fields: AlertmanagerConfigurationNode.Members) throws(Failure)
        -> (labels: [String]?, all: Bool)
    {
        var labels: [String] = []
        var all = false
        for node in try fields.elements("group_by", "string") {
            let name = try node.text()
            if name == "..." {
                all = true
                continue
            }
            guard MatcherText.isLabelName(name) else {
                throw node.failure("invalid label name \(GoText.quoted(name)) in group_by list")
            }
            if labels.contains(name) { throw node.failure("duplicated label \(GoText.quoted(name)) in group_by") }
            labels.append(name)
        }
        if all, !labels.isEmpty, let list = fields["group_by"] {
            throw list.failure("cannot have wildcard group_by (`...`) and other other labels at the same time")
        }
        return (labels.isEmpty ? nil : labels, all)
    }

    private static func interval(_ fields: AlertmanagerConfigurationNode.Members, _ name: String) throws(Failure)
        -> Int64?
    {
        guard let node = fields[name] else { return nil }
        let value = try node.duration()
        if value == 0 { throw node.failure("\(name) cannot be zero") }
        return value
    }

    private func intervals(_ fields: AlertmanagerConfigurationNode.Members, _ list: String) throws(Failure) -> [String]
    {
        var out: [String] = []
        for node in try fields.elements(list, "string") {
            let name = try node.text()
            guard timeIntervals.contains(name) else {
                throw node.failure("undefined time interval \(GoText.quoted(name)) used in route")
            }
            out.append(name)
        }
        return out
    }
}
