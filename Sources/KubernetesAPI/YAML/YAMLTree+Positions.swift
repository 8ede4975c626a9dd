extension YAMLTree {
    /// Where a field stands: its key for a member, itself for an element; line and column from 1 in the document.
    func position(of path: String) -> (line: Int, column: Int) {
        var rest = Substring(path)
        var node = root
        var place = (line: Int(self[root].line), column: Int(self[root].column))
        // A path has no more steps than bytes; this ends on any input.
        while !rest.isEmpty {
            let index = resolved(node)
            switch self[index].kind {
            case .map:
                guard let step = member(of: index, at: rest, merges: 8) else { return place }
                place = (Int(self[step.key].line), Int(self[step.key].column))
                node = step.value
                rest = step.rest
            case .list:
                guard rest.first == "[", let end = rest.firstIndex(of: "]"),
                    let element = Int(rest[rest.index(after: rest.startIndex)..<end]),
                    self[index].children.indices.contains(element)
                else { return place }
                node = self[index].children[element]
                place = (Int(self[node].line), Int(self[node].column))
                rest = rest[rest.index(after: end)...]
            case .scalar, .alias: return place
            }
            if rest.first == "." { rest = rest.dropFirst() }
        }
        return place
    }

    /// The member of a map that a path goes through, the longest key that fits: keys hold dots themselves
    /// (`metadata.labels.app.kubernetes.io/name`). Of equal keys, the last; of merged maps, the first that fits.
    private func member(of map: Int32, at path: Substring, merges: Int) -> (key: Int32, value: Int32, rest: Substring)?
    {
        var best: (key: Int32, value: Int32, rest: Substring)?
        var bestLength = -1
        let children = self[map].children
        for pair in stride(from: 0, to: children.count - 1, by: 2) {
            let key = children[pair]
            let text = self[key].text
            guard self[key].kind == .scalar, text.utf8.count >= bestLength, let rest = Self.strip(text, from: path)
            else { continue }
            bestLength = text.utf8.count
            best = (key, children[pair + 1], rest)
        }
        if best != nil || merges == 0 { return best }
        for pair in stride(from: 0, to: children.count - 1, by: 2) where isMerge(children[pair]) {
            let merged = resolved(children[pair + 1])
            let sources = self[merged].kind == .list ? self[merged].children : [merged]
            for source in sources where self[resolved(source)].kind == .map {
                if let found = member(of: resolved(source), at: path, merges: merges - 1) { return found }
            }
        }
        return nil
    }

    /// What is left of a path behind a key, written plainly or in brackets (`labels[app]`).
    private static func strip(_ key: String, from path: Substring) -> Substring? {
        if path.hasPrefix("[" + key + "]") { return path.dropFirst(key.count + 2) }
        guard path.hasPrefix(key) else { return nil }
        let rest = path.dropFirst(key.count)
        return rest.isEmpty || rest.first == "." || rest.first == "[" ? rest : nil
    }
}
