import ArgumentParser
import KubernetesAPI
import Lab
import Monitoring
import PromQL
import Simulation

/// `kubelab alerts`: what the lab's Prometheus would page somebody for now.
struct Alerts: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the alerts of the lab's Prometheus: pending, firing, and rules that cannot be evaluated.",
        discussion: """
            With --rules, a file of rules is evaluated over everything that Prometheus has stored, and each alert that \
            would have come is listed: what the rules would have done, had they been there all the time.

              kubelab alerts --rules alerts.yaml
            """)

    @Flag(help: "List what Alertmanager has sent instead: when, to whom, about what.")
    var notifications = false

    @Option(help: "Say what these rules would have alerted of, from the beginning of the lab.", completion: .file())
    var rules: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let session = try global.open(for: .reading)
        guard let prometheus = session.world.monitoring?.prometheus else { throw Failure(PromQLCommand.noPrometheus) }
        if notifications { return try printNotifications(session) }
        if let rules { return try printBackfill(of: rules, prometheus, session.world) }
        if output.isJSON {
            let api = PrometheusAPI(prometheus, now: session.world.epochMilliseconds, configurationText: "")
            return Terminal.print(String(decoding: api.alerts.compactBytes, as: UTF8.self))
        }
        let now = session.world.epochMilliseconds
        var table = Table(["ALERT", "STATE", "FOR", "VALUE", "LABELS"])
        var count = 0
        for rule in prometheus.groups.flatMap(\.rules) where rule.description.isAlert {
            for alert in rule.alerts where alert.state != .inactive {
                count += 1
                let labels = alert.labels.pairs.filter { $0.name != "alertname" }.map { "\($0.name)=\($0.value)" }
                table.add([
                    rule.description.name, alert.state.text,
                    (SimulationTime.zero + .milliseconds(now - alert.activeAt)).clock,
                    GoFloat.general(alert.value), labels.joined(separator: " "),
                ])
            }
        }
        let broken = prometheus.groups.flatMap(\.rules).filter { $0.health == .err }
        if count == 0 {
            Terminal.print("No alert is pending or firing.")
        } else {
            for line in table.lines { Terminal.print(line) }
        }
        for rule in broken { Terminal.note("rule \(rule.description.name) cannot be evaluated: \(rule.lastError)") }
        if prometheus.groups.isEmpty { Terminal.note("Prometheus has no rules: the scenario says none.") }
        for remark in session.world.rejectedMonitors {
            Terminal.note("\(remark.object) is left out by the operator: \(remark.text)")
        }
    }

    private func printBackfill(of path: String, _ prometheus: PrometheusServer, _ world: World) throws {
        let file: RuleFile
        do { file = try RuleFile(String(decoding: try Files.bytes(path), as: UTF8.self)) } catch let error
            as RuleFile.Failure
        {
            throw Failure(error.texts.map { "\(path): \($0)" }.joined(separator: "\n"))
        }
        if let rule = file.groups.flatMap(\.rules).first(where: \.expression.mayLookAhead) {
            throw Failure(
                "\(path):\(rule.line): \(rule.name) looks at a fixed time or ahead ('@', a negative or computed offset), where a rule finds nothing"
            )
        }
        guard world.now > .zero else { throw Failure("no time has passed yet; 'kubelab advance 1h' lets it.") }
        let end = world.epochMilliseconds
        let start = end - world.now.nanoseconds / 1_000_000
        let backfill = RuleBackfill(
            [(name: path, file: file)], interval: prometheus.configuration.global.evaluationInterval,
            engine: prometheus.engine)
        let outcome = backfill.run(over: prometheus.store, from: start, through: end)
        func clock(_ time: Int64) -> String { (SimulationTime.zero + .milliseconds(time - start)).clock }
        if output.isJSON {
            let alerts = outcome.alerts.map { alert -> JSONValue in
                var object: JSONValue = [
                    "alert": .string(alert.rule), "activeAt": .integer(alert.activeAt),
                    "firedAt": alert.firedAt.map { .integer($0) } ?? .null,
                    "endedAt": alert.endedAt.map { .integer($0) } ?? .null,
                ]
                if case .object(var members) = object {
                    for pair in alert.labels.pairs where pair.name != "alertname" {
                        members["label_" + pair.name] = .string(pair.value)
                    }
                    object = .object(members)
                }
                return object
            }
            return Terminal.print(String(decoding: JSONValue.array(alerts).compactBytes, as: UTF8.self))
        }
        let fired = outcome.alerts.filter { $0.firedAt != nil }.sorted { ($0.firedAt ?? 0) < ($1.firedAt ?? 0) }
        var table = Table(["ALERT", "FIRED", "FOR", "LABELS"])
        for alert in fired {
            let labels = alert.labels.pairs.filter { $0.name != "alertname" }.map { "\($0.name)=\($0.value)" }
            let begin = alert.firedAt ?? 0
            table.add([
                alert.rule, clock(begin),
                alert.endedAt.map { (SimulationTime.zero + .milliseconds($0 - begin)).clock } ?? "still firing",
                labels.joined(separator: " "),
            ])
        }
        let pending = outcome.alerts.count - fired.count
        if fired.isEmpty {
            Terminal.print("No alert would have fired.")
        } else {
            for line in table.lines { Terminal.print(line) }
        }
        if pending > 0 { Terminal.note("Pending, and over before it fired: \(pending) more.") }
        for failure in outcome.failures {
            Terminal.note("rule \(failure.rule) cannot be evaluated at least once: \(failure.text)")
        }
    }

    private func printNotifications(_ session: LabSession) throws {
        guard let monitoring = session.world.monitoring, monitoring.alertmanager != nil else {
            throw Failure("this lab has no Alertmanager: its scenario says nothing of 'monitoring.alertmanager'")
        }
        if output.isJSON {
            let bodies = monitoring.notifications.map {
                String(
                    decoding: WebhookMessage.body($0, externalURL: monitoring.alertmanager?.externalURL ?? ""),
                    as: UTF8.self)
            }
            return Terminal.print("[" + bodies.joined(separator: ",\n") + "]")
        }
        guard !monitoring.notifications.isEmpty else { return Terminal.print("Alertmanager has sent nothing.") }
        let start = session.world.epochMilliseconds - session.now.nanoseconds / 1_000_000
        var table = Table(["TIME", "RECEIVER", "STATUS", "ALERTS", "GROUP"])
        for notification in monitoring.notifications {
            let time = SimulationTime.zero + .milliseconds(notification.at - start)
            let group = notification.groupLabels.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
            table.add([
                time.clock, notification.receiver, notification.isFiring ? "firing" : "resolved",
                "\(notification.alerts.count)", group,
            ])
        }
        for line in table.lines { Terminal.print(line) }
    }
}
