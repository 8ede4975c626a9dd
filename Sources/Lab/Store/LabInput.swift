import ContainerRuntime
import KubernetesAPI
import Monitoring
import Simulation

/// Something that came from outside and changed a world. A lab is its scenario, its seed and its inputs in order.
public struct LabInput: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        /// Simulated time moved on to the input's time.
        case advance
        /// A request to the API server.
        case request(APIRequest)
        /// An additional fault, as a scenario would write it (YAML).
        case fault(String)
        /// The fault in force that has this name ends.
        case endFault(String)
        /// A command in a container, or a client behind a forwarded port, sent a request.
        case exchange(ExchangeRequest)
        /// A command in a container sent a signal to its first process.
        case signal(ContainerID, Int)
        /// A request to Alertmanager that changed something: a silence.
        case alertmanager(AlertmanagerRequest)
        /// A remote write that Prometheus took.
        case remoteWrite(RemoteWriteRequest)
    }

    /// When the input arrived.
    public var time: SimulationTime
    public var action: Action
    /// Who sent it: `learner`, `scenario`, `grader`.
    public var author: String

    public init(time: SimulationTime, action: Action, author: String = "learner") {
        self.time = time
        self.action = action
        self.author = author
    }
}

extension LabInput.Action: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        switch self {
        case .advance:
            writer.writeByte(0)
        case .request(let request) where request.resource.needsWholeName:
            writer.writeByte(7)
            writer.write(request.resource)
            var plain = request
            plain.resource = ConfigMap.resource
            writer.write(request.user)
            writer.write(request.impersonated)
            writer.write(plain)
        case .request(let request) where request.user == .administrator && request.impersonated == nil:
            writer.writeByte(1)
            writer.write(request)
        case .request(let request):
            writer.writeByte(6)
            writer.write(request.user)
            writer.write(request.impersonated)
            writer.write(request)
        case .fault(let text):
            writer.writeByte(2)
            writer.write(text)
        case .endFault(let name):
            writer.writeByte(3)
            writer.write(name)
        case .exchange(let request):
            writer.writeByte(4)
            writer.write(request)
        case .alertmanager(let request):
            writer.writeByte(8)
            writer.write(request.method)
            writer.write(request.target)
            writer.write(String(decoding: request.body, as: UTF8.self))
        case .remoteWrite(let request):
            writer.writeByte(9)
            writer.write(request.contentType)
            writer.write(request.contentEncoding)
            writer.writeVarint(UInt64(request.body.count))
            writer.writeRaw(request.body)
        case .signal(let container, let number):
            writer.writeByte(5)
            writer.write(container)
            writer.write(number)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .advance
        case 1: self = .request(try reader.read())
        case 2: self = .fault(try reader.read())
        case 3: self = .endFault(try reader.read())
        case 4: self = .exchange(try reader.read())
        case 5: self = .signal(try reader.read(), try reader.read())
        case 8:
            let (method, target): (String, String) = (try reader.read(), try reader.read())
            let body: String = try reader.read()
            self = .alertmanager(AlertmanagerRequest(method: method, target: target, body: Array(body.utf8)))
        case 9:
            let (type, encoding): (String, String) = (try reader.read(), try reader.read())
            let count = try reader.readCount()
            self = .remoteWrite(
                RemoteWriteRequest(
                    contentType: type, contentEncoding: encoding, body: Array(try reader.readRaw(count: count))))
        case 7:
            let resource: ResourceType = try reader.read()
            let user: RequestUser = try reader.read()
            let impersonated: RequestUser? = try reader.read()
            var request: APIRequest = try reader.read()
            (request.resource, request.user, request.impersonated) = (resource, user, impersonated)
            self = .request(request)
        case 6:
            let user: RequestUser = try reader.read()
            let impersonated: RequestUser? = try reader.read()
            var request: APIRequest = try reader.read()
            request.user = user
            request.impersonated = impersonated
            self = .request(request)
        default: throw .malformed(what: "input", offset: reader.offset)
        }
    }
}

extension ResourceType: BinaryCodable {
    /// Whether group and kind are not enough to name it, so that an input has to say all of it: none of the built-in
    /// kinds, or another version of one (autoscaling/v1).
    var needsWholeName: Bool {
        KindRow.builtIn.first { $0.resource.group == group && $0.resource.kind == kind }?.resource != self
    }

    public func write(to writer: inout BinaryWriter) {
        for text in [group, version, kind, plural] { writer.write(text) }
        writer.write(namespaced)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let read = ResourceType(
            group: try reader.read(), version: try reader.read(), kind: try reader.read(), plural: try reader.read(),
            namespaced: try reader.read())
        // A built-in kind has short names and categories that are not written.
        let known = KindRow.builtIn.first { $0.resource.apiVersion == read.apiVersion && $0.resource.kind == read.kind }
        self = known?.resource ?? read
    }
}

extension RequestUser: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(name)
        writer.write(uid)
        writer.write(groups)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(name: try reader.read(), uid: try reader.read(), groups: try reader.read())
    }
}

extension APIRequest: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(verb.rawValue)
        writer.write(resource.group)
        writer.write(resource.kind)
        for text in [namespace, name, subresource, labelSelector, fieldSelector, fieldManager, propagationPolicy] {
            writer.write(text)
        }
        writer.write(body.map { String(decoding: $0.compactBytes, as: UTF8.self) })
        // One word for both, so that inputs of before are read as they are.
        writer.write(patchType.map { force ? $0.rawValue + ";force" : $0.rawValue })
        writer.write(dryRun)
        writer.write(fieldValidation.rawValue)
        writer.write(gracePeriodSeconds)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let verbText: String = try reader.read()
        let group: String = try reader.read()
        let kind: String = try reader.read()
        guard let verb = Verb(rawValue: verbText),
            let resource = KindRow.builtIn.first(where: { $0.resource.group == group && $0.resource.kind == kind })?
                .resource
        else { throw .malformed(what: "request", offset: reader.offset) }
        self.init(verb, resource)
        namespace = try reader.read()
        name = try reader.read()
        subresource = try reader.read()
        labelSelector = try reader.read()
        fieldSelector = try reader.read()
        fieldManager = try reader.read()
        propagationPolicy = try reader.read()
        if let text: String = try reader.read() {
            guard let value = try? JSONValue(parsingJSON: Array(text.utf8)[...]) else {
                throw .malformed(what: "request body", offset: reader.offset)
            }
            body = value
        }
        if let type: String = try reader.read() {
            force = type.hasSuffix(";force")
            patchType = PatchType(rawValue: force ? String(type.dropLast(";force".count)) : type)
        }
        dryRun = try reader.read()
        guard let validation = FieldValidation(rawValue: try reader.read()) else {
            throw .malformed(what: "request", offset: reader.offset)
        }
        fieldValidation = validation
        gracePeriodSeconds = try reader.read()
    }
}
