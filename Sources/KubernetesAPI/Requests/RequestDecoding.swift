extension APIRequest {
    /// The object of the request's body, as the API server reads it.
    /// - Returns: the object, and what the client is to be warned of.
    /// - Throws: 400 BadRequest: another kind, a wrong type, or fields that nobody knows if the request asks for strictness.
    public func decoded<Object: KubernetesObject>(_ body: JSONValue, as type: Object.Type) throws(APIStatus)
        -> (object: Object, warnings: [String])
    {
        let resource = Object.resource
        let kind = body["kind"]?.string ?? resource.kind
        let prefix =
            "\(kind.isEmpty ? resource.kind : kind) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): "
        if let problem = Self.kindProblem(body, of: resource) { throw .badRequest(prefix + problem) }
        let decoded: (object: Object, unknownFields: [String])
        do { decoded = try Object.decode(json: body) } catch { throw .badRequest(prefix + error.description) }
        guard !decoded.unknownFields.isEmpty, fieldValidation != .ignore else { return (decoded.object, []) }
        let texts = decoded.unknownFields.map { "unknown field \"\($0)\"" }
        guard fieldValidation == .warn else {
            throw .badRequest(prefix + "strict decoding error: " + texts.joined(separator: ", "))
        }
        return (decoded.object, texts)
    }

    /// A body may leave its kind out, but not name another.
    private static func kindProblem(_ body: JSONValue, of resource: ResourceType) -> String? {
        guard let kind = body["kind"]?.string, !kind.isEmpty else { return nil }
        let version = body["apiVersion"]?.string ?? resource.apiVersion
        if kind == resource.kind { return nil }
        guard
            let other = KindRow.builtIn.first(where: { $0.resource.kind == kind && $0.resource.apiVersion == version })
        else {
            return
                "no kind \"\(kind)\" is registered for version \"\(version)\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        }
        return
            "converting (\(other.resource.version).\(kind)) to (\(resource.version).\(resource.kind)): unknown conversion"
    }
}
