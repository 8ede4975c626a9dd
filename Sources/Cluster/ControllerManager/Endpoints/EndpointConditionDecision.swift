/// The conditions under which a pod stands in an EndpointSlice (`endpointslice/utils.go`).
public struct EndpointConditionDecision: Sendable, Equatable {
    public var ready: Bool
    public var serving: Bool
    public var terminating: Bool

    /// Nil if the pod does not appear: without an address, or finished. A terminating pod stays until it is gone.
    /// - Parameters:
    ///   - isFinished: phase Succeeded or Failed.
    ///   - publishNotReady: the Service's `publishNotReadyAddresses`.
    public init?(hasAddress: Bool, isFinished: Bool, isReady: Bool, isDeleting: Bool, publishNotReady: Bool) {
        if !hasAddress || isFinished { return nil }
        serving = isReady
        terminating = isDeleting
        ready = publishNotReady || (isReady && !isDeleting)
    }

    /// Endpoints of a slice at most (`--max-endpoints-per-slice`).
    public static let endpointsPerSlice = 100

    /// Which endpoints of a Service traffic goes to: the ready ones, and if there are none those that still serve
    /// while they terminate (kube-proxy's rule). Indices into the given list, in its order.
    public static func routable(_ endpoints: [Self]) -> [Int] {
        let ready = endpoints.indices.filter { endpoints[$0].ready }
        if !ready.isEmpty { return ready }
        return endpoints.indices.filter { endpoints[$0].serving && endpoints[$0].terminating }
    }
}
