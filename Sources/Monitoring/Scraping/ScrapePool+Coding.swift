import PromQL
import Simulation

/// A pool in a snapshot. Its job is part of it: a restored world scrapes as it did, whatever the file says by then.
extension ScrapePool: BinaryCodable {
    private static let section = "scrapePool"
    private static let version = 1

    public func write(to writer: inout BinaryWriter) {
        writer.section(Self.section, version: Self.version)
        writer.write(configuration)
        writer.write(spreadsScrapes)
        writer.write(seed)
        writer.write(nextNumber)
        writer.writeVarint(UInt64(targets.count))
        for target in targets {
            writer.write(target.id.number)
            writer.write(labelSet: target.discoveredLabels)
            writer.write(labelSet: target.allLabels)
            writer.write(target.url)
            writer.write(target.interval)
            writer.write(target.timeout)
            writer.writeByte(target.health.rawValue)
            writer.write(target.lastError)
            writer.write(target.lastScrape)
            writer.write(target.lastScrapeDuration)
            writer.write(target.nextScrape)
            writer.write(target.started)
            target.loop.write(to: &writer)
        }
        writer.writeVarint(UInt64(droppedTargets.count))
        for target in droppedTargets { writer.write(labelSet: target.discoveredLabels) }
        writer.write(droppedCount)
        writer.write(failures)
        writer.write(limitError)
        writer.writeVarint(UInt64(ending.count))
        for end in ending {
            writer.write(labelSet: end.loop.labels.target)
            writer.write(end.loop.timeout)
            writer.write(end.markerTime)
            writer.write(end.due)
            end.loop.write(to: &writer)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section(Self.section, version: Self.version)
        let configuration: ScrapeConfiguration = try reader.read()
        let spreads: Bool = try reader.read()
        self.init(configuration, spreadsScrapes: spreads, seed: try reader.read())
        nextNumber = Int(try reader.readInstant())
        for _ in 0..<(try reader.readCount()) {
            let target = try Self.target(from: &reader, configuration)
            if let last = targets.last, target.id <= last.id {
                throw .malformed(what: "ScrapePool", offset: reader.offset)
            }
            targets.append(target)
        }
        for _ in 0..<(try reader.readCount()) {
            droppedTargets.append(DroppedTarget(discoveredLabels: try reader.readLabelSet()))
        }
        droppedCount = try reader.read()
        failures = try reader.read()
        limitError = try reader.read()
        for _ in 0..<(try reader.readCount()) {
            let labels = try reader.readLabelSet()
            let timeout: Int64 = try reader.read()
            let markerTime = try reader.readInstant()
            let due = try reader.readInstant()
            let loop = try ScrapeLoop(from: &reader, configuration, target: labels, timeout: timeout)
            ending.append(EndingLoop(loop: loop, markerTime: markerTime, due: due))
        }
    }

    private static func target(
        from reader: inout BinaryReader, _ configuration: ScrapeConfiguration
    ) throws(BinaryDecodingError) -> ScrapeTarget {
        let id = TargetID(try reader.read())
        let discovered = try reader.readLabelSet()
        let all = try reader.readLabelSet()
        let url: String = try reader.read()
        let interval: Int64 = try reader.read()
        let timeout: Int64 = try reader.read()
        guard interval > 0, interval < 1 << 44, timeout > 0,
            let health = TargetHealth(rawValue: try reader.readByte())
        else { throw .malformed(what: "ScrapeTarget", offset: reader.offset) }
        let lastError: String = try reader.read()
        let lastScrape = try reader.readOptionalInstant()
        let lastScrapeDuration: Double = try reader.read()
        let nextScrape = try reader.readInstant()
        let started = try reader.readOptionalInstant()
        let own = TargetLabels.exposed(all)
        let loop = try ScrapeLoop(from: &reader, configuration, target: own, timeout: timeout)
        var target = ScrapeTarget(
            id: id, discoveredLabels: discovered, allLabels: all, labels: own, url: url, interval: interval,
            timeout: timeout, nextScrape: nextScrape, loop: loop)
        target.health = health
        target.lastError = lastError
        target.lastScrape = lastScrape
        target.lastScrapeDuration = lastScrapeDuration
        target.started = started
        return target
    }
}
