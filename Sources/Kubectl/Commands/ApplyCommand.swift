import KubernetesAPI
import OrderedCollections

/// `kubectl apply -f`: creates what is missing and patches what differs, remembering what was applied
/// (`kubectl/pkg/cmd/apply`).
public struct ApplyCommand: Sendable {
    static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    public var files: [ManifestFile]
    public var namespace: String
    /// Asks the server what it would do.
    public var dryRun: Bool
    /// Sends nothing that changes anything, not even as a question.
    public var isLocal = false
    /// Who owns what is applied; empty if nobody keeps account of it.
    public var fieldManager = ""
    /// Apply in the server; nil for the client's way.
    public var serverSide: ServerSide?
    public var fieldValidation = APIRequest.FieldValidation.strict

    public init(files: [ManifestFile], namespace: String, dryRun: Bool = false) {
        self.files = files
        self.namespace = namespace
        self.dryRun = dryRun
    }

    /// What became of one object.
    public struct Result: Sendable {
        public var object: ManifestObject
        /// `created`, `configured`, `unchanged`, or nil with `failure`.
        public var outcome: String?
        public var failure: APIStatus?
        /// kubectl's line about it.
        public var text: String
        /// For standard error, without `Warning: `.
        public var warnings: [String] = []
        /// The object as it is now; nil with `failure`.
        public var applied: JSONValue?
    }

    public func run(on endpoint: inout some APIEndpoint) -> CommandOutput {
        var output = CommandOutput()
        let (results, errors) = apply(on: &endpoint)
        for error in errors { output.fail(error.message) }
        for result in results {
            if result.failure == nil { output.print(result.text) } else { output.fail(result.text) }
        }
        return output
    }

    /// Applies everything that can be read; the caller words the outcome.
    public func apply(on endpoint: inout some APIEndpoint) -> (results: [Result], errors: [ManifestError]) {
        var objects: [ManifestObject] = []
        var errors: [ManifestError] = []
        for file in files {
            let read = file.objects(namespace: namespace)
            objects += read.objects
            errors += read.errors
        }
        // Documents that cannot be read stop kubectl before it sends anything of them; the others are sent.
        return (objects.map { apply($0, on: &endpoint) }, errors)
    }

    /// What stands behind the sentence about an object.
    private var note: String { isLocal ? " (dry run)" : dryRun ? " (server dry run)" : "" }

    func apply(_ object: ManifestObject, on endpoint: inout some APIEndpoint) -> Result {
        serverSide == nil ? applyByClient(object, on: &endpoint) : applyByServer(object, on: &endpoint)
    }

    private func applyByClient(_ object: ManifestObject, on endpoint: inout some APIEndpoint) -> Result {
        let resource = object.kind.resource
        let label = resource.label(object.name)
        func failed(_ status: APIStatus, _ action: String) -> Result {
            Result(object: object, failure: status, text: ServerError.text(status, action: action))
        }
        guard !object.name.isEmpty else {
            let status = APIStatus.badRequest("resource name may not be empty")
            return Result(
                object: object, failure: status,
                text: "error: error when retrieving current configuration of \"\(object.file)\": \(status.message)")
        }
        let modified = annotated(object)
        let existing = endpoint.respond(to: APIRequest(.get, resource, namespace: object.namespace, name: object.name))
        switch existing.body {
        case .failure(let status) where status.reason == "NotFound":
            if isLocal {
                return Result(object: object, outcome: "created", text: "\(label) created\(note)", applied: modified)
            }
            let created = endpoint.respond(
                to: APIRequest(
                    .create, resource, namespace: object.namespace, body: modified, dryRun: dryRun,
                    fieldValidation: fieldValidation,
                    fieldManager: fieldManager))
            switch created.body {
            case .failure(let status): return failed(status, "error when creating \"\(object.file)\"")
            case .object(let value):
                let name = value["metadata"]?["name"]?.string ?? object.name
                return Result(
                    object: object, outcome: "created", text: "\(resource.label(name)) created\(note)",
                    warnings: created.warnings, applied: value)
            case .list, .text: return failed(.badRequest("the server gave an unexpected answer"), "")
            }
        case .failure(let status):
            return failed(status, "error when retrieving current configuration")
        case .object(let current):
            return patch(object, label, modified, current, on: &endpoint, failed)
        case .list, .text:
            return failed(.badRequest("the server gave an unexpected answer"), "")
        }
    }

