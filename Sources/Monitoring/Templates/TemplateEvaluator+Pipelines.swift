import PromQL

/// Pipelines, their commands and what these are given.
extension TemplateEvaluator {
    mutating func set(_ name: String, _ value: TemplateValue, assigns: Bool) throws(TemplateError) {
        guard assigns else {
            variables.append((name, value))
            return
        }
        guard let index = variables.lastIndex(where: { $0.name == name }) else {
            throw failure("undefined variable: \(name)")
        }
        variables[index].value = value
    }

    mutating func evaluate(_ pipeline: TemplatePipeline, dot: TemplateValue) throws(TemplateError) -> TemplateValue {
        at(.pipeline(pipeline))
        var value: TemplateValue?
        for command in pipeline.commands { value = try evaluate(command, dot: dot, final: value) }
        let result = value ?? .null
        for variable in pipeline.variables { try set(variable, result, assigns: pipeline.assigns) }
        return result
    }

    /// - Parameter final: the value of the command before in the pipeline, the last argument of this one.
    private mutating func evaluate(
        _ command: TemplateCommand, dot: TemplateValue, final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        try step()
        guard let first = command.arguments.first else { return .null }
        let rest = command.arguments.dropFirst()
        switch first.operand {
        case .field, .chain: return try evaluate(first, rest, dot: dot, final: final)
        case .variable(_, let names) where !names.isEmpty:
            return try evaluate(first, rest, dot: dot, final: final)
        case .function(let function): return try call(function, first, command, rest, dot: dot, final: final)
        case .pipeline(let inner):
            // Its arguments are all inside.
            try refuse(rest, final, inner.text)
            return try evaluate(inner, dot: dot)
        default:
            at(.argument(first))
            try refuse(rest, final, first.operand.text)
            if case .null = first.operand { throw failure("nil is not a command") }
            return try evaluate(first, [], dot: dot, final: nil)
        }
    }

    private func refuse(
        _ rest: ArraySlice<TemplateArgument>, _ final: TemplateValue?, _ text: String
    ) throws(TemplateError) {
        guard rest.isEmpty, final == nil else { throw failure("can't give argument to non-function \(text)") }
    }

    /// The value of an operand that stands alone, as an argument, or before arguments of a method.
    private mutating func evaluate(
        _ argument: TemplateArgument, _ rest: ArraySlice<TemplateArgument>, dot: TemplateValue, final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        try descend()
        defer { ascend() }
        at(.argument(argument))
        switch argument.operand {
        case .dot: return dot
        case .null: return .null
        case .boolean(let value): return .boolean(value)
        case .number(let number):
            if number.isFloat { return .float(number.float) }
            guard let whole = number.integer else { throw failure("\(number.text) overflows int") }
            return .integer(whole)
        case .string(let text, _): return .string(text)
        case .field(let names): return try fields(names, of: dot, argument, rest, dot: dot, final: final)
        case .variable(let name, let names):
            guard let entry = variables.last(where: { $0.name == name }) else {
                throw failure("undefined variable: \(name)")
            }
            if names.isEmpty { return entry.value }
            return try fields(names, of: entry.value, argument, rest, dot: dot, final: final)
        case .function(let function):
            let command = TemplateCommand(arguments: [argument], position: argument.position)
            return try call(function, argument, command, [], dot: dot, final: nil)
        case .pipeline(let pipeline): return try evaluate(pipeline, dot: dot)
        case .chain(let base, let names):
            if case .null = base.operand {
                throw failure("indirection through explicit nil in \(argument.operand.text)")
            }
            let value = try evaluate(base, [], dot: dot, final: nil)
            return try fields(names, of: value, argument, rest, dot: dot, final: final)
        }
    }

