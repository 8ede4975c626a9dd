import KubernetesAPI

/// `kubectl apply --server-side`: the server merges, and keeps account of who owns what.
extension ApplyCommand {
    public struct ServerSide: Sendable {
        /// Take the fields that others own.
        public var force: Bool
        public init(force: Bool) { self.force = force }
    }

    func applyByServer(_ object: ManifestObject, on endpoint: inout some APIEndpoint) -> Result {
        let resource = object.kind.resource
        var request = APIRequest(
            .patch, resource, namespace: object.namespace, name: object.name, body: object.value, patchType: .apply,
            dryRun: dryRun, fieldValidation: fieldValidation, fieldManager: fieldManager)
        request.force = serverSide?.force ?? false
        var answer = endpoint.respond(to: request)
        if case .object(let after) = answer.body, !dryRun, let patch = migration(of: after) {
            // What was applied by the client until now is the server's business from here on: fields that the file no
            // longer has go with the second apply.
            let moved = endpoint.respond(
                to: APIRequest(
                    .patch, resource, namespace: object.namespace, name: object.name, body: patch, patchType: .json,
                    fieldManager: fieldManager))
            if case .object = moved.body { answer = endpoint.respond(to: request) }
        }
        switch answer.body {
        case .object(let after):
            return Result(
                object: object, outcome: "serverside-applied",
                text: "\(resource.label(object.name)) serverside-applied" + (dryRun ? " (server dry run)" : ""),
                warnings: answer.warnings, applied: after)
        case .failure(let status) where status.code == 409:
            return Result(object: object, failure: status, text: "error: \(status.message)\n\(Self.advice)")
        case .failure(let status):
            return Result(object: object, failure: status, text: ServerError.text(status, action: ""))
        case .list, .text:
            let status = APIStatus.badRequest("the server gave an unexpected answer")
            return Result(object: object, failure: status, text: ServerError.text(status, action: ""))
        }
    }

    /// The patch that gives the applier what client-side apply owned (`client-go/util/csaupgrade`).
    private func migration(of object: JSONValue) -> JSONValue? {
        let metadata = object["metadata"]
        var reader = JSONFieldReader()
        var entries: [ManagedFieldsEntry] = []
        for item in metadata?["managedFields"]?.array ?? [] {
            var entry = ManagedFieldsEntry()
            guard (try? entry.setJSON(item, &reader)) != nil else { return nil }
            entries.append(entry)
        }
        guard var owners = try? FieldOwnership(entries),
            owners.giveUpdates(of: "kubectl-client-side-apply", toApplier: fieldManager)
        else { return nil }
        return [
            [
                "op": "replace", "path": "/metadata/managedFields",
                "value": .array(owners.entries.map(\.jsonValue)),
            ],
            [
                "op": "replace", "path": "/metadata/resourceVersion", "value": metadata?["resourceVersion"] ?? "",
            ],
        ]
    }

    /// What kubectl says after a conflict.
    private static let advice = """
        Please review the fields above--they currently have other managers. Here
        are the ways you can resolve this warning:
        * If you intend to manage all of these fields, please re-run the apply
          command with the `--force-conflicts` flag.
        * If you do not intend to manage all of the fields, please edit your
          manifest to remove references to the fields that should keep their
          current managers.
        * You may co-own fields by updating your manifest to match the existing
          value; in this case, you'll become the manager if the other manager(s)
          stop managing the field (remove it from their configuration).
        See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
        """
}
