/// A YAML document as read, before anchors are followed and types are told: a flat array of nodes.
///
/// The array holds what a recursive tree would, without recursion: a hostile document cannot exhaust the stack.
struct YAMLTree: Sendable, Equatable {
    enum Kind: UInt8 { case scalar, list, map, alias }

    struct Node: Sendable, Equatable {
        var kind: Kind
        var isImplicit: Bool
        /// From 1, within the document.
        var line: Int32
        var column: Int32
        /// A scalar's text, an alias' anchor.
        var text: String
        var tag: String?
        /// Elements of a list; keys and values of a map by turns.
        var children: [Int32] = []
        /// The node that an alias stands for.
        var target: Int32 = -1
    }

    var nodes: [Node] = []
    /// -1 for a document without content.
    var root: Int32 = -1

    /// Reads the first document of the bytes; what follows it is not looked at, as in `yaml.Unmarshal`.
    init(_ bytes: ArraySlice<UInt8>, maximumDepth: Int) throws(YAMLError) {
        let source = try YAMLEventSource(bytes, maximumDepth: maximumDepth)
        var anchors: [String: Int32] = [:]
        var open: [(node: Int32, anchor: String?)] = []
        while true {
            let event = try source.next()
            switch event.kind {
            case .streamStart, .documentStart: continue
            case .streamEnd, .documentEnd: return
            case .listEnd, .mapEnd:
                open.removeLast()
                continue
            case .alias:
                guard let target = anchors[event.text] else {
                    throw YAMLError(
                        "yaml: unknown anchor '\(event.text)' referenced", line: event.line, column: event.column)
                }
                if open.contains(where: { $0.node == target }) {
                    throw YAMLError(
                        "yaml: anchor '\(event.text)' value contains itself", line: event.line, column: event.column)
                }
                let node = append(event, .alias)
                nodes[Int(node)].target = target
                adopt(node, by: open.last?.node)
            case .scalar:
                let node = append(event, .scalar)
                if let anchor = event.anchor { anchors[anchor] = node }
                adopt(node, by: open.last?.node)
            case .listStart, .mapStart:
                guard open.count < maximumDepth else {
                    throw YAMLError(
                        "yaml: exceeded max depth of \(maximumDepth)", line: event.line, column: event.column)
                }
                let node = append(event, event.kind == .listStart ? .list : .map)
                if let anchor = event.anchor { anchors[anchor] = node }
                adopt(node, by: open.last?.node)
                open.append((node, event.anchor))
            }
        }
    }

    private mutating func append(_ event: YAMLEvent, _ kind: Kind) -> Int32 {
        nodes.append(
            Node(
                kind: kind, isImplicit: event.isImplicit, line: Int32(clamping: event.line),
                column: Int32(clamping: event.column), text: event.text, tag: event.tag))
        return Int32(clamping: nodes.count - 1)
    }

    private mutating func adopt(_ node: Int32, by parent: Int32?) {
        guard let parent else { return root = node }
        nodes[Int(parent)].children.append(node)
    }

    subscript(_ index: Int32) -> Node { nodes[Int(index)] }

    /// The node itself, or the one that an alias stands for.
    func resolved(_ index: Int32) -> Int32 { self[index].kind == .alias ? self[index].target : index }

    /// `<<` without quotes merges other maps into its own (`isMerge` in go-yaml).
    func isMerge(_ index: Int32) -> Bool {
        let node = self[index]
        return node.kind == .scalar && node.text == "<<"
            && ((node.isImplicit && node.tag == nil) || node.tag == YAMLScalar.longTag("merge"))
    }
}
