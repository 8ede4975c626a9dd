import PromQL
import Simulation

extension KubernetesRole: BinaryCodable {}

extension Relabelling: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(steps) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { self.init(try reader.read()) }
}

extension ScrapeLimits: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write([
            bodySize, samples, targets, labels, labelNameLength, labelValueLength, keptDroppedTargets,
        ])
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let numbers: [Int] = try reader.read()
        guard numbers.count == 7, numbers.allSatisfy({ $0 >= 0 }) else {
            throw .malformed(what: "ScrapeLimits", offset: reader.offset)
        }
        self.init()
        bodySize = numbers[0]
        samples = numbers[1]
        targets = numbers[2]
        labels = numbers[3]
        labelNameLength = numbers[4]
        labelValueLength = numbers[5]
        keptDroppedTargets = numbers[6]
    }
}

extension KubernetesDiscoveryConfiguration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(role)
        writer.write(namespaces)
        writer.write(ownNamespace)
        writer.writeVarint(UInt64(selectors.count))
        for selector in selectors {
            writer.write(selector.role)
            writer.write(selector.label)
            writer.write(selector.field)
        }
        writer.write(attachNode)
        writer.write(attachNamespace)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(role: try reader.read())
        namespaces = try reader.read()
        ownNamespace = try reader.read()
        for _ in 0..<(try reader.readCount()) {
            selectors.append(
                Selector(role: try reader.read(), label: try reader.read(), field: try reader.read()))
        }
        attachNode = try reader.read()
        attachNamespace = try reader.read()
    }
}

extension StaticDiscoveryConfiguration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(targets)
        writer.write(labelSet: labels)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(targets: try reader.read(), labels: try reader.readLabelSet())
    }
}

extension DiscoveryConfiguration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(statics)
        writer.write(kubernetes)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        statics = try reader.read()
        kubernetes = try reader.read()
    }
}

extension ScrapeConfiguration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(jobName)
        writer.write(scrapeInterval)
        writer.write(scrapeTimeout)
        writer.write(metricsPath)
        writer.write(scheme)
        writer.writeVarint(UInt64(parameters.count))
        for parameter in parameters {
            writer.write(parameter.name)
            writer.write(parameter.values)
        }
        writer.write(honorLabels)
        writer.write(honorTimestamps)
        writer.write(trackTimestampsStaleness)
        writer.write(fallbackProtocol)
        writer.write(limits)
        writer.write(extraScrapeMetrics)
        writer.write(discovery)
        writer.write(relabelling)
        writer.write(metricRelabelling)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(jobName: try reader.read())
        scrapeInterval = try reader.read()
        scrapeTimeout = try reader.read()
        metricsPath = try reader.read()
        scheme = try reader.read()
        for _ in 0..<(try reader.readCount()) {
            parameters.append(Parameter(try reader.read(), try reader.read()))
        }
        honorLabels = try reader.read()
        honorTimestamps = try reader.read()
        trackTimestampsStaleness = try reader.read()
        fallbackProtocol = try reader.read()
        limits = try reader.read()
        extraScrapeMetrics = try reader.read()
        discovery = try reader.read()
        relabelling = try reader.read()
        metricRelabelling = try reader.read()
    }
}
