import Lab
import Monitoring
import OpenTelemetry
import Simulation

/// A policy of the Collector's `tail_sampling` processor, in its words. A trace is kept if any policy wants it.
///
/// Of the processor's types there are those that a decision about a single trace needs: always_sample, latency,
/// numeric_attribute, probabilistic, status_code, string_attribute, boolean_attribute, span_count and and.
struct SamplingPolicy: Sendable, Decodable {
    indirect enum Rule: Sendable {
        case always
        /// Milliseconds from the first begin to the last end: at least so many, or more than so many and at most others.
        case latency(threshold: Double, upper: Double)
        case numeric(key: String, least: Double, most: Double)
        case boolean(key: String, value: Bool)
        /// The share of identifiers, 0 to 1, and the salt of their hash.
        case probabilistic(share: Double, salt: String)
        case status([String])
        case string(key: String, values: [String], invert: Bool)
        case spans(least: Int, most: Int)
        case all([Rule])
    }

    var name: String
    var rule: Rule

    static let types = [
        "always_sample", "latency", "numeric_attribute", "probabilistic", "status_code", "string_attribute",
        "boolean_attribute", "span_count", "and",
    ]

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Latency: Decodable {
        var threshold: Double
        var upper: Double
        enum CodingKeys: String, CodingKey, CaseIterable {
            case threshold = "threshold_ms"
            case upper = "upper_threshold_ms"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            threshold = try container.decode(Double.self, forKey: .threshold)
            upper = try container.decodeIfPresent(Double.self, forKey: .upper) ?? 0
            try container.require(threshold >= 0, .threshold, "must be 0 or more")
            try container.require(
                upper == 0 || upper > threshold, .upper, "must be above threshold_ms, or 0 for no upper one")
        }
    }

    private struct Numeric: Decodable {
        var key: String
        var least: Double
        var most: Double
        enum CodingKeys: String, CodingKey, CaseIterable {
            case key
            case least = "min_value"
            case most = "max_value"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            key = try container.decode(String.self, forKey: .key)
            least = try container.decodeIfPresent(Double.self, forKey: .least) ?? -.greatestFiniteMagnitude
            most = try container.decodeIfPresent(Double.self, forKey: .most) ?? .greatestFiniteMagnitude
            try container.require(least <= most, .most, "must not be below min_value")
        }
    }

    private struct Boolean: Decodable {
        var key: String
        var value: Bool
        enum CodingKeys: String, CodingKey, CaseIterable { case key, value }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            key = try container.decode(String.self, forKey: .key)
            value = try container.decode(Bool.self, forKey: .value)
        }
    }

    private struct Probabilistic: Decodable {
        var percentage: Double
        var salt: String
        enum CodingKeys: String, CodingKey, CaseIterable {
            case percentage = "sampling_percentage"
            case salt = "hash_salt"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            percentage = try container.decode(Double.self, forKey: .percentage)
            salt = try container.decodeIfPresent(String.self, forKey: .salt) ?? ""
            try container.require(
                percentage >= 0 && percentage <= 100, .percentage, "is a percentage, 0 to 100; 1 keeps one in a hundred"
            )
        }
    }

    private struct Status: Decodable {
        var codes: [String]
        enum CodingKeys: String, CodingKey, CaseIterable { case codes = "status_codes" }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            codes = try container.decode([String].self, forKey: .codes)
            try container.require(!codes.isEmpty, .codes, "at least one of OK, ERROR and UNSET")
            if let unknown = codes.first(where: { !["OK", "ERROR", "UNSET"].contains($0) }) {
                try container.require(false, .codes, "has no '\(unknown)'; there are OK, ERROR and UNSET")
            }
        }
    }

    private struct Text: Decodable {
        var key: String
        var values: [String]
        var invert: Bool
        enum CodingKeys: String, CodingKey, CaseIterable {
            case key, values
            case invert = "invert_match"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            key = try container.decode(String.self, forKey: .key)
            values = try container.decode([String].self, forKey: .values)
            invert = try container.decodeIfPresent(Bool.self, forKey: .invert) ?? false
            try container.require(!values.isEmpty, .values, "at least one value")
        }
    }

    private struct Count: Decodable {
        var least: Int
        var most: Int
        enum CodingKeys: String, CodingKey, CaseIterable {
            case least = "min_spans"
            case most = "max_spans"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            least = try container.decode(Int.self, forKey: .least)
            most = try container.decodeIfPresent(Int.self, forKey: .most) ?? 0
            try container.require(most == 0 || most >= least, .most, "must not be below min_spans, or 0 for any number")
        }
    }

    private struct And: Decodable {
        var policies: [SamplingPolicy]
        enum CodingKeys: String, CodingKey, CaseIterable { case policies = "and_sub_policy" }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            policies = try container.decode([SamplingPolicy].self, forKey: .policies)
            try container.require((1...10).contains(policies.count), .policies, "must be 1 to 10")
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        name = try container.decode(String.self, forKey: Key(stringValue: "name"))
        let type = try container.decode(String.self, forKey: Key(stringValue: "type"))
        func refuse(_ key: String, _ text: String) -> DecodingError {
            DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath + [Key(stringValue: key)], debugDescription: text))
        }
        guard Self.types.contains(type) else {
            throw refuse("type", "has no '\(type)'; there are \(Self.types.joined(separator: ", "))")
        }
        // The settings stand under the type's own name, as in the Collector; what stands under another's is a mistake.
        let known = ["name", "type", type]
        if let other = container.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) {
            throw refuse(other, "does not belong to a policy of type \(type), which has its settings under '\(type)'")
        }
        let key = Key(stringValue: type)
        if type != "always_sample", !container.contains(key) {
            throw refuse(type, "is missing: a policy of type \(type) has its settings there")
        }
        switch type {
        case "latency":
            let settings = try container.decode(Latency.self, forKey: key)
            rule = .latency(threshold: settings.threshold, upper: settings.upper)
        case "numeric_attribute":
            let settings = try container.decode(Numeric.self, forKey: key)
            rule = .numeric(key: settings.key, least: settings.least, most: settings.most)
        case "boolean_attribute":
            let settings = try container.decode(Boolean.self, forKey: key)
            rule = .boolean(key: settings.key, value: settings.value)
        case "probabilistic":
            let settings = try container.decode(Probabilistic.self, forKey: key)
            rule = .probabilistic(share: settings.percentage / 100, salt: settings.salt)
        case "status_code": rule = .status(try container.decode(Status.self, forKey: key).codes)
        case "string_attribute":
            let settings = try container.decode(Text.self, forKey: key)
            rule = .string(key: settings.key, values: settings.values, invert: settings.invert)
        case "span_count":
            let settings = try container.decode(Count.self, forKey: key)
            rule = .spans(least: settings.least, most: settings.most)
        case "and": rule = .all(try container.decode(And.self, forKey: key).policies.map(\.rule))
        default: rule = .always
        }
    }
}

