import KubernetesAPI

/// `kubectl apply -f` on the command line; ``ApplyCommand`` does the work.
enum ApplyFilesCommand: Command {
    static let definition = CommandDefinition(
        "apply", "Apply a configuration to a resource by file name or stdin",
        usage: "(-f FILENAME | -k DIRECTORY) [options]",
        examples: [
            "apply -f deployment.yaml", "apply -f manifests/ -R", "apply -f hpa.yaml --dry-run=server",
            "apply -f - < deployment.yaml",
        ],
        flags: [
            .filename, .recursive, .kustomize, .output, .dryRun, .fieldManager, .selector, .showManagedFields, .timeout,
            Flag(
                "validate", "", .optional("strict"), initial: "strict",
                "strict (or true), warn, or ignore (or false): what to do about unknown fields"),
            Flag("prune", "", .bool, "Delete objects that the files no longer have (not supported here)"),
            Flag("all", "", .bool, "Select all resources, for --prune"),
            Flag("server-side", "", .bool, "Apply in the server instead of the client"),
            Flag("force-conflicts", "", .bool, "With --server-side, take the fields that others own"),
            Flag("force", "", .bool, "Delete and create again what cannot be changed (not supported here)"),
            Flag("overwrite", "", .bool, initial: "true", "Overwrite what others changed with the values of the files"),
            Flag("wait", "", .bool, "For --prune"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        for (flag, advice) in [
            ("prune", "delete what the files no longer have with delete"),
            ("force", "delete the object and apply it again"),
        ] where arguments.bool(flag) {
            throw CommandFailure("--\(flag) is not supported here; \(advice)")
        }
        guard arguments.positional.isEmpty else {
            throw invocation.usage("Unexpected args: [\(arguments.positional.joined(separator: " "))]")
        }
        guard arguments.has("filename") || arguments.has("kustomize") else {
            throw CommandFailure("must specify one of -f and -k")
        }
        var reporter = try Reporter(invocation)
        var command = ApplyCommand(files: try invocation.manifests(), namespace: invocation.namespace)
        command.dryRun = if case .server = reporter.dryRun { true } else { false }
        command.isLocal = if case .client = reporter.dryRun { true } else { false }
        let isServerSide = arguments.bool("server-side")
        guard isServerSide || !arguments.bool("force-conflicts") else {
            throw CommandFailure("--force-conflicts only works with --server-side")
        }
        let manager = arguments.string("field-manager")
        command.fieldManager = manager.isEmpty ? (isServerSide ? "kubectl" : "kubectl-client-side-apply") : manager
        if isServerSide {
            guard !command.isLocal else {
                throw CommandFailure("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)")
            }
            command.serverSide = ApplyCommand.ServerSide(force: arguments.bool("force-conflicts"))
        }
        command.fieldValidation = try FieldValidation.read(arguments.string("validate"))
        var objects: [ManifestObject] = []
        var failed = false
        for file in command.files {
            let read = file.objects(namespace: invocation.namespace)
            objects += read.objects
            for error in read.errors {
                failed = true
                invocation.printError(error.message)
            }
        }
        if let label = try? LabelQuery(parsing: arguments.string("selector")) {
            objects.removeAll { object in
                var labels: [String: String] = [:]
                for (key, value) in object.value["metadata"]?["labels"]?.object ?? [:] {
                    labels[key] = value.string ?? ""
                }
                return !label.matches(labels)
            }
        }
        if arguments.has("namespace") {
            for object in objects where object.kind.resource.namespaced && object.namespace != invocation.namespace {
                throw CommandFailure(
                    "the namespace from the provided object \"\(object.namespace)\" does not match the namespace \"\(invocation.namespace)\". You must pass '--namespace=\(object.namespace)' to perform this operation."
                )
            }
        }
        var applied: [JSONValue] = []
        for object in objects {
            let result = command.apply(object, on: &endpoint)
            invocation.show(warnings: result.warnings)
            if result.failure != nil {
                failed = true
                invocation.printError(result.text)
            } else if reporter.printsObjects {
                if let value = result.applied { applied.append(value) }
            } else {
                invocation.print(result.text)
            }
        }
        if reporter.printsObjects { try reporter.printTogether(applied) }
        return failed ? 1 : 0
    }
}

/// What `--validate` asks for.
enum FieldValidation {
    static func read(_ text: String) throws(CommandFailure) -> APIRequest.FieldValidation {
        switch text {
        case "strict", "true": return .strict
        case "warn": return .warn
        case "ignore", "false": return .ignore
        default:
            throw CommandFailure(
                "invalid - --validate option \"\(text)\"; must be one of: strict (or true), warn, ignore (or false)")
        }
    }
}
