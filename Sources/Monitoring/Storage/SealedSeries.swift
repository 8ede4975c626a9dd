import PromQL
import Simulation

/// The series of a store in a snapshot that keeps what is sealed beside itself: labels in groups of neighbouring series, full
/// chunks in groups of two hours by the time of their last sample, as the blocks of Prometheus' storage are.
///
/// A group is named by its content, so that the snapshots of weeks share all groups but the last ones. What is written in
/// place is the chunk that grows in each series.
enum SealedSeries {
    /// The time that a group of chunks covers, in milliseconds.
    static let window: Int64 = 2 * 60 * 60 * 1000
    /// Series whose labels lie together.
    static let neighbours = 64

    static func write(_ series: [SeriesState?], to writer: inout BinaryWriter) {
        writer.write(series.count)
        for first in stride(from: 0, to: series.count, by: neighbours) {
            writer.attach { part in
                for state in series[first..<min(series.count, first + neighbours)] {
                    part.write(state != nil)
                    if let state { StoredSeries.write(state.labels, to: &part) }
                }
            }
        }
        for case let state? in series { StoredSeries.writeGrowing(state, to: &writer) }
        var groups: [Int64: [(series: Int, chunk: SeriesState.Chunk)]] = [:]
        for (place, state) in series.enumerated() {
            for chunk in state?.chunks ?? [] {
                let (quotient, remainder) = chunk.lastTime.quotientAndRemainder(dividingBy: window)
                groups[remainder < 0 ? quotient - 1 : quotient, default: []].append((place, chunk))
            }
        }
        let windows = groups.keys.sorted()
        writer.write(windows.count)
        for window in windows {
            let group = groups[window] ?? []
            writer.attach { part in
                part.write(group.count)
                for (place, chunk) in group {
                    part.write(place)
                    StoredSeries.write(chunk, to: &part)
                }
            }
        }
    }

    static func read(_ reader: inout BinaryReader) throws(BinaryDecodingError) -> [SeriesState?] {
        let count: Int = try reader.read()
        // Each group has its name here, so that a count without them cannot claim memory.
        guard count >= 0, count / neighbours <= reader.remaining / 16 else {
            throw .malformed(what: "series", offset: reader.offset)
        }
        var labels: [Labels?] = []
        while labels.count < count {
            var part = try reader.readAttached()
            for _ in 0..<min(neighbours, count - labels.count) {
                let isThere: Bool = try part.read()
                labels.append(isThere ? try StoredSeries.readLabels(&part) : nil)
            }
        }
        var series: [SeriesState?] = []
        for labels in labels {
            guard let labels else {
                series.append(nil)
                continue
            }
            series.append(try StoredSeries.readGrowing(labels, [], &reader))
        }
        for _ in 0..<(try reader.count()) {
            var part = try reader.readAttached()
            for _ in 0..<(try part.count()) {
                let place: Int = try part.read()
                guard series.indices.contains(place), series[place] != nil else {
                    throw .malformed(what: "chunk", offset: part.offset)
                }
                series[place]?.chunks.append(try StoredSeries.readChunk(&part))
            }
        }
        return series
    }
}