extension SamplingPolicy.Rule {
    /// Whether a policy wants a trace of which these spans have arrived.
    func wants(_ spans: ArraySlice<StoredSpan>, of id: TraceID) -> Bool {
        switch self {
        case .always: return true
        case .latency(let threshold, let upper):
            let begin = spans.map(\.span.startTimeUnixNano).min() ?? 0
            let end = spans.map(\.span.endTimeUnixNano).max() ?? begin
            // The Collector compares whole milliseconds.
            let length = Double((max(end, begin) - begin) / 1_000_000)
            return upper == 0 ? length >= threshold : length > threshold && length <= upper
        case .numeric(let key, let least, let most):
            // Numbers with a fraction are none for this policy.
            return spans.contains { span in
                Self.attributes(span, key).contains { value in
                    if case .int(let number) = value {
                        Double(number) >= least && Double(number) <= most
                    } else {
                        false
                    }
                }
            }
        case .boolean(let key, let wanted):
            return spans.contains { Self.attributes($0, key).contains(.bool(wanted)) }
        case .probabilistic(let share, let salt):
            return Self.isBelow(share, id, salt: salt.isEmpty ? Self.defaultSalt : salt)
        case .status(let codes):
            return spans.contains { span in
                switch span.span.status.code {
                case .unset: codes.contains("UNSET")
                case .ok: codes.contains("OK")
                case .error: codes.contains("ERROR")
                }
            }
        case .string(let key, let values, let invert):
            let matches = spans.contains { span in
                Self.attributes(span, key).contains { value in
                    if case .string(let text) = value { values.contains(text) } else { false }
                }
            }
            return matches != invert
        case .spans(let least, let most): return spans.count >= least && (most == 0 || spans.count <= most)
        case .all(let rules): return rules.allSatisfy { $0.wants(spans, of: id) }
        }
    }

    /// The attribute of a span's resource and of the span itself.
    private static func attributes(_ span: StoredSpan, _ key: String) -> [AttributeValue] {
        [span.resource.attributes.value(of: key), span.span.attributes.value(of: key)].compactMap { $0 }
    }

    private static let defaultSalt = "default-hash-seed"

    /// The Collector's decision by identifier: FNV-1a of salt and identifier against a share of all 64-bit numbers.
    private static func isBelow(_ share: Double, _ id: TraceID, salt: String) -> Bool {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        for byte in salt.utf8 { add(byte) }
        for half in [id.high, id.low] {
            for shift in stride(from: 56, through: 0, by: -8) { add(UInt8(truncatingIfNeeded: half >> UInt64(shift))) }
        }
        let bound = share * 0x1p64
        return bound >= 0x1p64 || (share > 0 && hash <= UInt64(bound))
    }
}
