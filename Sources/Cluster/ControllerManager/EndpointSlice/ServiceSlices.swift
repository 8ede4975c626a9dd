import KubernetesAPI
import Simulation

/// Which pods stand in which slices of one service (`endpointslice/reconciler.go`): bookkeeping without the store.
///
/// A slice holds pods for which the service's ports mean the same numbers, at most 100 of them.
struct ServiceSlices: Sendable, Equatable {
    static var endpointsPerSlice: Int { EndpointConditionDecision.endpointsPerSlice }

    struct Slice: Sendable, Equatable {
        /// Nil until the object is created.
        var id: ObjectID<EndpointSlice>?
        /// The numbers that the service's ports mean in these pods; 0 for a name that they do not have.
        var ports: [Int32]
        /// In the order of the slice's endpoints.
        var pods: [ObjectID<Pod>] = []
    }

    private(set) var slices: [Slice] = []
    private var placement: [ObjectID<Pod>: Int] = [:]

    init() {}

    /// Every pod that stands in a slice.
    var pods: [ObjectID<Pod>] { slices.flatMap(\.pods) }

    func index(of id: ObjectID<EndpointSlice>) -> Int? { slices.firstIndex { $0.id == id } }

    /// Where a pod stands.
    func place(of pod: ObjectID<Pod>) -> (slice: Int, position: Int)? {
        guard let slice = placement[pod], let position = slices[slice].pods.firstIndex(of: pod) else { return nil }
        return (slice, position)
    }

    /// Puts a pod at the end of the first slice with its ports that has room, or of an empty or new one.
    mutating func insert(_ pod: ObjectID<Pod>, ports: [Int32]) -> Int {
        let index =
            slices.firstIndex { $0.ports == ports && !$0.pods.isEmpty && $0.pods.count < Self.endpointsPerSlice }
            ?? slices.firstIndex { $0.pods.isEmpty } ?? slices.count
        if index == slices.count { slices.append(Slice(ports: ports)) }
        slices[index].ports = ports
        slices[index].pods.append(pod)
        placement[pod] = index
        return index
    }

    mutating func remove(_ pod: ObjectID<Pod>, from slice: Int, at position: Int) {
        slices[slice].pods.remove(at: position)
        placement[pod] = nil
    }

    mutating func setPorts(_ ports: [Int32], of slice: Int) { slices[slice].ports = ports }
    mutating func setID(_ id: ObjectID<EndpointSlice>?, of slice: Int) { slices[slice].id = id }

    /// Takes out slices without pods, but for one if there would be none left.
    /// - Returns: the objects that nobody needs any more.
    mutating func dropEmpty() -> [ObjectID<EndpointSlice>] {
        let empty = slices.indices.filter { slices[$0].pods.isEmpty }
        let placeholder = empty.count < slices.count ? nil : empty.first { slices[$0].id != nil } ?? empty.first
        let dropped = empty.filter { $0 != placeholder }
        guard !dropped.isEmpty else { return [] }
        let ids = dropped.compactMap { slices[$0].id }
        for index in dropped.reversed() { slices.remove(at: index) }
        rebuildPlacement()
        return ids
    }

    /// Makes sure that there is a slice, which says of a service without pods that it has none.
    mutating func keepPlaceholder() {
        if slices.isEmpty { slices.append(Slice(ports: [])) }
        if slices.count == 1, slices[0].pods.isEmpty { slices[0].ports = [] }
    }

    private mutating func rebuildPlacement() {
        placement = [:]
        for (index, slice) in slices.enumerated() { for pod in slice.pods { placement[pod] = index } }
    }
}

extension ServiceSlices.Slice: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(id)
        writer.write(ports)
        writer.write(pods)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        id = try reader.read()
        ports = try reader.read()
        pods = try reader.read()
    }
}

extension ServiceSlices: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(slices) }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        slices = try reader.read()
        rebuildPlacement()
    }
}
