import KubernetesAPI
import Lab
import OrderedCollections

/// Members of a JSON object in a fixed order.
typealias Members = OrderedDictionary<String, JSONValue>

extension JSONValue {
    /// Indented JSON with the members in their own order and a line break at the end, the same bytes each time.
    var report: String {
        var output = ""
        Self.write(self, 0, &output)
        return output + "\n"
    }

    private static func write(_ value: JSONValue, _ depth: Int, _ output: inout String) {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        switch value {
        case .array(let elements) where !elements.isEmpty:
            output += "[\n"
            for (index, element) in elements.enumerated() {
                output += inner
                write(element, depth + 1, &output)
                output += index + 1 < elements.count ? ",\n" : "\n"
            }
            output += outer + "]"
        case .object(let members) where !members.isEmpty:
            output += "{\n"
            for (index, (name, member)) in members.enumerated() {
                output += inner + String(decoding: JSONValue.string(name).compactBytes, as: UTF8.self) + ": "
                write(member, depth + 1, &output)
                output += index + 1 < members.count ? ",\n" : "\n"
            }
            output += outer + "}"
        default: output += String(decoding: value.compactBytes, as: UTF8.self)
        }
    }

    /// A number of points: whole where it is whole.
    static func points(_ value: Double) -> JSONValue { Int64(exactly: value).map(JSONValue.integer) ?? .number(value) }
}

extension Verdict {
    func jsonReport(_ style: ReportStyle) -> String {
        var members: Members = [
            "status": .string(status.rawValue), "exercise": .string(exercise), "lesson": .string(lesson),
            "title": .string(title),
            "points": .points(points), "maximumPoints": .integer(Int64(maximumPoints)), "passed": .bool(isPassed),
        ]
        if !student.isEmpty { members["student"] = .string(student) }
        members["checks"] = .array(checks.map(\.json))
        if !faults.isEmpty { members["faults"] = .array(faults.map(\.json)) }
        members["simulatedSeconds"] = .points(simulated.seconds)
        if style.wallTime { members["wallMilliseconds"] = .integer(wallMilliseconds) }
        if !style.gradedAt.isEmpty { members["gradedAt"] = .string(style.gradedAt) }
        members["receipt"] = receipt.json
        if !debrief.isEmpty { members["debrief"] = .string(debrief) }
        return JSONValue.object(members).report
    }
}

extension ConfigurationError {
    var json: JSONValue {
        .object([
            "file": .string(file), "line": .integer(Int64(line)), "path": .string(path), "message": .string(message),
        ])
    }
}

extension Check {
    var json: JSONValue {
        var members: Members = [
            "id": .string(id), "title": .string(title), "status": .string(status.rawValue), "points": .points(points),
            "maximumPoints": .integer(Int64(maximumPoints)), "rule": .string(rule), "expected": .string(expected),
            "seen": .string(seen),
        ]
        if !harm.isEmpty { members["harm"] = .string(harm) }
        if let moment { members["moment"] = .string(Figures.clock(moment)) }
        if let seed { members["seed"] = .string("\(seed)") }
        if !file.isEmpty {
            members["where"] = .object(["file": .string(file), "line": .integer(Int64(line)), "path": .string(path)])
        }
        if !commands.isEmpty { members["commands"] = .array(commands.map(JSONValue.string)) }
        if !misconceptions.isEmpty { members["misconceptions"] = .array(misconceptions.map(JSONValue.string)) }
        if !causes.isEmpty { members["causes"] = .array(causes.map(JSONValue.string)) }
        return .object(members)
    }
}

extension Receipt {
    /// The receipt as JSON, which `verify-receipt` reads.
    public var json: JSONValue {
        .object([
            "version": .string(version), "exercise": .string(exerciseHash), "submission": .string(submissionHash),
            "student": .string(student), "attempt": .integer(Int64(attempt)),
            "seeds": .array(seedHashes.map(JSONValue.string)), "digests": .array(digests.map(JSONValue.string)),
            "points": .points(points), "maximumPoints": .integer(Int64(maximumPoints)),
        ])
    }

    /// Reads a receipt, alone or within a JSON report.
    /// - Throws: `ConfigurationError`.
    public init(reading text: String, file: String) throws {
        func fail(_ message: String) -> ConfigurationError { ConfigurationError(file: file, message: message) }
        let whole: JSONValue
        do { whole = try JSONReader.read(Array(text.utf8)[...]) } catch { throw fail("is no JSON: \(error)") }
        let value = whole["receipt"] ?? whole
        func string(_ name: String) throws -> String {
            guard let text = value[name]?.string else { throw fail("is no receipt: \"\(name)\" is missing") }
            return text
        }
        func strings(_ name: String) throws -> [String] {
            guard let list = value[name]?.array else { throw fail("is no receipt: \"\(name)\" is missing") }
            return list.compactMap(\.string)
        }
        func number(_ name: String) throws -> Double {
            switch value[name] {
            case .integer(let number)?: return Double(number)
            case .number(let number)?: return number
            default: throw fail("is no receipt: \"\(name)\" is missing")
            }
        }
        version = try string("version")
        exerciseHash = try string("exercise")
        submissionHash = try string("submission")
        student = try string("student")
        guard let attempt = Int(exactly: try number("attempt")), let maximum = Int(exactly: try number("maximumPoints"))
        else {
            throw fail("is no receipt: attempt and maximumPoints are whole numbers")
        }
        self.attempt = attempt
        seedHashes = try strings("seeds")
        digests = try strings("digests")
        points = try number("points")
        maximumPoints = maximum
    }

    /// Where another grading of the same differs, in words; empty if it is the same to the byte.
    public func differences(from other: Receipt) -> [String] {
        var found: [String] = []
        func compare(_ name: String, _ left: String, _ right: String) {
            if left != right { found.append("\(name): the receipt says \(left), this is \(right)") }
        }
        compare("version of kubelab", version, other.version)
        compare("exercise", exerciseHash, other.exerciseHash)
        compare("submission", submissionHash, other.submissionHash)
        if seedHashes != other.seedHashes {
            found.append("seeds: other seeds were used; is the course's secret the same?")
        }
        for (index, (left, right)) in zip(digests, other.digests).enumerated() where left != right && found.isEmpty {
            found.append("trial \(index + 1): the receipt's digest is \(left), this run's is \(right)")
        }
        if digests.count != other.digests.count {
            found.append("trials: the receipt has \(digests.count), this is \(other.digests.count)")
        }
        compare("points", Figures.rounded(points, 2), Figures.rounded(other.points, 2))
        return found
    }
}
