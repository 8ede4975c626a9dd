/// How much of a span an SDK keeps (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` and its kin); what is over is dropped and counted.
public struct SpanLimits: Sendable, Equatable {
    public var attributes = 128
    public var events = 128
    public var links = 128
    public var attributesPerEvent = 128
    public var attributesPerLink = 128
    /// Characters of a text; nil for any number.
    public var attributeValueLength: Int?

    public init() {}

    /// The span as an SDK with these limits exports it.
    public func applied(to span: Span) -> Span {
        var kept = span
        kept.droppedAttributesCount += limit(&kept.attributes, to: attributes)
        kept.droppedEventsCount += Self.cut(&kept.events, to: events)
        kept.droppedLinksCount += Self.cut(&kept.links, to: links)
        for index in kept.events.indices {
            kept.events[index].droppedAttributesCount += limit(&kept.events[index].attributes, to: attributesPerEvent)
        }
        for index in kept.links.indices {
            kept.links[index].droppedAttributesCount += limit(&kept.links[index].attributes, to: attributesPerLink)
        }
        return kept
    }

    private func limit(_ list: inout [Attribute], to count: Int) -> UInt32 {
        let dropped = Self.cut(&list, to: count)
        if let attributeValueLength {
            for index in list.indices {
                list[index].value = Self.truncated(list[index].value, to: attributeValueLength)
            }
        }
        return dropped
    }

    private static func cut<Element>(_ list: inout [Element], to count: Int) -> UInt32 {
        guard list.count > count else { return 0 }
        let dropped = list.count - max(count, 0)
        list.removeLast(dropped)
        return UInt32(clamping: dropped)
    }

    /// Texts, and the texts of a list; other values have no length.
    private static func truncated(_ value: AttributeValue, to length: Int) -> AttributeValue {
        switch value {
        case .string(let text): .string(String(text.unicodeScalars.prefix(length)))
        case .array(let values):
            .array(
                values.map { value in
                    if case .string(let text) = value {
                        .string(String(text.unicodeScalars.prefix(length)))
                    } else {
                        value
                    }
                })
        case .bool, .int, .double, .bytes, .map: value
        }
    }
}
