import PromQL
import Simulation

extension Alertmanager: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("alertmanager", version: 1)
        writer.write(configuration)
        writer.write(externalURL)
        writer.write(startedAt)
        writer.write(alerts)
        writer.write(groups)
        writer.write(log)
        writer.write(silenceList)
        writer.write(outbox)
        writer.write(groupCount)
        writer.write(notificationCount)
        writer.write(silenceCount)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("alertmanager", version: 1)
        configuration = try reader.read()
        externalURL = try reader.read()
        startedAt = try reader.read()
        alerts = try reader.read()
        groups = try reader.read()
        log = try reader.read()
        silenceList = try reader.read()
        outbox = try reader.read()
        groupCount = try reader.read()
        notificationCount = try reader.read()
        silenceCount = try reader.read()
        let routes = configuration.routes.indices
        guard groups.allSatisfy({ routes.contains($0.route) }), groupCount < .max / 2, notificationCount < .max / 2,
            silenceCount < .max / 2
        else { throw .malformed(what: "groups of an alertmanager", offset: reader.offset) }
    }
}
