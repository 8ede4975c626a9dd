import KubernetesAPI

/// Says what a command did to an object: a sentence, or the object in the format that `-o` asks for.
struct Reporter {
    private var printer: ObjectPrinter
    private let format: OutputFormat
    private let invocation: Invocation
    let dryRun: DryRun

    init(_ invocation: Invocation) throws(CommandFailure) {
        self.invocation = invocation
        format = try OutputFormat(invocation)
        dryRun = try DryRun(invocation)
        printer = ObjectPrinter(format, keepsManagedFields: invocation.arguments.bool("show-managed-fields"))
    }

    var printsObjects: Bool { !format.isHuman }

    /// - Parameter deed: `created`, `scaled`; `-o name` prints the name alone.
    mutating func report(_ resource: ResourceType, _ name: String, _ deed: String, _ object: JSONValue?)
        throws(CommandFailure)
    {
        switch format {
        case .human: invocation.print("\(resource.label(name)) \(deed)\(dryRun.note)")
        case .name: invocation.print(resource.label(name))
        default: if let object { invocation.write(try printer.text(object)) }
        }
    }

    /// Prints several objects as one, as `apply -o yaml` does.
    mutating func printTogether(_ objects: [JSONValue]) throws(CommandFailure) {
        guard let first = objects.first else { return }
        invocation.write(try printer.text(objects.count == 1 ? first : ObjectPrinter.list(objects)))
    }
}

extension APIResponse {
    /// The object of the answer.
    /// - Throws: what the server refused.
    func object() throws(CommandFailure) -> JSONValue {
        switch body {
        case .object(let value): return value
        case .failure(let status): throw CommandFailure(status)
        case .list, .text: throw CommandFailure("the server gave an unexpected answer")
        }
    }
}