    /// An argument as its parameter holds it.
    private mutating func evaluate(
        _ argument: TemplateArgument, as parameter: TemplateSignature.Parameter, dot: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        at(.argument(argument))
        switch argument.operand {
        case .number, .string, .boolean, .null:
            do {
                if let value = try parameter.accept(literal: argument.operand) { return value }
            } catch { throw failure(error.message) }
            return try evaluate(argument, [], dot: dot, final: nil)
        default:
            let value = try evaluate(argument, [], dot: dot, final: nil)
            do { return try parameter.accept(value) } catch { throw failure(error.message) }
        }
    }

    private mutating func fields(
        _ names: [String], of base: TemplateValue, _ node: TemplateArgument, _ rest: ArraySlice<TemplateArgument>,
        dot: TemplateValue, final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        var value = base
        for name in names.dropLast() { value = try field(name, of: value, node, [], dot: dot, final: nil) }
        return try field(names.last ?? "", of: value, node, rest, dot: dot, final: final)
    }

    private mutating func field(
        _ name: String, of base: TemplateValue, _ node: TemplateArgument, _ rest: ArraySlice<TemplateArgument>,
        dot: TemplateValue, final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        if let signature = TemplateMethods.signature(of: name, on: base) {
            let given = try arguments(of: name, signature, rest, dot: dot, final: final)
            do { return try TemplateMethods.call(name, on: base, given) } catch {
                at(.argument(node))
                throw failure("error calling \(name): \(error.message)")
            }
        }
        do {
            return try TemplateFields.value(of: name, in: base, hasArguments: !rest.isEmpty || final != nil)
        } catch { throw failure(error.message) }
    }

    // MARK: Calls

    /// The arguments of a function or method, of the right number and type.
    private mutating func arguments(
        of name: String, _ signature: TemplateSignature, _ rest: ArraySlice<TemplateArgument>, dot: TemplateValue,
        final: TemplateValue?
    ) throws(TemplateError) -> [TemplateValue] {
        let count = rest.count + (final == nil ? 0 : 1)
        if let wanted = signature.mismatch(count) {
            throw failure(
                "wrong number of args for \(name): want \(wanted) got \(signature.isVariadic ? rest.count : count)")
        }
        if let note = signature.uncallable { throw failure("can't call method/function \"\(name)\" with \(note)") }
        var given: [TemplateValue] = []
        for (index, argument) in rest.enumerated() {
            given.append(try evaluate(argument, as: signature.parameter(index), dot: dot))
        }
        if let final {
            do { given.append(try signature.parameter(rest.count).accept(final)) } catch {
                throw failure(error.message)
            }
        }
        return given
    }

    private mutating func call(
        _ function: String, _ node: TemplateArgument, _ command: TemplateCommand, _ rest: ArraySlice<TemplateArgument>,
        dot: TemplateValue, final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        at(.argument(node))
        guard let signature = TemplateSignature.all[function] else {
            throw failure("\(GoQuote.quote(function)) is not a defined function")
        }
        if function == "and" || function == "or", signature.mismatch(rest.count + (final == nil ? 0 : 1)) == nil {
            // These two stop where the answer is known.
            var value = TemplateValue.null
            for argument in rest {
                value = try evaluate(argument, as: .any, dot: dot)
                if value.isTrue == (function == "or") { return value }
            }
            return final ?? value
        }
        let given = try arguments(of: function, signature, rest, dot: dot, final: final)
        let visited = place
        at(.command(command))
        try charge(TemplateWork.cost(of: function, given))
        let result: TemplateValue
        do { result = try apply(function, given) } catch {
            throw failure("error calling \(function): \(error.message)")
        }
        if case .string(let text) = result { try charge(text.utf8.count) }
        // Only an error of the function itself is one of the whole command.
        at(visited)
        return result
    }

    private func apply(_ function: String, _ given: [TemplateValue]) throws(CallError) -> TemplateValue {
        if function == "query" {
            guard case .string(let text)? = given.first else { return .null }
            do { return .samples(try query(text)) } catch { throw CallError(message: error.description) }
        }
        if let value = try TemplateBuiltins.call(function, given) { return value }
        return try TemplateFunctions.call(function, given, data)
    }
}
