import PromQL
import Simulation

extension AdapterRegistry {
    /// Looks through the series that Prometheus has taken samples of lately, as the adapter does once a relist interval.
    /// - Parameters:
    ///   - now: milliseconds since the Unix epoch.
    ///   - window: how far back a sample may lie (`--metrics-max-age`), in milliseconds.
    public init(_ configuration: AdapterConfiguration, store: TimeSeriesStore, now: Int64, window: Int64) {
        var found: Set<SeriesID> = []
        for rule in configuration.rules + configuration.externalRules {
            found.formUnion(
                store.select(rule.matchers).filter { store.lastTime($0).map { $0 >= now - window } ?? false })
        }
        self.init(configuration, series: found.sorted().map(store.labels))
    }

    /// Whether there is a custom metric of this name for a kind; whether its objects lie in namespaces comes first.
    public func customMetric(_ name: String, of resource: GroupResource) -> CustomMetric? {
        [true, false].map { CustomMetric(resource: resource, isNamespaced: $0, name: name) }.first {
            custom[$0] != nil
        }
    }

    private static let version = 1

    /// Writes what was found; the rules are the configuration's.
    public func write(to writer: inout BinaryWriter) {
        writer.section("adapter-registry", version: Self.version)
        writer.writeVarint(UInt64(custom.count))
        for metric in customMetrics {
            writer.write(metric.resource.group)
            writer.write(metric.resource.resource)
            writer.write(metric.isNamespaced)
            writer.write(metric.name)
            custom[metric]?.write(to: &writer)
        }
        writer.writeVarint(UInt64(external.count))
        for name in externalMetrics {
            writer.write(name)
            external[name]?.write(to: &writer)
        }
    }

    /// Reads back what was found with the same configuration.
    public init(_ configuration: AdapterConfiguration, from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(configuration, series: [])
        try reader.section("adapter-registry", version: Self.version)
        for _ in 0..<(try reader.readCount()) {
            let resource = GroupResource(group: try reader.read(), resource: try reader.read())
            let metric = CustomMetric(resource: resource, isNamespaced: try reader.read(), name: try reader.read())
            custom[metric] = try Source(configuration.rules, from: &reader)
        }
        for _ in 0..<(try reader.readCount()) {
            let name: String = try reader.read()
            external[name] = try Source(configuration.externalRules, from: &reader)
        }
    }
}

extension AdapterRegistry.Source {
    fileprivate func write(to writer: inout BinaryWriter) {
        writer.write(series)
        writer.write(place)
    }

    fileprivate init(
        _ rules: [AdapterConfiguration.Rule], from reader: inout BinaryReader
    ) throws(BinaryDecodingError) {
        let series: String = try reader.read()
        let place: Int = try reader.read()
        guard rules.indices.contains(place) else { throw .malformed(what: "adapter rule", offset: reader.offset) }
        self.init(series: series, place: place, rule: rules[place])
    }
}
