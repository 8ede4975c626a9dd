/// A template's parts, as Go's text/template/parse has them.
indirect enum TemplateNode: Sendable {
    case text(String)
    case action(TemplatePipeline)
    case branch(Branch, TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case template(String, TemplatePipeline?)

    enum Branch: Sendable { case `if`, with, range }
}

/// Commands that hand their value on, and the variables that it is given to.
struct TemplatePipeline: Sendable {
    var variables: [String] = []
    /// `=` and not `:=`.
    var assigns = false
    var commands: [TemplateCommand]
    /// As it stands in the text, for errors.
    var source: String
    /// Where it stands, in bytes from the beginning of the text.
    var offset: Int
}

/// A function with its arguments, or one operand.
struct TemplateCommand: Sendable {
    var operands: [TemplateOperand]
    var source: String
    var offset: Int
}

indirect enum TemplateOperand: Sendable {
    case function(String)
    case dot
    case none
    /// `.a.b` of the present value.
    case field([String])
    case variable(String, [String])
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case parenthesis(TemplatePipeline, [String])
}

/// Why a template cannot be used.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// With the texts of Go's text/template.
    public let description: String

    public init(_ description: String) { self.description = description }
}
