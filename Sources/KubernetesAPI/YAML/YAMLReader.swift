import OrderedCollections

/// Reads manifests as kubectl does (`k8s.io/apimachinery/pkg/util/yaml` over `sigs.k8s.io/yaml` over go-yaml v2).
public struct YAMLReader: Sendable {
    /// Bytes of the whole text.
    public var maximumBytes = 8 << 20
    /// Levels of nesting, aliases followed.
    public var maximumDepth = 100
    /// Refuse a key that stands twice in a map; kubectl takes the last one without a word.
    public var refusesDuplicateKeys = false

    public init() {}

    /// The documents of a text, each with the places of its fields. Empty documents are left out.
    public static func documents(_ bytes: [UInt8]) throws(YAMLError) -> [YAMLDocument] {
        try YAMLReader().documents(bytes)
    }

    /// The documents of a text, each with the places of its fields. Empty documents are left out.
    public static func documents(_ text: String) throws(YAMLError) -> [YAMLDocument] {
        try YAMLReader().documents(Array(text.utf8))
    }

    /// The documents of a text, each with the places of its fields. Empty documents are left out.
    public func documents(_ source: [UInt8]) throws(YAMLError) -> [YAMLDocument] {
        guard source.count <= maximumBytes else {
            throw YAMLError(
                "yaml: the text has \(source.count) bytes, more than the limit of \(maximumBytes)", line: nil,
                column: nil)
        }
        let bytes = Self.decoded(source)
        if bytes.first(where: { ![9, 10, 11, 12, 13, 32].contains($0) }) == UInt8(ascii: "{"),
            let documents = try jsonDocuments(bytes)
        {
            return documents
        }
        var documents: [YAMLDocument] = []
        for chunk in try Self.chunks(bytes) {
            do {
                let document = try document(chunk.bytes, startLine: chunk.startLine)
                if document.value != .null { documents.append(document) }
            } catch {
                // Lines so far are those of the chunk.
                throw YAMLError(error.message, line: error.line.map { $0 + chunk.startLine - 1 }, column: error.column)
            }
        }
        return documents
    }

    /// kubectl reads any Unicode with a byte order mark, and replaces what is not UTF-8.
    private static func decoded(_ source: [UInt8]) -> [UInt8] {
        func wide(_ high: Int, _ low: Int) -> [UInt8] {
            let units = stride(from: 2, to: source.count - 1, by: 2).map {
                UInt16(source[$0 + high]) << 8 | UInt16(source[$0 + low])
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        }
        if source.starts(with: [0xfe, 0xff]) { return wide(0, 1) }
        if source.starts(with: [0xff, 0xfe]) { return wide(1, 0) }
        let bytes = source.starts(with: [0xef, 0xbb, 0xbf]) ? source[3...] : source[...]
        if String(validating: bytes, as: UTF8.self) != nil { return Array(bytes) }
        return Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    /// Cuts a text at the lines that begin with `---` (`YAMLReader.Read`): before any parsing, even within a block of
    /// text. Each piece is parsed on its own, which is why go-yaml's line numbers begin again.
    private static func chunks(_ bytes: [UInt8]) throws(YAMLError) -> [(bytes: ArraySlice<UInt8>, startLine: Int)] {
        var chunks: [(ArraySlice<UInt8>, Int)] = []
        var start = 0
        var startLine = 1
        var position = 0
        var line = 1
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: 10) ?? bytes.count
            if bytes[position..<end].starts(with: "---".utf8) {
                let isSpace: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
                var rest = bytes[(position + 3)..<end].drop(while: isSpace)
                while let last = rest.last, isSpace(last) { rest.removeLast() }
                if let first = rest.first, first != UInt8(ascii: "#") {
                    let text = String(decoding: rest, as: UTF8.self)
                    throw YAMLError("invalid Yaml document separator: \(text)", line: line, column: 1)
                }
                if position > start {
                    chunks.append((bytes[start..<position], startLine))
                    start = min(end + 1, bytes.count)
                    startLine = line + 1
                }
            }
            position = end + 1
            line += 1
        }
        if start < bytes.count { chunks.append((bytes[start...], startLine)) }
        return chunks
    }

    private func document(_ bytes: ArraySlice<UInt8>, startLine: Int) throws(YAMLError) -> YAMLDocument {
        let tree = try YAMLTree(bytes, maximumDepth: maximumDepth)
        var builder = YAMLValueBuilder(
            tree: tree, maximumDepth: maximumDepth, refusesDuplicateKeys: refusesDuplicateKeys)
        let value = try builder.document()
        return YAMLDocument(value: value, startLine: startLine, tree: tree)
    }

    /// A stream of JSON objects, which need no separator; nil if the first is no JSON, which YAML may still read.
    private func jsonDocuments(_ bytes: [UInt8]) throws(YAMLError) -> [YAMLDocument]? {
        var documents: [YAMLDocument] = []
        var rest = bytes[...]
        var line = 1
        while true {
            let spaces = rest.prefix { [9, 10, 13, 32].contains($0) }
            line += spaces.reduce(0) { $1 == 10 ? $0 + 1 : $0 }
            rest = rest.dropFirst(spaces.count)
            guard !rest.isEmpty else { return documents }
            do {
                let (value, end) = try JSONReader.readFirst(rest, maximumDepth: maximumDepth)
                let text = rest[..<end]
                // YAML knows the places; where it does not read what JSON does, the start of the document must do.
                let tree = try? YAMLTree(text, maximumDepth: maximumDepth)
                if refusesDuplicateKeys, let tree {
                    var builder = YAMLValueBuilder(tree: tree, maximumDepth: maximumDepth, refusesDuplicateKeys: true)
                    _ = try builder.document()
                }
                if value != .null { documents.append(YAMLDocument(value: value, startLine: line, tree: tree)) }
                line += text.reduce(0) { $1 == 10 ? $0 + 1 : $0 }
                rest = bytes[end...]
            } catch let error as YAMLError {
                throw error
            } catch let error as JSONError {
                if documents.isEmpty { return nil }
                let offset = rest.startIndex + error.offset
                throw YAMLError("json: offset \(offset): \(error.message)", line: line, column: nil)
            } catch {
                return nil
            }
        }
    }
}

/// One document of a text: its value, and where each field stands.
public struct YAMLDocument: Sendable, Equatable {
    /// The value as JSON, as the API server would see it.
    public var value: JSONValue
    /// The line of the text at which the document begins, from 1.
    public var startLine: Int
    let tree: YAMLTree?

    /// The line of a field such as `spec.template.spec.containers[0].image`, from 1, in the whole text. For a field that
    /// is not there, the line of the innermost one on its way; for an empty path, that of the document.
    public func line(of path: String) -> Int { position(of: path).line }

    /// Line and column of a field, from 1; see ``line(of:)``.
    public func position(of path: String) -> (line: Int, column: Int) {
        guard let tree, tree.root >= 0 else { return (startLine, 1) }
        let (line, column) = tree.position(of: path)
        return (startLine + line - 1, column)
    }
}
