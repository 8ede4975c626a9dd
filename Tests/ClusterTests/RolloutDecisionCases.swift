import Foundation
import Testing

/// A JSON value of a conformance case; integers stay Int64, which some cases need.
indirect enum DecisionJSON: Decodable, Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([DecisionJSON])
    case object([String: DecisionJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([DecisionJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: DecisionJSON].self))
        }
    }

    /// A member, `null` if it is not there.
    subscript(_ key: String) -> DecisionJSON {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    var isNull: Bool { self == .null }
    var int: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        default: nil
        }
    }
    var int32: Int32? { int.map { Int32(clamping: $0) } }
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var array: [DecisionJSON] { if case .array(let value) = self { value } else { [] } }
    var members: [String: DecisionJSON] { if case .object(let value) = self { value } else { [:] } }
    /// The keys in a fixed order.
    var keys: [String] { members.keys.sorted() }
}

/// One case of a file below `fixtures/conformance`.
struct DecisionCase: Decodable, Sendable {
    var id: String
    var kind: String
    var title: String?
    var input: DecisionJSON
    var expected: DecisionJSON
}

/// What one case found wrong, line by line.
struct DecisionMismatch {
    private(set) var lines: [String] = []

    mutating func expect<Value: Equatable>(_ what: String, _ found: Value, _ wanted: Value) {
        if found != wanted { lines.append("\(what) is \(found), not \(wanted)") }
    }

    mutating func fail(_ line: String) { lines.append(line) }

    /// Compares a member of `expected` only if the case states it.
    mutating func expectInteger(_ what: String, _ found: Int64?, in expected: DecisionJSON) {
        guard expected.members[what] != nil else { return }
        let wanted = expected[what].int
        if found != wanted {
            lines.append("\(what) is \(found.map(String.init) ?? "nil"), not \(wanted.map(String.init) ?? "nil")")
        }
    }
}

enum DecisionCases {
    private struct File: Decodable { var cases: [DecisionCase] }

    /// All cases of a folder below `fixtures/conformance`, file by file.
    static func load(_ folder: String) throws -> [DecisionCase] {
        var root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: root.appendingPathComponent("Package.swift").path) {
            let parent = root.deletingLastPathComponent()
            try #require(parent.path != root.path, "no Package.swift above this file")
            root = parent
        }
        let directory = root.appendingPathComponent("fixtures/conformance/\(folder)")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasSuffix(".json") }.sorted()
        return try names.flatMap { name in
            let data = try Data(contentsOf: directory.appendingPathComponent(name))
            return try JSONDecoder().decode(File.self, from: data).cases
        }
    }

    /// Runs every case and reports those that fail; a known deviation must still deviate.
    static func run(
        _ folder: String, knownDeviations: [String: String], _ check: (DecisionCase) -> DecisionMismatch
    ) throws {
        let cases = try load(folder)
        #expect(!cases.isEmpty, "no cases in fixtures/conformance/\(folder)")
        for testCase in cases {
            let mismatch = check(testCase)
            if knownDeviations[testCase.id] != nil {
                #expect(!mismatch.lines.isEmpty, "\(testCase.id) no longer deviates")
                continue
            }
            #expect(
                mismatch.lines.isEmpty,
                "\(testCase.id) [\(testCase.kind)] \(testCase.title ?? ""): \(mismatch.lines.joined(separator: "; "))")
        }
    }
}
