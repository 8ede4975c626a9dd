import KubernetesAPI
import OrderedCollections

@testable import Kubectl

/// A store of objects without behaviour: it answers requests about what it was given, keeps what it is sent, and plays
/// prepared changes when time passes.
struct FakeCluster: SimulatedEndpoint {
    var objects: [JSONValue] = []
    var wallTime: Time
    /// Changes to come, by seconds from the start of a watch.
    var future: [(after: Int64, event: WatchEvent)] = []
    var logs: [String: String] = [:]
    /// Every request, in order.
    private(set) var requests: [APIRequest] = []
    private var revision = 1_000

    init(_ documents: [String] = [], now: String = "2026-11-23T09:27:04Z") throws {
        wallTime = Time(epochSeconds: CivilTime.parse(now)?.seconds ?? 0)
        for text in documents { try add(text) }
    }

    mutating func add(_ text: String) throws {
        for document in try YAMLReader.documents(text) {
            if let items = document.value["items"]?.array { objects += items } else { objects.append(document.value) }
        }
    }

    mutating func respond(to request: APIRequest) -> APIResponse {
        requests.append(request)
        do { return try answer(request) } catch let status as APIStatus { return APIResponse(status) } catch {
            return APIResponse(.badRequest("\(error)"))
        }
    }

    private func index(_ request: APIRequest) throws -> Int {
        let found = objects.firstIndex { object in
            isOf(object, request.resource) && object["metadata"]?["name"]?.string == request.name
                && (!request.resource.namespaced || object["metadata"]?["namespace"]?.string == request.namespace)
        }
        guard let found else { throw APIStatus.notFound(request.resource, request.name) }
        return found
    }

    private func isOf(_ object: JSONValue, _ resource: ResourceType) -> Bool {
        object["kind"]?.string == resource.kind && object["apiVersion"]?.string == resource.apiVersion
    }

    private mutating func answer(_ request: APIRequest) throws -> APIResponse {
        switch request.verb {
        case .get:
            let object = objects[try index(request)]
            if request.subresource == "log" {
                let container = request.log.container
                guard let text = logs["\(request.name)/\(container)"] else {
                    throw APIStatus.badRequest(
                        "container \"\(container)\" in pod \"\(request.name)\" is waiting to start: ContainerCreating")
                }
                return APIResponse(code: 200, body: .text(text))
            }
            if request.subresource == "scale" { return APIResponse(code: 200, body: .object(scale(object))) }
            return APIResponse(code: 200, body: .object(object))
        case .list:
            return APIResponse(code: 200, body: .list(try selected(request)))
        case .create:
            guard request.subresource != "eviction" else {
                objects.remove(at: try index(request))
                return APIResponse(code: 201, body: .object(["kind": "Status", "status": "Success"] as JSONValue))
            }
            guard var object = request.body?.object else { throw APIStatus.badRequest("no body") }
            var metadata = object["metadata"]?.object ?? [:]
            if request.resource.namespaced { metadata["namespace"] = .string(request.namespace) }
            metadata["uid"] = .string("uid-\(revision)")
            stamp(&metadata)
            object["metadata"] = .object(metadata)
            if !request.dryRun { objects.append(.object(object)) }
            return APIResponse(code: 201, body: .object(.object(object)))
        case .update, .patch:
            let place = try index(request)
            let old = objects[place]
            if request.subresource == "scale" {
                let replicas = request.body?["spec"]?["replicas"] ?? .integer(0)
                objects[place] = changed(MergePatch.apply(["spec": ["replicas": replicas]], to: old))
                return APIResponse(code: 200, body: .object(scale(objects[place])))
            }
            var new = request.body ?? .null
            if request.verb == .patch {
                let schema = ResourceCatalogue.kinds.first { $0.resource == request.resource }?.schema
                switch request.patchType {
                case .json: new = try JSONPatch(new).applied(to: old)
                case .merge: new = MergePatch.apply(new, to: old)
                default: new = try StrategicMergePatch.apply(new, to: old, schema: schema)
                }
            }
            if !new.isEquivalent(to: old) { new = changed(new) }
            if !request.dryRun { objects[place] = new }
            return APIResponse(code: 200, body: .object(new))
        case .delete:
            let place = try index(request)
            let object = objects[place]
            if !request.dryRun { objects.remove(at: place) }
            return APIResponse(code: 200, body: .object(object))
        case .deletecollection: return APIResponse(code: 200, body: .list([]))
        }
    }

