import Foundation
import KubernetesAPI
import Testing

@testable import Cluster

/// Where the fixtures of the conformance areas lie, and their cases.
enum ConformanceFixtures {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while url.path != "/", !FileManager.default.fileExists(atPath: url.appendingPathComponent("Package.swift").path) {
            url.deleteLastPathComponent()
        }
        return url
    }()

    /// The top level of every JSON file of an area.
    static func documents(_ area: String) throws -> [JSONValue] {
        let folder = root.appendingPathComponent("fixtures/conformance/\(area)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
        return try files.map { try JSONValue(parsingJSON: Array(Data(contentsOf: $0))[...]) }
    }
}

extension JSONValue {
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    var members: [(key: String, value: JSONValue)] {
        if case .object(let members) = self { members.map { ($0.key, $0.value) } } else { [] }
    }
    var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
}
