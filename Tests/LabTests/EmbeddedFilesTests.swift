import Foundation
import Testing

/// What travels in the program is what lies in the repository; `Tools/embed.py` brings it there.
@Suite struct EmbeddedFilesTests {
    @Test func everyFileOfTheLabsTravelsInTheProgram() throws {
        let source = try Repository.text("Sources/kubelab/Generated/EmbeddedLabsFiles.swift")
        let root = Repository.path("labs")
        let files = (FileManager.default.subpaths(atPath: root) ?? []).filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isFolder)
            return !isFolder.boolValue && !(name as NSString).lastPathComponent.hasPrefix(".")
        }
        #expect(!files.isEmpty)
        for name in files {
            let text = try Repository.text("labs/\(name)")
            #expect(
                source.contains("(\"\(name)\", #") && source.contains(text),
                "\(name) is out of step: run Tools/embed.py")
        }
        let entries = source.split(separator: "\n").filter { $0.hasPrefix("        (\"") }
        #expect(entries.count == files.count, "files that are gone still travel: run Tools/embed.py")
    }

    @Test func theFidelityDocumentTravelsInTheProgram() throws {
        let source = try Repository.text("Sources/kubelab/Generated/EmbeddedFidelity.swift")
        #expect(source.contains(try Repository.text("docs/fidelity.md")), "out of step: run Tools/embed.py")
    }
}
