import KubernetesAPI
import Lab

/// The text of a configuration file, and where its fields stand.
struct ConfigurationSource: Sendable {
    var file: String
    var text: String
    var document: YAMLDocument

    /// - Throws: `ConfigurationError`.
    init(file: String, text: String) throws {
        self.file = file
        self.text = text
        var reader = YAMLReader()
        reader.refusesDuplicateKeys = true
        let documents: [YAMLDocument]
        do { documents = try reader.documents(Array(text.utf8)) } catch {
            throw ConfigurationError(file: file, line: error.line ?? 0, message: error.message)
        }
        guard let document = documents.first else { throw ConfigurationError(file: file, message: "the file is empty") }
        self.document = document
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do { return try Value(from: ValueDecoder(document.value)) } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(error, file: file) { document.line(of: $0) }
        }
    }

    func error(_ path: String, _ message: String) -> ConfigurationError {
        ConfigurationError(file: file, line: document.line(of: path), path: path, message: message)
    }

    /// Where an error within a text value stands in the file: the value may begin on the line of its key or below.
    func error(_ path: String, in value: String, _ failure: CriterionError) -> ConfigurationError {
        let start = document.line(of: path)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let wanted = value.split(separator: "\n", omittingEmptySubsequences: false)
        let index = failure.position.line - 1
        let part = wanted.indices.contains(index) ? String(wanted[index]) : ""
        if !part.isEmpty, start >= 1 {
            for line in (start - 1)..<min(lines.count, start + wanted.count + 3) {
                guard let range = lines[line].range(of: part) else { continue }
                let column =
                    lines[line].distance(from: lines[line].startIndex, to: range.lowerBound) + failure.position.column
                return ConfigurationError(
                    file: file, line: line + 1, path: path, message: "column \(column): \(failure.message)")
            }
        }
        return ConfigurationError(file: file, line: start, path: path, message: failure.description)
    }
}
