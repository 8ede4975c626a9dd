import Lab
import Simulation

/// One choice of values for an exercise's parameters.
public struct Variant: Sendable, Equatable {
    /// By name, in the order of the declaration.
    public private(set) var values: [(name: String, value: String)] = []
    /// The chosen values alone, `peak=42, burst=8m`; empty for an exercise without parameters.
    public private(set) var name = ""

    public static func == (left: Self, right: Self) -> Bool { left.name == right.name }

    /// What an exercise without parameters has.
    public init() {}

    private init(_ parameters: [Parameter], places: [Int]) {
        for (parameter, place) in zip(parameters, places) {
            values.append((parameter.name, parameter.values[place]))
            for (name, others) in parameter.with.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                values.append((name, others[place]))
            }
        }
        name = zip(parameters, places).map { "\($0.name)=\($0.values[$1])" }.joined(separator: ", ")
    }

    /// What everybody gets who names no student.
    static func standard(_ parameters: [Parameter]) -> Variant {
        Variant(parameters, places: parameters.map { $0.values.firstIndex(of: $0.standard) ?? 0 })
    }

    /// What a student gets: each parameter is drawn by a random stream of its own from a hash of the exercise and the
    /// student, so that it is the same on every machine and a new parameter changes none of the others.
    static func drawn(_ parameters: [Parameter], exercise: String, student: String) -> Variant {
        guard !student.isEmpty else { return standard(parameters) }
        var hash = SHA256()
        for part in ["variant", exercise, student] {
            hash.update(part.utf8)
            hash.update([0])
        }
        let seed = hash.finish().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Variant(
            parameters,
            places: parameters.map { parameter in
                var stream = RandomStream(seed: seed, name: "variant/\(parameter.name)")
                return Int(stream.below(UInt64(parameter.values.count)))
            })
    }

    /// Every variant that the parameters allow, in the order of their values.
    static func all(_ parameters: [Parameter]) -> [Variant] {
        let places = parameters.reduce([[]]) { partial, parameter in
            partial.flatMap { chosen in parameter.values.indices.map { chosen + [$0] } }
        }
        return places.map { Variant(parameters, places: $0) }
    }

    /// Text with `${name}` and `${name:-standard}` replaced by the value; other such places stay as they are.
    public func substituted(in text: String) -> String {
        guard text.contains("${") else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "${"), let close = rest[open.upperBound...].firstIndex(of: "}") {
            let inner = rest[open.upperBound..<close]
            let name = inner.firstRange(of: ":-").map { inner[..<$0.lowerBound] } ?? inner
            result += rest[..<open.lowerBound]
            result += values.first { $0.name == name }?.value ?? String(rest[open.lowerBound...close])
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// The first `${name}` that means nothing, and its line; nil if there is none.
    static func unknownPlaceholder(in text: String) -> (name: String, line: Int)? {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard let open = line.firstRange(of: "${"), let close = line[open.upperBound...].firstIndex(of: "}") else {
                continue
            }
            return (String(line[open.upperBound..<close]), index + 1)
        }
        return nil
    }

    /// Text with its parameters filled in.
    /// - Throws: `ConfigurationError` for a `${name}` that no parameter has, if there are any.
    func checked(_ text: String, file: String) throws -> String {
        guard !values.isEmpty else { return ScenarioFile.standardText(text) }
        let result = substituted(in: text)
        guard let unknown = Self.unknownPlaceholder(in: result) else { return result }
        throw ConfigurationError(
            file: file, line: unknown.line,
            message: "\"${\(unknown.name)}\" is no parameter; there are \(values.map(\.name).joined(separator: ", "))")
    }
}
