/// One service level objective, whatever document it was written in: how bad events are told from all, and how many of
/// them are allowed over a period.
public struct ServiceLevelObjective: Sendable, Equatable {
    public enum Indicator: Sendable, Equatable {
        /// Queries with `{{.window}}` in their ranges: bad events and all events a second.
        case events(bad: String, total: String)
        /// A query with `{{.window}}`: the share of bad events itself.
        case ratio(String)
    }

    public struct AlertSettings: Sendable, Equatable {
        public var isDisabled = false
        public var labels: [(name: String, value: String)] = []
        public var annotations: [(name: String, value: String)] = []

        public static func == (left: Self, right: Self) -> Bool {
            left.isDisabled == right.isDisabled && left.labels.elementsEqual(right.labels, by: ==)
                && left.annotations.elementsEqual(right.annotations, by: ==)
        }
    }

    public var service: String
    public var name: String
    /// In percent, below 100.
    public var objective: Double
    /// The period of the budget, in days.
    public var days: Int
    public var indicator: Indicator
    public var labels: [(name: String, value: String)]
    /// Empty for an objective without alerts.
    public var alertName: String
    public var page: AlertSettings
    public var ticket: AlertSettings
    /// Where it stands in its document.
    public var line: Int

    /// An objective over 30 days that was written in no document: without labels and alerts.
    /// - Parameter objective: in percent, below 100.
    public init(service: String, name: String, objective: Double, indicator: Indicator) {
        self.init(
            service: service, name: name, objective: objective, days: 30, indicator: indicator, labels: [],
            alertName: "", page: AlertSettings(), ticket: AlertSettings(), line: 0)
    }

    init(
        service: String, name: String, objective: Double, days: Int, indicator: Indicator,
        labels: [(name: String, value: String)], alertName: String, page: AlertSettings, ticket: AlertSettings,
        line: Int
    ) {
        self.service = service
        self.name = name
        self.objective = objective
        self.days = days
        self.indicator = indicator
        self.labels = labels
        self.alertName = alertName
        self.page = page
        self.ticket = ticket
        self.line = line
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.service == right.service && left.name == right.name && left.objective == right.objective
            && left.days == right.days && left.indicator == right.indicator && left.alertName == right.alertName
            && left.page == right.page && left.ticket == right.ticket
            && left.labels.elementsEqual(right.labels, by: ==)
    }

    /// The share of events that may be bad.
    public var budget: Double { (100 - objective) / 100 }
    public var id: String { service + "-" + name }
}

/// Two windows, the shorter a twelfth of the longer or so, and how fast the budget must burn in both: chapter 5 of the SRE
/// workbook.
public struct BurnRateWindow: Sendable, Equatable {
    public enum Severity: String, Sendable { case page, ticket }

    public var severity: Severity
    /// Minutes.
    public var short: Int
    public var long: Int
    /// Percent of the budget that is spent when the long window is full.
    public var budgetPercent: Double

    /// Times the rate at which the budget lasts exactly its period.
    public func factor(days: Int) -> Double { budgetPercent / 100 * Double(days * 24 * 60) / Double(long) }

    /// Sloth's: 2% in an hour and 5% in six page, 10% in a day and 10% in three days are a ticket.
    public static let usual = [
        BurnRateWindow(severity: .page, short: 5, long: 60, budgetPercent: 2),
        BurnRateWindow(severity: .page, short: 30, long: 360, budgetPercent: 5),
        BurnRateWindow(severity: .ticket, short: 120, long: 1_440, budgetPercent: 10),
        BurnRateWindow(severity: .ticket, short: 360, long: 4_320, budgetPercent: 10),
    ]
}
