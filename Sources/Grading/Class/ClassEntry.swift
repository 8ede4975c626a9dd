import KubernetesAPI
import Lab

/// One student's verdict as its file tells it: what tables and overviews are made from.
public struct ClassEntry: Sendable, Equatable {
    public struct Check: Sendable, Equatable {
        public var id: String
        public var title: String
        public var status: String
        public var points: Double
        public var maximumPoints: Int
        public var expected: String
        public var seen: String
        public var harm: String

        var isPassed: Bool { status == Grading.Check.Status.passed.rawValue }
    }

    public var student: String
    public var status: Verdict.Status
    public var points: Double
    public var maximumPoints: Int
    public var checks: [Check]
    /// Why there is no grade.
    public var faults: [String]
    public var receipt: Receipt
    /// Fingerprint of the program that graded.
    public var binary: String
    /// Whether it is the machine, not the hand-in, that may be to blame for the want of a grade: time or memory ran out.
    public var mayBeRetried: Bool

    public var isPassed: Bool { status == .graded && checks.allSatisfy(\.isPassed) }

    /// Reads a verdict's file.
    /// - Throws: `ConfigurationError`.
    public init(reading text: String, file: String) throws {
        func fail(_ message: String) -> ConfigurationError { ConfigurationError(file: file, message: message) }
        let value: JSONValue
        do { value = try JSONReader.read(Array(text.utf8)[...]) } catch { throw fail("is no JSON: \(error)") }
        guard let status = value["status"]?.string.flatMap(Verdict.Status.init(rawValue:)),
            let points = value["points"]?.double, let maximum = value["maximumPoints"]?.double,
            let checks = value["checks"]?.array
        else { throw fail("is no verdict: status, points, maximumPoints and checks belong to one") }
        receipt = try Receipt(reading: text, file: file)
        self.status = status
        self.points = points
        maximumPoints = Int(exactly: maximum.rounded()) ?? 0
        student = value["student"]?.string ?? receipt.student
        binary = value["binary"]?.string ?? ""
        mayBeRetried = value["mayBeRetried"] == .bool(true)
        faults = (value["faults"]?.array ?? []).map { fault in
            ConfigurationError(
                file: fault["file"]?.string ?? "", line: Int(exactly: fault["line"]?.double ?? 0) ?? 0,
                path: fault["path"]?.string ?? "", message: fault["message"]?.string ?? ""
            ).description
        }
        self.checks = try checks.map { check in
            guard let id = check["id"]?.string, let title = check["title"]?.string,
                let status = check["status"]?.string, let points = check["points"]?.double,
                let maximum = check["maximumPoints"]?.double
            else { throw fail("is no verdict: a check has id, title, status, points and maximumPoints") }
            return Check(
                id: id, title: title, status: status, points: points,
                maximumPoints: Int(exactly: maximum.rounded()) ?? 0, expected: check["expected"]?.string ?? "",
                seen: check["seen"]?.string ?? "", harm: check["harm"]?.string ?? "")
        }
    }

    /// A verdict's file: the JSON report and who wrote it.
    static func file(report: String, binary: String, mayBeRetried: Bool) -> String? {
        guard case .object(var members)? = try? JSONReader.read(Array(report.utf8)[...]) else { return nil }
        members["binary"] = .string(binary)
        if mayBeRetried { members["mayBeRetried"] = .bool(true) }
        return JSONValue.object(members).report
    }
}

extension JSONValue {
    /// A number of either form.
    var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
