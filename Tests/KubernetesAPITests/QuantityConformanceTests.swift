import Foundation
import Testing

@testable import KubernetesAPI

/// Where the fixtures of the conformance areas lie, and their cases.
enum Fixtures {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while url.path != "/", !FileManager.default.fileExists(atPath: url.appendingPathComponent("Package.swift").path)
        {
            url.deleteLastPathComponent()
        }
        return url
    }()

    /// The top level of every JSON file of an area.
    static func documents(_ area: String) throws -> [[String: Any]] {
        let folder = root.appendingPathComponent("fixtures/conformance/\(area)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
        return try files.compactMap { try JSONSerialization.jsonObject(with: Data(contentsOf: $0)) as? [String: Any] }
    }
}

@Suite struct QuantityConformanceTests {
    @Test func parsing() throws {
        var seen = 0
        for document in try Fixtures.documents("quantity") {
            for row in document["parse"] as? [[String: Any]] ?? [] {
                let id = row["id"] as? String ?? "?"
                let input = row["input"] as? String ?? ""
                seen += 1
                guard row["valid"] as? Bool == true else {
                    do {
                        let quantity = try Quantity(parsing: input)
                        Issue.record("\(id): \"\(input)\" is read as \(quantity)")
                    } catch {
                        if let text = row["error"] as? String {
                            #expect(error.name == text, "\(id): \(input)")
                        }
                    }
                    continue
                }
                let quantity = try #require(try? Quantity(parsing: input), "\(id): \(input)")
                #expect(quantity.description == row["string"] as? String, "\(id): \(input)")
                #expect(quantity.recanonicalised == row["recanonicalised"] as? String, "\(id): \(input)")
                let formats: [Quantity.Format: String] = [
                    .decimalSI: "DecimalSI", .binarySI: "BinarySI", .decimalExponent: "DecimalExponent",
                ]
                #expect(formats[quantity.format] == row["format"] as? String, "\(id): \(input)")
                if let value = row["value"] as? NSNumber {
                    #expect(quantity.value == value.int64Value, "\(id): \(input)")
                }
                if let value = row["milliValue"] as? NSNumber {
                    #expect(quantity.milliValue == value.int64Value, "\(id): \(input)")
                }
            }
        }
        #expect(seen >= 100)
    }

    @Test func arithmetic() throws {
        for document in try Fixtures.documents("quantity") {
            for row in document["arithmetic"] as? [[String: Any]] ?? [] {
                let id = row["id"] as? String ?? "?"
                let a = try Quantity(parsing: row["a"] as? String ?? "")
                let b = try Quantity(parsing: row["b"] as? String ?? "")
                #expect((a + b).description == row["sum"] as? String, "\(id)")
                #expect((a - b).description == row["difference"] as? String, "\(id)")
                #expect((a < b ? -1 : a == b ? 0 : 1) == row["compare"] as? Int, "\(id)")
            }
        }
    }
}

extension QuantityError {
    /// The name of the error in the case files.
    fileprivate var name: String {
        switch self {
        case .format: "format"
        case .suffix: "suffix"
        case .number: "number"
        }
    }
}
