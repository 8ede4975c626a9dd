import KubernetesAPI

/// The body of a request as a value, whatever its format.
enum RequestBody {
    /// `application/json`, without parameters; empty if nothing is said.
    static func mediaType(_ http: HTTPRequest) -> String {
        let header = http.headers.first(name: "content-type") ?? ""
        return (header.split(separator: ";").first ?? "").trimmingSpaces.lowercased()
    }

    /// - Parameter resource: the kind that is expected; nil for options of a deletion.
    /// - Throws: 400 for a body that cannot be read, 415 for a format that nobody knows.
    static func read(_ http: HTTPRequest, for resource: ResourceType?, _ path: ResourcePath) throws(APIStatus)
        -> JSONValue?
    {
        guard !http.body.isEmpty else {
            if resource == nil { return nil }
            throw .badRequest("the request has no body")
        }
        switch mediaType(http) {
        case "", "application/json", "*/*": return try json(http.body)
        case "application/yaml", "text/yaml", "application/x-yaml": return try yaml(http.body)
        case "application/vnd.kubernetes.protobuf":
            do { return try KubernetesProtobuf.decode(http.body) } catch {
                throw .badRequest("the body of the request cannot be read as protobuf: \(error)")
            }
        default:
            throw APIStatus(
                code: 415, reason: "UnsupportedMediaType",
                message:
                    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"
            )
        }
    }

    static func json(_ bytes: [UInt8]) throws(APIStatus) -> JSONValue {
        do { return try JSONValue(parsingJSON: bytes[...]) } catch {
            throw .badRequest("the body of the request is no JSON: \(error)")
        }
    }

    static func yaml(_ bytes: [UInt8]) throws(APIStatus) -> JSONValue {
        let documents: [YAMLDocument]
        do { documents = try YAMLReader.documents(bytes) } catch {
            throw .badRequest("error decoding YAML: \(error.message)")
        }
        guard let document = documents.first, documents.count == 1 else {
            throw .badRequest("the body of the request holds \(documents.count) documents, one is expected")
        }
        return document.value
    }
}
