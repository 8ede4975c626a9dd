import OrderedCollections

/// Objects as `application/vnd.kubernetes.protobuf` carries them: four magic bytes and an envelope with the kind
/// (`k8s.io/apimachinery/pkg/runtime/serializer/protobuf`, `runtime.Unknown`).
public enum KubernetesProtobuf {
    private static let magic: [UInt8] = [UInt8(ascii: "k"), UInt8(ascii: "8"), UInt8(ascii: "s"), 0]

    /// The object of a body.
    /// - Throws: `FieldError` for bytes that are no such envelope, and for kinds that are not known.
    public static func decode(_ bytes: [UInt8]) throws(FieldError) -> JSONValue {
        guard bytes.starts(with: magic) else { throw FieldError("it does not begin with \"k8s\\x00\"") }
        var (apiVersion, kind) = ("", "")
        var raw: ArraySlice<UInt8> = []
        var reader = ProtobufFieldReader(bytes[magic.count...])
        while let number = try reader.next() {
            guard case .bytes(let content) = reader.wire else { continue }
            switch number {
            case 1: (apiVersion, kind) = try typeMeta(content)
            case 2: raw = content
            case 3 where !content.isEmpty: throw FieldError("content encodings are not supported")
            default: break
            }
        }
        let value: JSONValue
        if kind == "DeleteOptions" {
            value = try DeleteOptions(protobuf: raw).jsonValue
        } else {
            let row = KindRow.builtIn.first { $0.resource.kind == kind && $0.resource.apiVersion == apiVersion }
            guard let row else { throw FieldError("no kind \"\(kind)\" is registered for version \"\(apiVersion)\"") }
            value = try row.decodeProtobuf(raw).jsonValue
        }
        guard case .object(var members) = value else { return value }
        members["apiVersion"] = .string(apiVersion)
        members["kind"] = .string(kind)
        return .object(members)
    }

    private static func typeMeta(_ bytes: ArraySlice<UInt8>) throws(FieldError) -> (apiVersion: String, kind: String) {
        var (apiVersion, kind) = ("", "")
        var reader = ProtobufFieldReader(bytes)
        while let number = try reader.next() {
            switch number {
            case 1: try reader.read(&apiVersion)
            case 2: try reader.read(&kind)
            default: break
            }
        }
        return (apiVersion, kind)
    }

    /// An object, a list of objects or a Status in its envelope.
    /// - Returns: nil for what has no protobuf form here: objects of kinds that definitions add, Tables.
    public static func encode(_ value: JSONValue) -> [UInt8]? {
        // metrics-server's messages are not those of the fields here.
        guard let kind = value["kind"]?.string, let apiVersion = value["apiVersion"]?.string,
            !apiVersion.hasPrefix("metrics.k8s.io/")
        else { return nil }
        if let row = row(kind, apiVersion) {
            guard let object = try? row.decode(value).object else { return nil }
            return envelope(apiVersion, kind, object.protobufBytes)
        }
        if kind == "Status", apiVersion == "v1" {
            var reader = JSONFieldReader()
            var status = Status()
            guard (try? status.setJSON(withoutKind(value), &reader)) != nil else { return nil }
            return envelope(apiVersion, kind, status.protobufBytes)
        }
        guard kind.hasSuffix("List"), let row = row(String(kind.dropLast(4)), apiVersion),
            let items = value["items"]?.array
        else { return nil }
        var writer = ProtobufWriter()
        var metadata = ListMeta()
        var reader = JSONFieldReader()
        if let given = value["metadata"] { try? metadata.setJSON(given, &reader) }
        writer.write(1, bytes: metadata.protobufBytes)
        for item in items {
            guard let object = try? row.decode(item).object else { return nil }
            writer.write(2, bytes: object.protobufBytes)
        }
        return envelope(apiVersion, kind, writer.bytes)
    }

    private static func row(_ kind: String, _ apiVersion: String) -> KindRow? {
        KindRow.builtIn.first { $0.resource.kind == kind && $0.resource.apiVersion == apiVersion }
    }

    private static func withoutKind(_ value: JSONValue) -> JSONValue {
        guard case .object(var members) = value else { return value }
        members["apiVersion"] = nil
        members["kind"] = nil
        return .object(members)
    }

    private static func envelope(_ apiVersion: String, _ kind: String, _ raw: [UInt8]) -> [UInt8] {
        var type = ProtobufWriter()
        type.write(1, bytes: apiVersion.utf8)
        type.write(2, bytes: kind.utf8)
        var writer = ProtobufWriter()
        writer.bytes = magic
        writer.write(1, bytes: type.bytes)
        writer.write(2, bytes: raw)
        writer.write(3, bytes: [])
        writer.write(4, bytes: [])
        return writer.bytes
    }
}
