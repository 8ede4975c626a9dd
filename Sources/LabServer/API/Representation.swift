/// The form in which a client wants an answer, from its `Accept` header
/// (`k8s.io/apiserver/pkg/endpoints/handlers/negotiation`).
enum Representation: Sendable, Equatable {
    case json
    case protobuf
    case yaml
    /// A Table with its rows' objects: their metadata, the whole object, or nothing.
    case table
    /// `PartialObjectMetadata`, alone or in a list.
    case metadata
    /// `APIGroupDiscoveryList` in one document, for discovery alone.
    case aggregatedDiscovery

    /// The first form in the client's order that there is.
    /// - Returns: nil if there is none (406).
    static func negotiated(_ accept: [String], aggregates: Bool = false) -> Representation? {
        let ranges = accept.flatMap { $0.split(separator: ",") }.map(MediaRange.init)
        guard !ranges.isEmpty else { return .json }
        // A quality is taken into account only to leave out what is not wanted at all.
        for range in ranges where range.quality > 0 {
            switch (range.type, range.parameters["as"]) {
            case ("application/json", "APIGroupDiscoveryList"?)
            where aggregates && range.parameters["v"] == "v2": return .aggregatedDiscovery
            case ("application/json", "Table"?) where range.parameters["g"] == "meta.k8s.io": return .table
            case ("application/json", "PartialObjectMetadata"?), ("application/json", "PartialObjectMetadataList"?):
                return .metadata
            case (_, _?): continue
            case ("application/vnd.kubernetes.protobuf", nil): return .protobuf
            case ("application/yaml", nil): return .yaml
            case ("application/json", nil), ("*/*", nil), ("application/*", nil): return .json
            default: continue
            }
        }
        return nil
    }
}

/// One range of an `Accept` header.
private struct MediaRange {
    var type: String
    var parameters: [String: String] = [:]
    var quality = 1.0

    init(_ text: Substring) {
        let parts = text.split(separator: ";").map { $0.trimmingSpaces }
        type = (parts.first ?? "").lowercased()
        for part in parts.dropFirst() {
            let sides = part.split(separator: "=", maxSplits: 1).map { Substring($0).trimmingSpaces }
            guard sides.count == 2 else { continue }
            if sides[0] == "q" { quality = Double(sides[1]) ?? 1 } else { parameters[sides[0]] = sides[1] }
        }
    }
}

extension Substring {
    /// The text without spaces at its ends.
    var trimmingSpaces: String {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