    private mutating func stamp(_ metadata: inout OrderedDictionary<String, JSONValue>) {
        revision += 1
        metadata["resourceVersion"] = .string("\(revision)")
    }

    private mutating func changed(_ object: JSONValue) -> JSONValue {
        guard var members = object.object, var metadata = members["metadata"]?.object else { return object }
        stamp(&metadata)
        members["metadata"] = .object(metadata)
        return .object(members)
    }

    private func scale(_ object: JSONValue) -> JSONValue {
        [
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": object["metadata"] ?? .null,
            "spec": ["replicas": object["spec"]?["replicas"] ?? .integer(1)],
        ]
    }

    private func selected(_ request: APIRequest) throws -> [JSONValue] {
        let labels = try LabelQuery(parsing: request.labelSelector)
        let fields = try FieldQuery(parsing: request.fieldSelector)
        return objects.filter { object in
            guard isOf(object, request.resource) else { return false }
            let metadata = object["metadata"]
            guard
                !request.resource.namespaced || request.namespace.isEmpty
                    || metadata?["namespace"]?.string == request.namespace
            else { return false }
            var texts: [String: String] = [:]
            for (key, value) in metadata?["labels"]?.object ?? [:] { texts[key] = value.string ?? "" }
            return labels.matches(texts)
                && fields.matches { path in
                    path.split(separator: ".").reduce(Optional(object)) { $0?[String($1)] }?.string
                }
        }.sorted { left, right in
            let keys = [left, right].map {
                "\($0["metadata"]?["namespace"]?.string ?? "")/\($0["metadata"]?["name"]?.string ?? "")"
            }
            return keys[0].utf8.lexicographicallyPrecedes(keys[1].utf8)
        }
    }

    mutating func watch(_ request: APIRequest, for limit: Duration, _ each: (WatchEvent?) -> Bool) {
        var second: Int64 = 0
        while second < limit.components.seconds {
            second += 1
            wallTime.epochSeconds += 1
            var happened = false
            for (after, event) in future where after == second {
                happened = true
                replace(event)
                let isSelected =
                    isOf(event.object, request.resource)
                    && (request.name.isEmpty || event.object["metadata"]?["name"]?.string == request.name)
                if isSelected, !each(WatchEvent(kind: event.kind, object: event.object, time: wallTime)) {
                    future.removeAll { $0.after <= second }
                    return
                }
            }
            if !happened, !each(nil) {
                future = future.filter { $0.after > second }.map { ($0.after - second, $0.event) }
                return
            }
        }
        future = future.filter { $0.after > second }.map { ($0.after - second, $0.event) }
    }

    private mutating func replace(_ event: WatchEvent) {
        let metadata = event.object["metadata"]
        objects.removeAll {
            $0["kind"] == event.object["kind"] && $0["metadata"]?["name"] == metadata?["name"]
                && $0["metadata"]?["namespace"] == metadata?["namespace"]
        }
        if event.kind != .deleted { objects.append(event.object) }
    }

    /// Runs a command in the namespace `shop` and gives everything that it printed, standard error first.
    mutating func kubectl(_ words: String..., files: [String: String] = [:], input: String = "") -> (
        text: String, code: Int32
    ) {
        let environment = RecordedEnvironment(
            defaultNamespace: "shop", files: files.mapValues { Array($0.utf8) }, input: Array(input.utf8))
        let code = KubectlCommand.run(words, on: &self, environment: environment)
        return (environment.errors + environment.output, code)
    }
}
