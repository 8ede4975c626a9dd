import ArgumentParser
import Lab
import Monitoring
import PromQL
import Simulation

/// `kubelab alerts`: what the lab's Prometheus would page somebody for now.
struct Alerts: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the alerts of the lab's Prometheus: pending, firing, and rules that cannot be evaluated.")

    @Flag(help: "List what Alertmanager has sent instead: when, to whom, about what.")
    var notifications = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let session = try global.open(for: .reading)
        guard let prometheus = session.world.monitoring?.prometheus else { throw Failure(PromQLCommand.noPrometheus) }
        if notifications { return try printNotifications(session) }
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
