import KubernetesAPI
import PromQL

extension ScaleTrigger {
    /// Reads one entry of `triggers`.
    init(_ row: JSONValue, index: Int) throws(MetricsAPIError) {
        let type = row["type"]?.string ?? ""
        var metadata: [String: String] = [:]
        // KEDA wants texts; numbers without quotes are refused by its schema.
        for (key, value) in row["metadata"]?.object ?? [:] { metadata[key] = value.string }
        switch type {
        case "prometheus": try self.init(prometheus: metadata, row, index)
        case "cron": try self.init(cron: metadata, row, index)
        case "cpu", "memory": try self.init(resource: type, metadata, row)
        default:
            throw MetricsAPIError("no scaler found for type: \(type); a lab has prometheus, cron, cpu and memory")
        }
    }

    private static func required(
        _ metadata: [String: String], _ name: String, _ type: String
    ) throws(MetricsAPIError) -> String {
        guard let value = metadata[name], !value.isEmpty else {
            throw MetricsAPIError(
                "error parsing \(type) metadata: missing required parameter \(GoQuote.quote(name)) in [triggerMetadata]"
            )
        }
        return value
    }

    private static func number(
        _ text: String, _ name: String, _ type: String
    ) throws(MetricsAPIError) -> Double {
        guard let number = GoFloat.parse(text), number.isFinite else {
            throw MetricsAPIError(
                "error parsing \(type) metadata: unable to set param \(GoQuote.quote(name)) value "
                    + "\(GoQuote.quote(text)): unable to unmarshal to field type float64")
        }
        return number
    }

    private static func metricType(_ row: JSONValue) throws(MetricsAPIError) -> String {
        switch row["metricType"]?.string ?? "" {
        case "", "AverageValue": return "AverageValue"
        case "Value": return "Value"
        case "Utilization":
            throw MetricsAPIError("metric type Utilization is allowed only for cpu and memory triggers")
        case let other:
            throw MetricsAPIError("unknown metric type: \(other), allowed values are 'Value' or 'AverageValue'")
        }
    }

    private static func target(_ type: String, _ value: Quantity) -> MetricTarget {
        var target = MetricTarget()
        target.type = type
        if type == "Value" { target.value = value } else { target.averageValue = value }
        return target
    }

    private init(
        prometheus metadata: [String: String], _ row: JSONValue, _ index: Int
    ) throws(MetricsAPIError) {
        let type = "prometheus"
        let threshold = try Self.number(Self.required(metadata, "threshold", type), "threshold", type)
        source = .prometheus(
            PrometheusTrigger(
                serverAddress: try Self.required(metadata, "serverAddress", type),
                query: try Self.required(metadata, "query", type), threshold: threshold,
                activationThreshold: try Self.number(
                    metadata["activationThreshold"] ?? "0", "activationThreshold", type),
                ignoreNullValues: metadata["ignoreNullValues"]?.lowercased() != "false"))
        metricType = try Self.metricType(row)
        metricName = "s\(index)-prometheus"
        target = Self.target(metricType, AdapterRegistry.quantity(threshold))
    }

    private init(cron metadata: [String: String], _ row: JSONValue, _ index: Int) throws(MetricsAPIError) {
        let timezone = try Self.required(metadata, "timezone", "cron")
        let start = try Self.required(metadata, "start", "cron")
        let end = try Self.required(metadata, "end", "cron")
        let desired = try Self.required(metadata, "desiredReplicas", "cron")
        guard let replicas = Int(desired), replicas >= 0 else {
            throw MetricsAPIError(
                "error parsing cron metadata: unable to set param \"desiredReplicas\" value "
                    + GoQuote.quote(desired))
        }
        if start == end {
            throw MetricsAPIError("error parsing cron metadata: start and end can not have exactly same time input")
        }
        func schedule(_ name: String, _ text: String) throws(MetricsAPIError) -> CronExpression {
            do throws(MetricsAPIError) {
                return try CronExpression(text)
            } catch {
                throw MetricsAPIError("error parsing cron metadata: error parsing \(name) schedule: \(error)")
            }
        }
        source = .cron(
            CronTrigger(
                timezone: timezone, start: start, end: end, desiredReplicas: replicas,
                startSchedule: try schedule("start", start), endSchedule: try schedule("end", end)))
        metricType = try Self.metricType(row)
        metricName =
            "s\(index)-" + Self.normalised("cron-\(timezone)-\(Self.shortened(start))-\(Self.shortened(end))")
        target = Self.target(metricType, Quantity(1))
    }

    private init(resource name: String, _ metadata: [String: String], _ row: JSONValue) throws(MetricsAPIError) {
        let value = try Self.required(metadata, "value", name)
        source = .resource(name: name, container: metadata["containerName"].flatMap { $0.isEmpty ? nil : $0 })
        metricName = ""
        let type = row["metricType"]?.string ?? metadata["type"] ?? ""
        metricType = type
        target = MetricTarget()
        target.type = type
        switch type {
        case "Utilization":
            guard let percent = Int32(value) else {
                throw MetricsAPIError("error parsing \(name) metadata: value \(GoQuote.quote(value)) is no integer")
            }
            target.averageUtilization = percent
        case "AverageValue":
            do throws(QuantityError) {
                target.averageValue = try Quantity(parsing: value)
            } catch {
                throw MetricsAPIError("error parsing \(name) metadata: \(error)")
            }
        default:
            throw MetricsAPIError(
                "unsupported metric type, allowed values are 'Utilization' or 'AverageValue'")
        }
    }

    /// A schedule as part of a metric's name.
    private static func shortened(_ schedule: String) -> String {
        schedule.replacing(" ", with: "").replacing("*", with: "x").replacing("/", with: "Sl")
            .replacing("?", with: "Qm")
    }

    private static func normalised(_ name: String) -> String {
        String(name.map { "/.:%()".contains($0) ? "-" : $0 })
    }
}
