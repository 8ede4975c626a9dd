import Cluster
import Kubectl
import KubernetesAPI
import OrderedCollections

/// Writes a list of stored objects in the form that the client wants, without a tree of values in between.
struct ListWriter {
    let form: Representation
    let inclusion: TableDocument.Inclusion
    let reading: RequestReader.Reading

    func answer(_ listing: Listing, now: Time) -> HTTPAnswer? {
        var output: [UInt8] = []
        let revision = reading.continuation?.revision ?? "\(listing.revision)"
        let last = listing.objects.last.map { $0.metadata.namespace + "/" + $0.metadata.name }
        let metadata = reading.listMetadata(revision: revision, last: last ?? "", remaining: listing.remaining)
        switch form {
        case .json: list(listing, metadata, &output)
        case .table: table(listing, metadata, now, &output)
        case .metadata: partial(listing, metadata, &output)
        case .protobuf, .yaml, .aggregatedDiscovery: return nil
        }
        output.append(10)
        return HTTPAnswer(.ok, HTTPAnswer.json, .bytes(output))
    }

    private func list(_ listing: Listing, _ metadata: JSONValue, _ output: inout [UInt8]) {
        let resource = reading.resource
        output += Array(
            "{\"kind\":\"\(resource.kind)List\",\"apiVersion\":\"\(resource.apiVersion)\",\"metadata\":".utf8)
        output += metadata.compactBytes
        output += Array(",\"items\":[".utf8)
        for (index, object) in listing.objects.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            object.writeJSON(to: &output, withKind: false)
        }
        output += Array("]}".utf8)
    }

    private func partial(_ listing: Listing, _ metadata: JSONValue, _ output: inout [UInt8]) {
        output += Array("{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":".utf8)
        output += metadata.compactBytes
        output += Array(",\"items\":[".utf8)
        for (index, object) in listing.objects.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            Self.partial(object, &output)
        }
        output += Array("]}".utf8)
    }

    private static let partialHead = Array(
        "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":".utf8)

    private static func partial(_ object: any KubernetesObject, _ output: inout [UInt8]) {
        output += partialHead
        object.metadata.writeJSON(to: &output)
        output.append(UInt8(ascii: "}"))
    }

    private func table(_ listing: Listing, _ metadata: JSONValue, _ now: Time, _ output: inout [UInt8]) {
        let definition = TableDefinition.of(reading.resource)
        let context = TableDefinition.Context(now: now)
        let empty = TableDocument.json(
            Table(columns: definition.columns, rows: []), including: inclusion, metadata: metadata)
        // Everything but the rows, whose place is at the end.
        output += empty.compactBytes.dropLast("[]}".utf8.count)
        output.append(UInt8(ascii: "["))
        for (index, object) in listing.objects.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output += Array("{\"cells\":".utf8)
            output += TableDocument.cells(definition.cells(of: object, context)).compactBytes
            if let pod = object as? Pod, let condition = TableDocument.completion(ofPhase: pod.status.phase) {
                output += Array(",\"conditions\":".utf8)
                output += JSONValue.array([condition]).compactBytes
            }
            switch inclusion {
            case .none: break
            case .metadata:
                output += Array(",\"object\":".utf8)
                Self.partial(object, &output)
            case .object:
                output += Array(",\"object\":".utf8)
                object.writeJSON(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
        output += Array("]}".utf8)
    }
}
