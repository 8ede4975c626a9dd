import KubernetesAPI
import Simulation

/// Records of events, rendered as the objects of the core API.
extension ClusterContext {
    /// An Event as the core API shows it.
    func object(of record: EventLog.Record) -> Event {
        var event = Event()
        event.metadata.name = "\(record.name).\(Self.hexadecimal(record.number))"
        event.metadata.namespace = record.namespace.isEmpty ? "default" : record.namespace
        event.metadata.uid = record.uid + "-\(record.number)"
        event.metadata.creationTimestamp = wallTime(at: record.first)
        event.metadata.resourceVersion = "\(record.revision)"
        let resource = record.kind.type.resource
        event.involvedObject.kind = resource.kind
        event.involvedObject.apiVersion = resource.apiVersion
        event.involvedObject.namespace = record.namespace
        event.involvedObject.name = record.name
        event.involvedObject.uid = record.uid
        event.involvedObject.fieldPath = record.fieldPath
        event.reason = record.reason
        event.message = record.message
        event.type = record.type == .normal ? "Normal" : "Warning"
        event.count = record.count
        event.firstTimestamp = wallTime(at: record.first)
        event.lastTimestamp = wallTime(at: record.last)
        var source = EventSource()
        source.component = record.source.component
        source.host = record.host
        event.source = source
        event.reportingComponent = record.source.component
        event.reportingInstance = record.host
        return event
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }
}
