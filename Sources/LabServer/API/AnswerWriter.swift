import Kubectl
import KubernetesAPI
import NIOHTTP1
import OrderedCollections

/// Shows what the simulated API server answered in the form that the client wants.
struct AnswerWriter {
    let form: Representation
    let inclusion: TableDocument.Inclusion
    let reading: RequestReader.Reading

    func answer(_ reply: LabHost.Reply) -> HTTPAnswer {
        var answer = AddedKinds.$current.withValue(reply.kinds) { content(reply) }
        for warning in reply.response.warnings {
            answer.headers.append(("Warning", "299 - \(Self.quoted(warning))"))
        }
        return answer
    }

    private var request: APIRequest { reading.request }

    private func content(_ reply: LabHost.Reply) -> HTTPAnswer {
        let response = reply.response
        switch response.body {
        case .failure(let status): return .failure(status, group: request.resource.group)
        case .text(let text): return HTTPAnswer(.ok, "text/plain", .bytes(Array(text.utf8)))
        case .object(let object):
            if request.verb == .delete, !reply.isLeft, !Self.returnsDeleted.contains(request.resource.kind) {
                return write(deleted(object), code: 200, now: reply.now)
            }
            return write(shown(object), code: response.code, now: reply.now)
        case .list(let objects):
            return write(list: objects.map(shown), response, now: reply.now)
        }
    }

    /// Kinds whose deletion answers with the object even if it is gone (`ReturnDeletedObject` of their stores).
    private static let returnsDeleted: Set<String> = [
        "Pod", "Service", "ServiceAccount", "PersistentVolumeClaim", "ResourceQuota",
    ]

    private func shown(_ object: JSONValue) -> JSONValue {
        EventsGroup.isMeant(reading.resource) ? EventsGroup.object(object) : object
    }

    /// The success of a deletion, with the UID by which kubectl knows the object that is gone.
    private func deleted(_ object: JSONValue) -> JSONValue {
        let metadata = object["metadata"]
        var details: OrderedDictionary<String, JSONValue> = ["name": metadata?["name"] ?? ""]
        if !request.resource.group.isEmpty { details["group"] = .string(request.resource.group) }
        details["kind"] = .string(request.resource.plural)
        details["uid"] = metadata?["uid"] ?? ""
        return [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": .object(details),
        ]
    }

    private func write(_ object: JSONValue, code: Int, now: Time) -> HTTPAnswer {
        let status = HTTPResponseStatus(statusCode: code)
        let isStatus = object["kind"]?.string == "Status" && object["apiVersion"]?.string == "v1"
        switch form {
        case .table where !isStatus && request.verb == .get:
            let table = TableDefinition.of(reading.resource).table(of: [object], .init(now: now))
            let revision = object["metadata"]?["resourceVersion"] ?? ""
            return .json(
                TableDocument.json(table, including: inclusion, metadata: ["resourceVersion": revision]),
                status: status)
        case .metadata where !isStatus: return .json(TableDocument.partial(object), status: status)
        case .protobuf:
            guard let bytes = KubernetesProtobuf.encode(object) else { return .json(object, status: status) }
            return HTTPAnswer(status, "application/vnd.kubernetes.protobuf", .bytes(bytes))
        case .yaml:
            return HTTPAnswer(status, "application/yaml", .bytes(Array(YAMLWriter.text(object).utf8)))
        default: return .json(object, status: status)
        }
    }

    private func write(list objects: [JSONValue], _ response: APIResponse, now: Time) -> HTTPAnswer {
        let (part, metadata) = part(of: objects, response)
        let resource = reading.resource
        switch form {
        case .table:
            let table = TableDefinition.of(resource).table(of: part, .init(now: now))
            return .json(TableDocument.json(table, including: inclusion, metadata: metadata))
        case .metadata:
            return .json([
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "items": .array(part.map(TableDocument.partial)),
            ])
        default:
            // Items of typed lists do not repeat what they are; those of definitions do.
            let isBuiltIn = KindRow.builtIn.contains { $0.resource == resource }
            let items = isBuiltIn ? part.map(Self.withoutKind) : part
            let list: JSONValue = [
                "kind": .string(resource.kind + "List"), "apiVersion": .string(resource.apiVersion),
                "metadata": metadata, "items": .array(items),
            ]
            return write(list, code: response.code, now: now)
        }
    }

    /// As many objects as the client wants at once, and what the list says about itself.
    private func part(of objects: [JSONValue], _ response: APIResponse) -> ([JSONValue], JSONValue) {
        var rest = objects[...]
        var revision = response.resourceVersion
        if let continuation = reading.continuation {
            revision = continuation.revision
            rest = rest.drop { !continuation.key.utf8.lexicographicallyPrecedes(Self.key($0).utf8) }
        }
        let part = reading.limit > 0 ? rest.prefix(reading.limit) : rest
        let metadata = reading.listMetadata(
            revision: revision, last: part.last.map(Self.key) ?? "", remaining: rest.count - part.count)
        return (Array(part), metadata)
    }

    private static func key(_ object: JSONValue) -> String {
        let metadata = object["metadata"]
        return (metadata?["namespace"]?.string ?? "") + "/" + (metadata?["name"]?.string ?? "")
    }

    private static func withoutKind(_ object: JSONValue) -> JSONValue {
        guard case .object(var members) = object else { return object }
        members["apiVersion"] = nil
        members["kind"] = nil
        return .object(members)
    }

    /// A quoted string of a header (RFC 9110): printable ASCII, the rest left out.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case " "..."~": quoted.unicodeScalars.append(scalar)
            default: continue
            }
        }
        return quoted + "\""
    }
}
