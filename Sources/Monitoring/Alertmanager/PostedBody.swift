import KubernetesAPI
import PromQL

/// Reads the bodies that the API v2 takes, and refuses others as the real one does.
enum PostedBody {
    struct PostedSilence {
        let id: String
        let matchers: [LabelMatcher]
        let startsAt: Int64
        let endsAt: Int64
        let createdBy: String
        let comment: String
    }

    /// Go's zero time, which stands for a time that is not given.
    private static let zeroTime: Int64 = -62_135_596_800_000

    static func alerts(_ body: [UInt8]) throws(AlertmanagerRefusal) -> [PostableAlert] {
        guard let elements = try value(body, "alerts").array else { throw .type("alerts", "array") }
        var out: [PostableAlert] = []
        for (index, element) in elements.enumerated() {
            guard element.object != nil else { throw .type("\(index)", "object") }
            guard let labels = element["labels"], labels != .null else { throw .missing("\(index).labels") }
            out.append(
                PostableAlert(
                    labels: try pairs(labels, "\(index).labels"),
                    annotations: try pairs(element["annotations"] ?? .null, "\(index).annotations"),
                    startsAt: try time(element["startsAt"], "\(index).startsAt"),
                    endsAt: try time(element["endsAt"], "\(index).endsAt"),
                    generatorURL: try text(element["generatorURL"], "\(index).generatorURL") ?? ""))
        }
        return out
    }

    static func silence(_ body: [UInt8]) throws(AlertmanagerRefusal) -> PostedSilence {
        let value = try value(body, "silence")
        guard value.object != nil else { throw .type("silence", "object") }
        guard let comment = try text(value["comment"], "comment") else { throw .missing("comment") }
        guard let createdBy = try text(value["createdBy"], "createdBy") else { throw .missing("createdBy") }
        guard let endsAt = try time(value["endsAt"], "endsAt") else { throw .missing("endsAt") }
        guard let list = value["matchers"], list != .null else { throw .missing("matchers") }
        guard let elements = list.array else { throw .type("matchers", "array") }
        guard let startsAt = try time(value["startsAt"], "startsAt") else { throw .missing("startsAt") }
        if elements.isEmpty {
            throw .init(response: .invalid(422, code: 612, "matchers in body should have at least 1 items"))
        }
        var matchers: [LabelMatcher] = []
        for (index, element) in elements.enumerated() { matchers.append(try matcher(element, "matchers.\(index)")) }
        return PostedSilence(
            id: try text(value["id"], "id") ?? "", matchers: matchers, startsAt: startsAt, endsAt: endsAt,
            createdBy: createdBy, comment: comment)
    }

    private static func matcher(_ value: JSONValue, _ field: String) throws(AlertmanagerRefusal) -> LabelMatcher {
        guard let isRegex = try flag(value["isRegex"], field + ".isRegex") else { throw .missing(field + ".isRegex") }
        guard let name = try text(value["name"], field + ".name") else { throw .missing(field + ".name") }
        guard let text = try text(value["value"], field + ".value") else { throw .missing(field + ".value") }
        let isEqual = try flag(value["isEqual"], field + ".isEqual") ?? true
        let kind: LabelMatcher.Kind = isRegex ? (isEqual ? .matches : .matchesNot) : isEqual ? .equal : .notEqual
        do {
            return try MatcherText.matcher(name, kind, text)
        } catch {
            throw .text(400, "silence invalid: invalid label matcher: \(error.description)")
        }
    }

    private static func value(_ body: [UInt8], _ what: String) throws(AlertmanagerRefusal) -> JSONValue {
        if body.isEmpty { throw .missing(what) }
        do {
            return try JSONReader.read(body[...])
        } catch {
            throw .init(
                response: .invalid(
                    400, code: 400, "parsing \(what) body from \"\" failed, because \(error.description)"))
        }
    }

    private static func pairs(_ value: JSONValue, _ field: String) throws(AlertmanagerRefusal) -> Labels {
        if value == .null { return .empty }
        guard let object = value.object else { throw .type(field, "object") }
        var out: [Label] = []
        for name in object.keys {
            out.append(Label(name, try text(object[name], field + "." + name) ?? ""))
        }
        return Labels(out)
    }

    private static func text(_ value: JSONValue?, _ field: String) throws(AlertmanagerRefusal) -> String? {
        guard let value, value != .null else { return nil }
        guard let text = value.string else { throw .type(field, "string") }
        return text
    }

    private static func flag(_ value: JSONValue?, _ field: String) throws(AlertmanagerRefusal) -> Bool? {
        guard let value, value != .null else { return nil }
        guard case .bool(let flag) = value else { throw .type(field, "boolean") }
        return flag
    }

    private static func time(_ value: JSONValue?, _ field: String) throws(AlertmanagerRefusal) -> Int64? {
        guard let written = try text(value, field), !written.isEmpty else { return nil }
        guard let time = CivilDate.parse(written) else {
            throw .init(
                response: .invalid(
                    422, code: 601, "\(field) in body must be of type date-time: \(GoText.quoted(written))"))
        }
        return time <= zeroTime ? nil : time
    }
}
