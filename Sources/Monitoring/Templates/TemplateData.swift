import PromQL

/// One row of a query's answer, as templates see it (`.Labels`, `.Value`).
public struct QuerySample: Sendable, Equatable {
    public var labels: Labels
    public var value: Double

    public init(labels: Labels, value: Double) {
        self.labels = labels
        self.value = value
    }
}

/// What an alert's templates are given: `.Labels`, `.Value`, `.ExternalLabels` and `.ExternalURL`, and what their
/// functions know.
public struct TemplateData: Sendable, Equatable {
    public var labels: Labels
    public var value: Double
    public var externalLabels: Labels
    public var externalURL: String
    /// Milliseconds since the Unix epoch, for `now`.
    public var now: Int64
    /// Whether the functions `externalURL` and `pathPrefix` have the address, as in a server. In `promtool test rules`
    /// only `.ExternalURL` has it, and the functions fail.
    public var functionsKnowURL: Bool

    public init(
        labels: Labels, value: Double, externalLabels: Labels = .empty, externalURL: String = "", now: Int64 = 0,
        functionsKnowURL: Bool = true
    ) {
        self.labels = labels
        self.value = value
        self.externalLabels = externalLabels
        self.externalURL = externalURL
        self.now = now
        self.functionsKnowURL = functionsKnowURL
    }
}
