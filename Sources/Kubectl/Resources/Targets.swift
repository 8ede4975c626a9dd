import KubernetesAPI

extension Invocation {
    /// The objects that a changing command is about: by files, by names, by `-l`, or `--all`.
    /// - Parameter defaultKind: the kind of words that name none (`cordon n1`).
    func targets(
        _ words: [String], on endpoint: inout some SimulatedEndpoint, defaultKind: String? = nil
    ) throws(CommandFailure) -> FetchResult {
        let selection: ResourceSelection
        if arguments.has("filename") || arguments.has("kustomize") {
            selection = ResourceSelection(try manifestObjects())
        } else {
            var words = words
            if let defaultKind, let first = words.first, !first.contains("/") { words.insert(defaultKind, at: 0) }
            if let defaultKind, words.isEmpty, !arguments.string("selector").isEmpty { words = [defaultKind] }
            selection = try ResourceSelection(
                words,
                .init(
                    kindAloneMeansAll: false, selector: arguments.string("selector"),
                    fieldSelector: arguments.string("field-selector"),
                    all: arguments.bool("all"), allNamespaces: arguments.bool("all-namespaces")))
        }
        let found = selection.fetch(
            on: &endpoint, namespace: arguments.bool("all-namespaces") ? "" : namespace,
            labelSelector: arguments.string("selector"),
            fieldSelector: arguments.string("field-selector"))
        show(warnings: found.warnings)
        return found
    }

    /// Prints what failed; the exit code.
    func finish(_ failures: [CommandFailure]) -> Int32 {
        for failure in failures { printError(failure.text) }
        return failures.isEmpty ? 0 : 1
    }
}

extension Invocation {
    /// The object with a change, as the server has it afterwards; nothing is sent for a client's dry run.
    func patch(
        _ target: FetchedObject, _ patch: JSONValue, _ type: APIRequest.PatchType, _ dryRun: DryRun, manager: String,
        subresource: String = "",
        on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) -> JSONValue {
        if case .client = dryRun {
            do {
                switch type {
                case .json: return try JSONPatch(patch).applied(to: target.value)
                case .merge: return MergePatch.apply(patch, to: target.value)
                case .strategicMerge:
                    return try StrategicMergePatch.apply(patch, to: target.value, schema: target.kind.schema)
                case .apply: return try TypedValue(target.value, MergeShape(target.kind.schema)).merged(with: patch)
                }
            } catch { throw CommandFailure("\(error)") }
        }
        let asks = if case .server = dryRun { true } else { false }
        // Like kubectl, which leaves what to do about unknown fields to the server: it warns.
        let answer = endpoint.respond(
            to: APIRequest(
                .patch, target.kind.resource, namespace: target.namespace, name: target.name, subresource: subresource,
                body: patch, patchType: type, dryRun: asks, fieldValidation: .warn, fieldManager: manager))
        show(warnings: answer.warnings)
        return try answer.object()
    }
}
