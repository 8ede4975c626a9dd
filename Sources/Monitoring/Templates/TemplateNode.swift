/// An operand of a command.
indirect enum TemplateOperand: Sendable {
    case dot
    case null
    case boolean(Bool)
    case number(TemplateNumber)
    /// The value and the literal as it was written.
    case string(String, literal: String)
    case field([String])
    case variable(String, fields: [String])
    case function(String)
    case pipeline(TemplatePipeline)
    case chain(TemplateArgument, fields: [String])

    /// As Go prints the node in its messages.
    var text: String {
        switch self {
        case .dot: "."
        case .null: "nil"
        case .boolean(let value): value ? "true" : "false"
        case .number(let number): number.text
        case .string(_, let literal): literal
        case .field(let names): names.map { "." + $0 }.joined()
        case .variable(let name, let fields): name + fields.map { "." + $0 }.joined()
        case .function(let name): name
        case .pipeline(let pipeline): "(" + pipeline.text + ")"
        case .chain(let base, let fields): base.operand.text + fields.map { "." + $0 }.joined()
        }
    }
}

/// An operand with its place, in bytes from the beginning of the template.
struct TemplateArgument: Sendable {
    var operand: TemplateOperand
    var position: Int
}

/// `printf "%d" .Count`: a function or value and what it is given.
struct TemplateCommand: Sendable {
    var arguments: [TemplateArgument]
    var position: Int

    var text: String { arguments.map(\.operand.text).joined(separator: " ") }
}

/// Commands between `|`, with the variables that take the result.
struct TemplatePipeline: Sendable {
    var variables: [String] = []
    /// `=` and not `:=`.
    var assigns = false
    var commands: [TemplateCommand]
    var position: Int

    var text: String {
        let head = variables.isEmpty ? "" : variables.joined(separator: ", ") + (assigns ? " = " : " := ")
        return head + commands.map(\.text).joined(separator: " | ")
    }
}

/// A piece of a template.
indirect enum TemplateNode: Sendable {
    case text(String)
    case action(TemplatePipeline)
    case condition(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case with(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case range(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
    case template(name: String, TemplatePipeline?, position: Int)
    case leave
    case proceed
}

/// Why a template has no text: at reading (`template: x:1: function "y" not defined`) or at expansion.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
