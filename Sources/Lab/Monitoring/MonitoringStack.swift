import Monitoring
import PromQL
import Simulation

/// The observability stack of a world: Prometheus with what is on its way to it, and Alertmanager.
public struct MonitoringStack: Sendable {
    enum Event: Equatable {
        /// Something is due in Prometheus.
        case work
        /// Discovery tells what it has found, every five seconds at most (`discovery.Manager`).
        case discover
        /// The outcome of a scrape that took its time.
        case answer(UInt32)
        /// Prometheus reads what the operator has made of the monitors and rules.
        case reload
        /// prometheus-adapter looks through the series anew.
        case relist
        /// KEDA's informer tells of ScaledObjects that have changed.
        case observeScaledObjects
        /// KEDA looks at the triggers of a ScaledObject, by its number.
        case poll(UInt32)
    }

    /// A scrape whose answer is on its way, or will never come.
    struct Answer: Sendable {
        var scrape: PrometheusServer.Scrape
        var started: SimulationTime
        var comes: Bool
    }

    var queue = EventQueue<Event>()
    public internal(set) var prometheus: PrometheusServer
    public internal(set) var alertmanager: Alertmanager?
    /// What Alertmanager has sent, the newest last; the oldest are forgotten.
    public internal(set) var notifications: [AlertNotification] = []
    /// By number; ascending.
    var answers: [(number: UInt32, answer: Answer)] = []
    var nextAnswer: UInt32 = 0
    /// The count of changes of the objects that discovery looks at, when it looked last; no part of the state.
    var seenChanges: UInt64?
    /// Events handled since the world began.
    public internal(set) var events: UInt64 = 0
    /// What `Event.work` waits for.
    var timer = TimerHandle.none
    var timerTime: Int64?

    /// Nil in a world without one, like the two that follow.
    var monitors: MonitoringOperator?
    var adapter: MetricsAdapter?
    var scaling: ScaledObjectController?

    static let discoveryInterval: Duration = .seconds(5)
    /// From the operator's new configuration to a Prometheus that goes by it: the kubelet refreshes the mounted files
    /// once a minute, half a minute away on average, and the config reloader tells Prometheus at once.
    static let reloadDelay: Duration = .seconds(30)
    /// `--metrics-relist-interval` of prometheus-adapter.
    static let relistInterval: Duration = .minutes(1)
    static let maximumNotifications = 2_000
    static let alertmanagerURL = "http://alertmanager.monitoring:9093"

    /// When something is to be done next, in milliseconds since the Unix epoch.
    var nextDue: Int64? {
        let (first, second) = (prometheus.nextDue, alertmanager?.nextDue)
        guard let first, let second else { return first ?? second }
        return min(first, second)
    }

    /// Hands alerts on, and has sent what is due. Receivers take everything at once.
    mutating func notify(_ alerts: [PostableAlert], at now: Int64) {
        guard alertmanager != nil else { return }
        if !alerts.isEmpty { alertmanager?.receive(alerts, at: now) }
        for notification in alertmanager?.advance(to: now) ?? [] {
            alertmanager?.report(notification.id, .delivered, at: now)
            notifications.append(notification)
        }
        if notifications.count > Self.maximumNotifications + 200 {
            notifications.removeFirst(notifications.count - Self.maximumNotifications)
        }
    }

    init(_ description: MonitoringDescription, seed: UInt64, at now: Int64) {
        prometheus = PrometheusServer(
            description.configuration, ruleFiles: description.ruleFiles, spread: description.spread, seed: seed)
        alertmanager = description.routing.map { Alertmanager($0, externalURL: Self.alertmanagerURL, at: now) }
        if description.hasOperator { monitors = MonitoringOperator() }
        adapter = description.adapterConfiguration.map { MetricsAdapter($0) }
        if description.hasKEDA { scaling = ScaledObjectController() }
    }

    /// The answers that somebody still waits for; those of targets that are gone mean nothing any more.
    private var awaited: [(number: UInt32, answer: Answer)] {
        answers.filter { _, answer in
            prometheus.scrape(pool: answer.scrape.pool, target: answer.scrape.request.target.number) != nil
        }
    }
}

extension MonitoringStack {
    private static let version = 1

    func write(to writer: inout BinaryWriter) {
        writer.section("monitoring", version: Self.version)
        writer.write(queue)
        // A world without these writes what it always wrote.
        monitors?.write(to: &writer)
        adapter?.write(to: &writer)
        scaling?.write(to: &writer)
        prometheus.write(to: &writer)
        let answers = awaited
        writer.write(answers.count)
        for (number, answer) in answers {
            writer.write(number)
            writer.write(answer.scrape.pool)
            writer.write(answer.scrape.request.target.number)
            writer.write(answer.started)
            writer.write(answer.comes)
        }
        writer.write(nextAnswer)
        writer.write(events)
        writer.write(timer)
        writer.write(timerTime)
        writer.write(alertmanager)
        writer.write(notifications)
    }

    init(_ description: MonitoringDescription, from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("monitoring", version: Self.version)
        queue = try reader.read()
        if description.hasOperator { monitors = try MonitoringOperator(from: &reader) }
        adapter = try description.adapterConfiguration.map {
            configuration throws(BinaryDecodingError) in try MetricsAdapter(configuration, from: &reader)
        }
        if description.hasKEDA { scaling = try ScaledObjectController(from: &reader) }
        let operated = monitors?.operated(description)
        prometheus = try PrometheusServer(
            operated?.configuration ?? description.configuration,
            ruleFiles: operated?.ruleFiles ?? description.ruleFiles, spread: description.spread, from: &reader)
        let count: Int = try reader.read()
        guard count >= 0, count <= reader.remaining else { throw .truncated(offset: reader.offset) }
        for _ in 0..<count {
            let number: UInt32 = try reader.read()
            let (pool, target): (Int, Int) = (try reader.read(), try reader.read())
            guard let scrape = prometheus.scrape(pool: pool, target: target) else {
                throw .malformed(what: "scrape", offset: reader.offset)
            }
            answers.append((number, Answer(scrape: scrape, started: try reader.read(), comes: try reader.read())))
        }
        nextAnswer = try reader.read()
        events = try reader.read()
        timer = try reader.read()
        timerTime = try reader.read()
        alertmanager = try reader.read()
        notifications = try reader.read()
    }
}

extension MonitoringStack.Event: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        switch self {
        case .work: writer.writeByte(0)
        case .discover: writer.writeByte(1)
        case .answer(let number):
            writer.writeByte(2)
            writer.write(number)
        case .reload: writer.writeByte(3)
        case .relist: writer.writeByte(4)
        case .observeScaledObjects: writer.writeByte(5)
        case .poll(let number):
            writer.writeByte(6)
            writer.write(number)
        }
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .work
        case 1: self = .discover
        case 2: self = .answer(try reader.read())
        case 3: self = .reload
        case 4: self = .relist
        case 5: self = .observeScaledObjects
        case 6: self = .poll(try reader.read())
        default: throw .malformed(what: "monitoring event", offset: reader.offset)
        }
    }
}