    private func patch(
        _ object: ManifestObject, _ label: String, _ modified: JSONValue, _ current: JSONValue,
        on endpoint: inout some APIEndpoint,
        _ failed: (APIStatus, String) -> Result
    ) -> Result {
        let annotation = current["metadata"]?["annotations"]?[Self.lastApplied]?.string
        let original = annotation.flatMap { try? JSONValue(parsingJSON: Array($0.utf8)[...]) }
        var warnings: [String] = []
        if annotation == nil, object.kind.resource.kind != "Namespace" || !isLocal {
            warnings.append(
                "resource \(object.kind.resource.plural)/\(object.name) is missing the \(Self.lastApplied) annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically."
            )
        }
        let patch: JSONValue
        do {
            patch = try StrategicMergePatch.threeWay(
                original: original, modified: modified, current: current, schema: object.kind.schema)
        } catch {
            return failed(.badRequest("\(error)"), "error when creating patch")
        }
        if case .object(let members) = patch, members.isEmpty {
            return Result(
                object: object, outcome: "unchanged", text: "\(label) unchanged\(note)", warnings: warnings,
                applied: current)
        }
        if isLocal {
            return Result(
                object: object, outcome: "configured", text: "\(label) configured\(note)", warnings: warnings,
                applied: modified)
        }
        let answer = endpoint.respond(
            to: APIRequest(
                .patch, object.kind.resource, namespace: object.namespace, name: object.name, body: patch,
                patchType: object.kind.isCustom ? .merge : .strategicMerge,
                dryRun: dryRun, fieldValidation: fieldValidation, fieldManager: fieldManager))
        switch answer.body {
        case .failure(let status):
            let text = String(decoding: patch.compactBytes, as: UTF8.self)
            let resource = object.kind.resource
            let target =
                "to:\nResource: \"\(resource.apiVersion), Resource=\(resource.plural)\", GroupVersionKind: \"\(resource.apiVersion), Kind=\(resource.kind)\"\nName: \"\(object.name)\", Namespace: \"\(object.namespace)\""
            return failed(
                status,
                status.reason == "Invalid"
                    ? ""
                    : "error when applying patch:\n\(text)\n\(target)\nfor: \"\(object.file)\": error when patching \"\(object.file)\""
            )
        case .object(let after):
            let changed =
                after["metadata"]?["resourceVersion"] != current["metadata"]?["resourceVersion"]
                || (dryRun && !after.isEquivalent(to: current))
            let outcome = changed ? "configured" : "unchanged"
            return Result(
                object: object, outcome: outcome, text: "\(label) \(outcome)\(note)",
                warnings: warnings + answer.warnings, applied: after)
        case .list, .text:
            return failed(.badRequest("the server gave an unexpected answer"), "")
        }
    }

    /// The object with the annotation that remembers it, and the namespace that it goes to.
    func annotated(_ object: ManifestObject) -> JSONValue {
        guard case .object(var members) = object.value else { return object.value }
        var metadata: OrderedDictionary<String, JSONValue> = [:]
        if case .object(let given)? = members["metadata"] { metadata = given }
        if object.kind.resource.namespaced { metadata["namespace"] = .string(object.namespace) }
        var annotations: OrderedDictionary<String, JSONValue> = [:]
        if case .object(let given)? = metadata["annotations"] { annotations = given }
        annotations[Self.lastApplied] = nil
        metadata["annotations"] = .object(annotations)
        members["metadata"] = .object(metadata)
        annotations[Self.lastApplied] = .string(JSONValue.object(members).json(indented: false) + "\n")
        metadata["annotations"] = .object(annotations)
        members["metadata"] = .object(metadata)
        return .object(members)
    }
}
