import PromQL

/// A template of prometheus-adapter: Go's `text/template` between `<<` and `>>`, as far as its configurations use it.
struct AdapterTemplate: Sendable, Equatable {
    private enum Piece: Sendable, Equatable {
        case text(String)
        case field(String)
        /// `index .LabelValuesByName "pod"` or `.LabelValuesByName.pod`.
        case value(String)
    }

    /// What a template is filled with.
    struct Arguments {
        /// `Series`, `LabelMatchers`, `GroupBy`; or `Group` and `Resource`.
        var fields: [String: String]
        var labelValues: [String: String] = [:]
    }

    let text: String
    private let pieces: [Piece]

    /// - Parameter fields: the fields that there are.
    init(_ text: String, fields: Set<String>) throws(MetricsAPIError) {
        self.text = text
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "<<") {
            if open.lowerBound > rest.startIndex { pieces.append(.text(String(rest[..<open.lowerBound]))) }
            guard let close = rest[open.upperBound...].firstRange(of: ">>") else {
                throw MetricsAPIError("unclosed action in template \(GoQuote.quote(text))")
            }
            pieces.append(try Self.action(rest[open.upperBound..<close.lowerBound], fields, text))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
    }

    private static func action(
        _ action: Substring, _ fields: Set<String>, _ text: String
    ) throws(MetricsAPIError) -> Piece {
        let words = action.split(separator: " ").map(String.init)
        if words.count == 3, words[0] == "index", words[1] == ".LabelValuesByName",
            let name = GoQuote.unquote(words[2])
        {
            return .value(name)
        }
        if words.count == 1, words[0].hasPrefix(".") {
            let path = words[0].dropFirst().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            if path.count == 1, fields.contains(path[0]) { return .field(path[0]) }
            if path.count == 2, path[0] == "LabelValuesByName", !path[1].isEmpty { return .value(path[1]) }
        }
        throw MetricsAPIError(
            "template \(GoQuote.quote(text)) uses <<\(action)>>; a lab knows "
                + fields.sorted(by: ByteOrder.less).map { "<<.\($0)>>" }.joined(separator: ", ")
                + (fields.contains("LabelMatchers") ? " and <<index .LabelValuesByName \"name\">>" : ""))
    }

    func fill(_ arguments: Arguments) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .field(let name): arguments.fields[name] ?? ""
            case .value(let name): arguments.labelValues[name] ?? ""
            }
        }.joined()
    }

    /// What stands between the fields, for a template that is read backwards: a label's name to group and resource.
    var parts: [(text: String?, field: String?)] {
        pieces.map { piece in
            switch piece {
            case .text(let text): (text, nil)
            case .field(let name): (nil, name)
            case .value: (nil, nil)
            }
        }
    }
}
