/// The path of a field, as validation errors print it. Its text is made only when an error needs it.
public struct FieldPath: Sendable, CustomStringConvertible {
    private indirect enum Step: Sendable {
        case root(String)
        case child(Step, String)
        case index(Step, Int)
        case key(Step, String)
    }

    private let step: Step

    private init(_ step: Step) { self.step = step }
    public init(_ text: String) { step = .root(text) }

    public func child(_ name: String) -> FieldPath { FieldPath(.child(step, name)) }
    public func child(_ first: String, _ rest: String...) -> FieldPath {
        FieldPath(rest.reduce(Step.child(step, first)) { .child($0, $1) })
    }
    public func index(_ index: Int) -> FieldPath { FieldPath(.index(step, index)) }
    public func key(_ key: String) -> FieldPath { FieldPath(.key(step, key)) }

    public var description: String { Self.text(step) }

    private static func text(_ step: Step) -> String {
        switch step {
        case .root(let text): return text
        case .child(let parent, let name):
            let before = text(parent)
            return before.isEmpty ? name : before + "." + name
        case .index(let parent, let index): return text(parent) + "[\(index)]"
        case .key(let parent, let key): return text(parent) + "[\(key)]"
        }
    }
}
