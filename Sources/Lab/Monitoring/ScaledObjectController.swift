import ContainerRuntime
import KubernetesAPI
import Monitoring
import PromQL
import Simulation

/// KEDA in a world: what its operator remembers of each ScaledObject between two looks.
struct ScaledObjectController: Sendable {
    struct Record: Sendable, Equatable {
        var number: UInt32
        var uid: String
        var namespace: String
        var name: String
        /// Specification and annotations as they were acted on last, as text.
        var content = ""
        /// Milliseconds since the Unix epoch.
        var lastActive: Int64?
        /// Looks of the HPA that failed one after another, by the name of the metric.
        var failures: [String: Int] = [:]
        /// Of the target, when the object was seen first.
        var originalReplicas: Int?
        var target = ScaleTargetReference(apiVersion: "", kind: "", name: "")
        var restoresReplicas = false
        var poll = TimerHandle.none
    }

    /// In the order in which they were first seen.
    var records: [Record] = []
    private var nextNumber: UInt32 = 0

    init() {}

    func place(of number: UInt32) -> Int? { records.firstIndex { $0.number == number } }

    /// A record for an object that was not known.
    mutating func add(uid: String, namespace: String, name: String) -> Int {
        records.append(Record(number: nextNumber, uid: uid, namespace: namespace, name: name))
        nextNumber &+= 1
        return records.count - 1
    }

    /// The label by which KEDA's metrics server finds the object that a metric belongs to.
    static let nameLabel = "scaledobject.keda.sh/name"
    static let wasNotFound =
        "rpc error: code = Unknown desc = error when getting metric values no matching metrics found for "

    /// Answers a question of an HPA, and counts what fails. KEDA serves all of `external.metrics.k8s.io`.
    /// - Parameter objects: the ScaledObjects that can be read, with the replicas of their targets.
    mutating func reply(
        metric: String, namespace: String, selector: String, objects: [(object: ScaledObject, replicas: Int)],
        _ prometheus: PrometheusServer, now: Int64
    ) -> MetricReply {
        guard let name = (try? LabelQuery(parsing: selector))?.requiredValue(of: Self.nameLabel) else {
            return .failure("scaledObject name is not specified")
        }
        guard
            let place = records.firstIndex(where: { $0.namespace == namespace && $0.name == name }),
            let found = objects.first(where: { $0.object.namespace == namespace && $0.object.name == name }),
            let trigger = found.object.triggers.first(where: { $0.metricName == metric })
        else { return .failure(Self.wasNotFound + metric) }
        let reading = trigger.read(prometheus, now: now) ?? .failure(MetricsAPIError(Self.wasNotFound + metric))
        let failures: Int
        switch reading {
        case .success: failures = 0
        case .failure: failures = min((records[place].failures[metric] ?? 0) &+ 1, Int(Int32.max))
        }
        records[place].failures[metric] = failures
        do throws(MetricsAPIError) {
            let value = try found.object.metricValue(
                of: trigger, reading: reading, failures: failures, currentReplicas: found.replicas)
            return .values([("", value.milliValue)])
        } catch {
            return .failure(Self.wasNotFound + metric)
        }
    }
}

extension ScaleTrigger {
    /// One look at a trigger; nil for CPU and memory, which the HPA reads by itself.
    func read(_ prometheus: PrometheusServer, now: Int64) -> Result<TriggerReading, MetricsAPIError>? {
        switch source {
        case .resource: return nil
        case .cron(let trigger):
            do throws(MetricsAPIError) { return .success(try trigger.reading(at: now)) } catch {
                return .failure(error)
            }
        case .prometheus(let trigger):
            do throws(MetricsAPIError) {
                try Self.reach(trigger.serverAddress)
                return .success(try trigger.reading(try Self.answer(trigger.query, prometheus, now)))
            } catch {
                return .failure(error)
            }
        }
    }

    private static func answer(
        _ query: String, _ prometheus: PrometheusServer, _ now: Int64
    ) throws(MetricsAPIError) -> QueryValue {
        do throws(QueryError) {
            return try prometheus.engine.instant(query, in: prometheus.store, at: now).value
        } catch {
            throw MetricsAPIError("prometheus query api returned error. status: 400 response: \(error.description)")
        }
    }

    /// The lab has one Prometheus: the services `prometheus` and, as the operator makes it, `prometheus-operated` in the
    /// namespace `monitoring`, port 9090.
    private static func reach(_ address: String) throws(MetricsAPIError) {
        let rest = address.hasPrefix("http://") ? address.dropFirst("http://".count) : Substring(address)
        let host = rest.prefix { $0 != "/" }
        let names = ["prometheus", "prometheus-operated"].flatMap { name in
            ["", ".svc", ".svc.cluster.local"].map { "\(name).monitoring\($0):9090" }
        }
        if address.hasPrefix("http://"), names.contains(String(host)) { return }
        throw MetricsAPIError(
            "Get \(GoQuote.quote(address + "/api/v1/query")): no such Prometheus; the lab has "
                + "http://prometheus.monitoring:9090")
    }
}

extension ScaledObjectController: BinaryCodable {
    private static let version = 1

    func write(to writer: inout BinaryWriter) {
        writer.section("keda", version: Self.version)
        writer.write(nextNumber)
        writer.write(records)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("keda", version: Self.version)
        nextNumber = try reader.read()
        records = try reader.read()
    }
}

extension ScaledObjectController.Record: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(number)
        for text in [uid, namespace, name, content, target.apiVersion, target.kind, target.name] { writer.write(text) }
        writer.write(lastActive)
        let metrics = failures.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        writer.write(metrics)
        for metric in metrics { writer.write(failures[metric] ?? 0) }
        writer.write(originalReplicas)
        writer.write(restoresReplicas)
        writer.write(poll)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        number = try reader.read()
        uid = try reader.read()
        namespace = try reader.read()
        name = try reader.read()
        content = try reader.read()
        target = ScaleTargetReference(
            apiVersion: try reader.read(), kind: try reader.read(), name: try reader.read())
        lastActive = try reader.read()
        for metric in try reader.read([String].self) {
            let count: Int = try reader.read()
            failures[metric] = count
        }
        originalReplicas = try reader.read()
        restoresReplicas = try reader.read()
        poll = try reader.read()
    }
}
