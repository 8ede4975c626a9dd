import KubernetesAPI
import PromQL

extension Alertmanager {
    /// `GET /api/v2/alerts`: what is not over, in order of the fingerprints.
    func alertsResponse(_ request: AlertmanagerRequest, at now: Int64) throws(AlertmanagerRefusal)
        -> AlertmanagerResponse
    {
        let view = try AlertView(request)
        let sources = inhibitingLabels(at: now)
        var out: [JSONValue] = []
        for (_, alert) in alerts.sorted(by: { $0.key < $1.key }) {
            let receivers = configuration.routes(for: alert.labels).map { configuration.routes[$0].receiver }
            guard view.receiver.map({ receivers.contains(where: $0.matches) }) ?? true,
                let shown = json(alert, receivers, view, sources, at: now)
            else { continue }
            out.append(shown)
        }
        return .json(.array(out))
    }

    /// `GET /api/v2/alerts/groups`: groups that have something to show, in order of their labels.
    func groupsResponse(_ request: AlertmanagerRequest, at now: Int64) throws(AlertmanagerRefusal)
        -> AlertmanagerResponse
    {
        let view = try AlertView(request)
        let sources = inhibitingLabels(at: now)
        var found: [(labels: Labels, receiver: String, alerts: [JSONValue])] = []
        for group in groups {
            let receiver = configuration.routes[group.route].receiver
            guard view.receiver?.matches(receiver) ?? true else { continue }
            let shown = group.alerts.values.sorted(by: HeldAlert.precedes).compactMap { alert in
                let names = Set(
                    configuration.routes(for: alert.labels).map { configuration.routes[$0].receiver })
                return json(alert, names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, view, sources, at: now)
            }
            if !shown.isEmpty { found.append((group.labels, receiver, shown)) }
        }
        let sorted = found.enumerated().sorted { a, b in
            let order = Self.compare(a.element.labels, b.element.labels)
            if order != 0 { return order < 0 }
            if a.element.receiver != b.element.receiver {
                return a.element.receiver.utf8.lexicographicallyPrecedes(b.element.receiver.utf8)
            }
            return a.offset < b.offset
        }
        return .json(
            .array(
                sorted.map { _, group in
                    .members([
                        ("alerts", .array(group.alerts)), ("labels", .labels(group.labels)),
                        ("receiver", .members([("name", .string(group.receiver))])),
                    ])
                }))
    }

    /// Fewer labels first, then name by name.
    private static func compare(_ a: Labels, _ b: Labels) -> Int {
        a.count == b.count ? Labels.compare(a, b) : a.count - b.count
    }

    /// An alert as the API shows it; nil if it is over or the request does not ask for it.
    private func json(
        _ alert: HeldAlert, _ receivers: [String], _ view: AlertView,
        _ sources: [[(fingerprint: LabelFingerprint, labels: Labels)]], at now: Int64
    ) -> JSONValue? {
        guard alert.endsAt >= now, view.filter.allMatch(alert.labels) else { return nil }
        let silencedBy = silences.filter { $0.state(at: now) == .active && $0.matches(alert.labels) }.map(\.id).sorted()
        let inhibitedBy = inhibitors(of: alert.labels, among: sources).map(\.description)
        let isActive = silencedBy.isEmpty && inhibitedBy.isEmpty
        if isActive, !view.active { return nil }
        if !silencedBy.isEmpty, !view.silenced { return nil }
        if !inhibitedBy.isEmpty, !view.inhibited { return nil }
        var members: [(String, JSONValue)] = [
            ("annotations", .labels(alert.annotations)), ("endsAt", .string(CivilDate.milliText(alert.endsAt))),
            ("fingerprint", .string(alert.fingerprint.description)),
            ("receivers", .array(receivers.map { .members([("name", .string($0))]) })),
            ("startsAt", .string(CivilDate.milliText(alert.startsAt))),
            (
                "status",
                .members([
                    ("inhibitedBy", .array(inhibitedBy.map(JSONValue.string))),
                    ("silencedBy", .array(silencedBy.map(JSONValue.string))),
                    ("state", isActive ? "active" : "suppressed"),
                ])
            ),
            ("updatedAt", .string(CivilDate.milliText(alert.updatedAt))),
        ]
        if !alert.generatorURL.isEmpty { members.append(("generatorURL", .string(alert.generatorURL))) }
        members.append(("labels", .labels(alert.labels)))
        return .members(members)
    }
}

/// What a request for alerts asks to see.
private struct AlertView {
    let active: Bool
    let silenced: Bool
    let inhibited: Bool
    let filter: [LabelMatcher]
    /// A pattern of the whole name of a receiver.
    let receiver: LabelMatcher?

    init(_ request: AlertmanagerRequest) throws(AlertmanagerRefusal) {
        func flag(_ name: String) throws(AlertmanagerRefusal) -> Bool {
            guard let text = request.values(name).last, !text.isEmpty else { return true }
            // The words that go-openapi takes for true and false.
            let known = ["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"]
            if known.contains(text.lowercased()) { return true }
            if ["false", "0", "no", "n", "off", "f", "disabled"].contains(text.lowercased()) { return false }
            throw .init(
                response: .invalid(
                    422, code: 601, "\(name) in query must be of type boolean: \(GoText.quoted(text))"))
        }
        active = try flag("active")
        silenced = try flag("silenced")
        inhibited = try flag("inhibited")
        _ = try flag("unprocessed")
        filter = try Alertmanager.filter(request)
        guard let pattern = request.values("receiver").last, !pattern.isEmpty else {
            receiver = nil
            return
        }
        do {
            receiver = try MatcherText.matcher("receiver", .matches, pattern)
        } catch {
            throw .text(400, "failed to parse receiver param: \(error.description)")
        }
    }
}
