import Foundation
import Testing

@testable import PromQL

/// Where the fixtures of PromQL lie.
enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("fixtures/conformance/promql")

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    /// The bytes of a file that gzip compressed.
    static func decompressed(_ name: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", folder.appendingPathComponent(name).path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return [UInt8](data)
    }

    /// The data of the oracle, in a store.
    static let oracle: Result<TimeSeriesStore, any Error> = Result {
        var store = TimeSeriesStore()
        try store.load(try decompressed("oracle/data.om.gz"))
        return store
    }
}
