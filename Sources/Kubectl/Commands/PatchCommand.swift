import KubernetesAPI

/// `kubectl patch` (`kubectl/pkg/cmd/patch`).
enum PatchCommand: Command {
    static let definition = CommandDefinition(
        "patch", "Update fields of a resource",
        usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]",
        examples: [
            "patch node n1 -p '{\"spec\":{\"unschedulable\":true}}'",
            "patch deploy web --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":2}]'",
        ],
        flags: [
            .filename, .recursive, .kustomize, .output, .dryRun, .fieldManager, .showManagedFields,
            Flag("patch", "p", "The patch to be applied, in JSON or YAML"), Flag("patch-file", "A file with the patch"),
            Flag(
                "type", "", .string, initial: "strategic",
                "The type of patch being provided; one of [json merge strategic]"),
            Flag("subresource", "The subresource to patch: status, scale or resize"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        guard arguments.has("patch") != arguments.has("patch-file") else {
            throw invocation.usage(
                arguments.has("patch")
                    ? "cannot specify --patch and --patch-file together"
                    : "must specify --patch or --patch-file containing the contents of the patch")
        }
        let type: APIRequest.PatchType
        switch arguments.string("type").lowercased() {
        case "strategic": type = .strategicMerge
        case "merge": type = .merge
        case "json": type = .json
        case let other: throw invocation.usage("--type must be one of [json merge strategic], not \"\(other)\"")
        }
        let patch = try readPatch(invocation)
        var reporter = try Reporter(invocation)
        let subresource = arguments.string("subresource")
        let found = try invocation.targets(arguments.positional, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do throws(CommandFailure) {
                let after = try invocation.patch(
                    target, patch, type, reporter.dryRun, manager: "kubectl-patch", subresource: subresource,
                    on: &endpoint)
                let isSame = after.isEquivalent(to: target.value) && subresource.isEmpty
                try reporter.report(
                    target.kind.resource, target.name, isSame ? "patched (no change)" : "patched", after)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    private static func readPatch(_ invocation: Invocation) throws(CommandFailure) -> JSONValue {
        var bytes = Array(invocation.arguments.string("patch").utf8)
        let file = invocation.arguments.string("patch-file")
        if !file.isEmpty {
            do { bytes = try invocation.environment.contents(ofFile: file) } catch {
                throw CommandFailure("unable to read patch file: open \(file): \(error.reason)")
            }
        }
        do {
            guard let document = try YAMLReader.documents(bytes).first else {
                throw CommandFailure(
                    "unable to parse \"\(String(decoding: bytes, as: UTF8.self))\": the patch is empty")
            }
            return document.value
        } catch let error as YAMLError {
            throw CommandFailure(
                "unable to parse \"\(String(decoding: bytes, as: UTF8.self))\": yaml: \(error.message)")
        } catch let error as CommandFailure { throw error } catch { throw CommandFailure("\(error)") }
    }
}

/// `kubectl replace -f` (`kubectl/pkg/cmd/replace`).
enum ReplaceCommand: Command {
    static let definition = CommandDefinition(
        "replace", "Replace a resource by file name or stdin", usage: "-f FILENAME [options]",
        examples: ["replace -f deployment.yaml"],
        flags: [
            .filename, .recursive, .kustomize, .output, .dryRun, .fieldManager, .showManagedFields,
            Flag(
                "validate", "", .optional("strict"), initial: "strict",
                "strict (or true), warn, or ignore (or false): what to do about unknown fields"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        guard invocation.arguments.has("filename") else { throw invocation.usage("must specify one of -f and -k") }
        var reporter = try Reporter(invocation)
        let validation = try FieldValidation.read(invocation.arguments.string("validate"))
        var failures: [CommandFailure] = []
        for object in try invocation.manifestObjects() {
            let resource = object.kind.resource
            let asks = if case .server = reporter.dryRun { true } else { false }
            var request = APIRequest(
                .update, resource, namespace: object.namespace, name: object.name, body: object.value, dryRun: asks,
                fieldValidation: validation,
                fieldManager: "kubectl-replace")
            if case .client = reporter.dryRun {
                request = APIRequest(.get, resource, namespace: object.namespace, name: object.name)
            }
            let answer = endpoint.respond(to: request)
            invocation.show(warnings: answer.warnings)
            switch answer.body {
            case .object(let value):
                do { try reporter.report(resource, object.name, "replaced", value) } catch { failures.append(error) }
            case .failure(let status):
                failures.append(
                    CommandFailure(text: ServerError.text(status, action: "error when replacing \"\(object.file)\"")))
            case .list, .text: break
            }
        }
        return invocation.finish(failures)
    }
}
