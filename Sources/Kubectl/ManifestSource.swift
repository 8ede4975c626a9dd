import KubernetesAPI

/// A manifest file as it was given, before anything is known of it.
public struct ManifestFile: Sendable, Equatable {
    /// As error messages print it.
    public var name: String
    public var bytes: [UInt8]

    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// One object of a manifest, with its kind found.
public struct ManifestObject: Sendable {
    public var file: String
    /// Line of the file at which the document begins.
    public var line: Int
    public var kind: KindRow
    public var value: JSONValue
    public var name: String
    public var namespace: String
    /// Finds the line of a field path within the document.
    public var document: YAMLDocument
}

/// Why a manifest cannot even be sent, in kubectl's words.
public struct ManifestError: Error, Sendable, Equatable {
    public var file: String
    /// 0 if it is not known.
    public var line: Int
    public var message: String
}

extension ManifestFile {
    /// The objects of all documents, `List`s opened; documents that fail are errors of their own.
    public func objects(namespace: String) -> (objects: [ManifestObject], errors: [ManifestError]) {
        var reader = YAMLReader()
        reader.refusesDuplicateKeys = false
        let documents: [YAMLDocument]
        do { documents = try reader.documents(bytes) } catch {
            return (
                [],
                [
                    ManifestError(
                        file: name, line: error.line ?? 0,
                        message: "error: error parsing \(name): error converting YAML to JSON: \(error.message)")
                ]
            )
        }
        var objects: [ManifestObject] = []
        var errors: [ManifestError] = []
        for document in documents {
            if case .null = document.value { continue }
            read(document.value, document, namespace, &objects, &errors)
        }
        if objects.isEmpty, errors.isEmpty {
            errors.append(ManifestError(file: name, line: 0, message: "error: no objects passed to apply"))
        }
        return (objects, errors)
    }

    private func read(
        _ value: JSONValue, _ document: YAMLDocument, _ namespace: String, _ objects: inout [ManifestObject],
        _ errors: inout [ManifestError]
    ) {
        func fail(_ message: String, _ path: String = "") {
            errors.append(
                ManifestError(
                    file: name, line: path.isEmpty ? document.startLine : document.line(of: path), message: message))
        }
        let suffix = "; if you choose to ignore these errors, turn validation off with --validate=false"
        guard case .object(let members) = value else {
            return fail(
                "error: error validating \"\(name)\": error validating data: invalid object to validate" + suffix)
        }
        guard let kindName = members["kind"]?.string, !kindName.isEmpty else {
            var missing = ["kind not set"]
            if members["apiVersion"]?.string?.isEmpty ?? true { missing.insert("apiVersion not set", at: 0) }
            let text = missing.count == 1 ? missing[0] : "[" + missing.joined(separator: ", ") + "]"
            return fail("error: error validating \"\(name)\": error validating data: \(text)\(suffix)")
        }
        guard let version = members["apiVersion"]?.string, !version.isEmpty else {
            return fail("error: error validating \"\(name)\": error validating data: apiVersion not set\(suffix)")
        }
        if kindName == "List", version == "v1" {
            if case .array(let items)? = members["items"] {
                for item in items { read(item, document, namespace, &objects, &errors) }
            }
            return
        }
        let metadata = members["metadata"]
        let objectName = metadata?["name"]?.string ?? ""
        guard
            let kind = KindRow.known.first(where: {
                // kubectl finds a kind in lower case too; the server then refuses the object.
                ($0.resource.kind == kindName || $0.resource.singular == kindName) && $0.resource.apiVersion == version
                    && $0.resource.group != "metrics.k8s.io"
            })
        else {
            return fail(
                "error: resource mapping not found for name: \"\(objectName)\" namespace: \"\(metadata?["namespace"]?.string ?? "")\" from \"\(name)\": no matches for kind \"\(kindName)\" in version \"\(version)\"\nensure CRDs are installed first",
                "kind")
        }
        for field in ["labels", "annotations"] {
            guard case .object(let entries)? = metadata?[field] else { continue }
            for (key, entry) in entries {
                let found: String
                switch entry {
                case .string, .null: continue
                case .bool: found = "bool"
                case .integer, .number: found = "number"
                case .array: found = "array"
                case .object: found = "object"
                }
                return fail(
                    "error: unable to decode \"\(name)\": json: cannot unmarshal \(found) into Go struct field ObjectMeta.metadata.\(field) of type string",
                    "metadata.\(field).\(key)")
            }
        }
        let own = metadata?["namespace"]?.string ?? ""
        objects.append(
            ManifestObject(
                file: name, line: document.startLine, kind: kind, value: value, name: objectName,
                namespace: kind.resource.namespaced ? (own.isEmpty ? namespace : own) : "", document: document))
    }
}
