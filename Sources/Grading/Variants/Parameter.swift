import KubernetesAPI
import Lab

/// Something in an exercise that differs from student to student: a load, a time, a name.
public struct Parameter: Sendable, Decodable, Equatable {
    /// Files name it as `${name}`.
    public var name: String
    /// What it may be, as the text that takes the place of `${name}`.
    public var values: [String]
    /// What it is without a student; the first value if nothing is said.
    public var standard: String
    /// Further names whose values go with those of this one, place by place: the end of a burst with its beginning.
    public var with: [String: [String]]

    /// Most variants of one exercise, so that all of them can be proved.
    static let maximumVariants = 64

    enum CodingKeys: String, CodingKey, CaseIterable { case name, values, standard, with }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        values = try container.decode([String].self, forKey: .values)
        standard = try container.decodeIfPresent(String.self, forKey: .standard) ?? values.first ?? ""
        with = try container.decodeIfPresent([String: [String]].self, forKey: .with) ?? [:]
        try container.require(
            !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }, .name,
            "a name is made of letters and digits")
        try container.require(
            !values.isEmpty && Set(values).count == values.count, .values, "one value or more, each once")
        try container.require(
            values.contains(standard), .standard,
            "\"\(standard)\" is not among the values \(values.joined(separator: ", "))")
        try container.require(
            with.values.allSatisfy { $0.count == values.count }, .with,
            "needs as many values as \(name) has: \(values.count)")
    }
}

/// An exercise's parameters as `exercise.yaml` declares them.
///
/// They are read before the rest of the file, because the rest may name them where YAML allows no `${`.
struct ParameterSection: Decodable {
    var parameters: [Parameter]

    enum CodingKeys: String, CodingKey, CaseIterable { case parameters }

    init(from decoder: any Decoder) throws {
        parameters = try decoder.strict(CodingKeys.self).decode([Parameter].self, forKey: .parameters)
    }

    /// The parameters of a file; none if it declares none.
    /// - Throws: `ConfigurationError` at the file's line.
    static func read(_ text: String, file: String) throws -> [Parameter] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.hasPrefix("parameters:") }) else { return [] }
        let end = lines[(start + 1)...].firstIndex { line in
            line.first.map { $0 != " " && $0 != "#" && $0 != "-" } ?? false
        }
        // Empty lines before it keep the numbers of the lines.
        let section =
            String(repeating: "\n", count: start) + lines[start..<(end ?? lines.endIndex)].joined(separator: "\n")
        let source = try ConfigurationSource(file: file, text: section)
        let parameters = try source.decode(ParameterSection.self).parameters
        var names: Set<String> = []
        for (index, parameter) in parameters.enumerated() {
            for name in [parameter.name] + parameter.with.keys.sorted() where !names.insert(name).inserted {
                throw source.error("parameters[\(index)].name", "\"\(name)\" is there twice")
            }
        }
        let count = parameters.reduce(1) { $0 * min($1.values.count, Parameter.maximumVariants + 1) }
        guard count <= Parameter.maximumVariants else {
            throw source.error(
                "parameters",
                "\(count) or more variants; at most \(Parameter.maximumVariants), so that all can be proved")
        }
        return parameters
    }
}
