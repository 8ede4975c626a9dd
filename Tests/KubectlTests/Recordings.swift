import Foundation
import KubernetesAPI

/// What a real kubectl printed against a real control plane: `fixtures/kubectl/recorded`.
enum Recordings {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while url.path != "/", !FileManager.default.fileExists(atPath: url.appendingPathComponent("Package.swift").path)
        {
            url.deleteLastPathComponent()
        }
        return url
    }()

    static var names: [String] {
        let folder = root.appendingPathComponent("fixtures/kubectl/recorded")
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }

    /// The command line, what it printed, and its exit code.
    static func read(_ name: String) throws -> (command: String, text: String, code: Int32) {
        let url = root.appendingPathComponent("fixtures/kubectl/recorded/\(name)")
        let whole = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        let firstEnd = whole.firstIndex(of: "\n") ?? whole.endIndex
        let command = String(whole[..<firstEnd].dropFirst(2))
        var text = String(whole[firstEnd...].dropFirst())
        var code: Int32 = 0
        if let mark = text.range(of: "[exit ", options: .backwards) {
            code = Int32(text[mark.upperBound...].prefix { $0.isNumber }) ?? 0
            text = String(text[..<mark.lowerBound])
        }
        return (command, text, code)
    }

    static func file(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appendingPathComponent("fixtures/" + path)), as: UTF8.self)
    }
}
