import Lab
import Simulation

/// One thing that a specification promises, as expressions that a trial can judge.
public struct SpecificationPromise: Sendable {
    /// `service level in-time`.
    public var name: String
    /// Where it stands in the document.
    public var path: String
    /// All must hold; several for the stretches of a window.
    public var expressions: [CriterionExpression]
}

extension ProductionSpecification {
    /// Reads a document.
    /// - Parameters:
    ///   - text: the file's text.
    ///   - file: its name, for errors.
    ///   - namespace: where names without a namespace live.
    /// - Throws: `ConfigurationError` with file, line, field path and, within an expression, column.
    public init(parsing text: String, file: String, namespace: String) throws {
        source = try ConfigurationSource(file: file, text: text)
        let document = try source.decode(SpecificationDocument.self)
        guard document.apiVersion == Self.apiVersion, document.kind == Self.kind else {
            throw source.error(
                document.kind == Self.kind ? "apiVersion" : "kind",
                "expected a \(Self.kind) of \(Self.apiVersion), found \(document.kind) of \(document.apiVersion)")
        }
        name = document.metadata.name
        content = document.spec
        promises = []
        promises += try levels(namespace)
        let (settle, after) = (content.rehearsal.settle, "after \(Self.literal(content.rehearsal.settle))")
        for (index, path) in content.criticalPaths.enumerated() {
            for (place, workload) in path.through.enumerated() {
                try promise(
                    "critical path \(path.name)", "spec.criticalPaths[\(index)].through[\(place)]",
                    "always(deployment/\(workload).ready >= 1) \(after)", namespace)
            }
        }
        for (index, limit) in content.scaling.enumerated() {
            let desired = "deployment/\(limit.workload).desired"
            try promise(
                "scaling of \(limit.workload)", "spec.scaling[\(index)]",
                "always(\(desired) >= \(limit.minimum) and \(desired) <= \(limit.maximum)) \(after)", namespace)
        }
        for (index, cost) in content.costs.enumerated() {
            let sum = cost.workloads.map { "deployment/\($0).price" }.joined(separator: " + ")
            try promise(
                "cost of \(cost.workloads.joined(separator: ", "))", "spec.costs[\(index)]",
                "mean(\(sum)) \(after) <= \(cost.perHour)", namespace)
        }
        for (index, invariant) in content.invariants.enumerated() {
            let path = "spec.invariants[\(index)].expect"
            do throws(CriterionError) {
                let expression = try CriterionExpression(parsing: invariant.expect, namespace: namespace)
                promises.append(
                    SpecificationPromise(name: "invariant \(invariant.name)", path: path, expressions: [expression]))
            } catch {
                throw source.error(path, in: invariant.expect, error)
            }
        }
        guard settle < content.rehearsal.duration else {
            throw source.error("spec.rehearsal.settle", "must lie before the end of the rehearsal")
        }
    }

    /// A promise whose text is ours, so that an error in it can only come from a name in the document.
    private mutating func promise(_ name: String, _ path: String, _ text: String, _ namespace: String) throws {
        do throws(CriterionError) {
            let expression = try CriterionExpression(parsing: text, namespace: namespace)
            promises.append(SpecificationPromise(name: name, path: path, expressions: [expression]))
        } catch {
            throw source.error(path, error.message)
        }
    }

    /// Service levels: one expression for each stretch of the window, a minute apart.
    private func levels(_ namespace: String) throws -> [SpecificationPromise] {
        let (settle, end) = (content.rehearsal.settle, content.rehearsal.duration)
        return try content.serviceLevels.enumerated().map { index, level in
            let path = "spec.serviceLevels[\(index)]"
            let prefix = "share of requests(traffic/\(level.traffic), "
            func expression(_ from: Duration, _ to: Duration) throws -> CriterionExpression {
                let window = "between \(Self.literal(from)) and \(Self.literal(to))"
                let text = "\(prefix)\(level.good)) \(window) >= \(level.objective)"
                do throws(CriterionError) {
                    return try CriterionExpression(parsing: text, namespace: namespace)
                } catch {
                    let column = error.position.column - prefix.count
                    guard (1...level.good.count).contains(column) else {
                        let field = column < 1 ? "traffic" : "objective"
                        throw source.error("\(path).\(field)", error.message)
                    }
                    throw source.error(
                        "\(path).good", in: level.good,
                        CriterionError(error.message, at: CriterionPosition(line: 1, column: column)))
                }
            }
            var expressions: [CriterionExpression] = []
            if let window = level.window, settle + window < end {
                var from = settle
                while from + window <= end {
                    expressions.append(try expression(from, from + window))
                    from += .minutes(1)
                }
            } else {
                expressions.append(try expression(settle, end))
            }
            return SpecificationPromise(name: "service level \(level.name)", path: path, expressions: expressions)
        }
    }

    /// A time as the language of criteria writes it, to the millisecond.
    private static func literal(_ time: Duration) -> String { "\(time.nanoseconds / 1_000_000)ms" }
}

/// The outermost layer of the file.
private struct SpecificationDocument: Decodable {
    var apiVersion: String
    var kind: String
    var metadata: Metadata
    var spec: SpecificationContent

    struct Metadata: Decodable {
        var name: String

        enum CodingKeys: String, CodingKey, CaseIterable { case name }

        init(from decoder: any Decoder) throws {
            name = try decoder.strict(CodingKeys.self).decode(String.self, forKey: .name)
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case apiVersion, kind, metadata, spec }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        apiVersion = try container.decode(String.self, forKey: .apiVersion)
        kind = try container.decode(String.self, forKey: .kind)
        metadata = try container.decode(Metadata.self, forKey: .metadata)
        spec = try container.decode(SpecificationContent.self, forKey: .spec)
    }
}
