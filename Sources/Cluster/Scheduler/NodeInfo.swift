import KubernetesAPI

/// A node with what runs on it, kept up to date change by change.
struct NodeInfo: Sendable {
    var node: Node
    var name: String
    var allocatable: ResourceVector
    var allowedPods: Int64
    var requested = ResourceVector()
    var nonZeroCPU: Int64 = 0
    var nonZeroMemory: Int64 = 0
    var pods: [PodInfo] = []
    /// How many of `pods` have any rule about other pods.
    var podsWithAffinity = 0
    var podsWithRequiredAntiAffinity = 0
    /// Images on the node by normalised name, with sizes.
    var images: [String: Int64] = [:]
    var isPresent = true

    init(_ node: Node) {
        self.node = node
        name = node.metadata.name
        allocatable = ResourceVector(node.status.allocatable)
        allowedPods = node.status.allocatable["pods"]?.value ?? 0
        readImages()
    }

    mutating func update(_ node: Node) {
        self.node = node
        allocatable = ResourceVector(node.status.allocatable)
        allowedPods = node.status.allocatable["pods"]?.value ?? 0
        readImages()
    }

    private mutating func readImages() {
        images = [:]
        for image in node.status.images {
            for name in image.names { images[ImageReference.normalized(name)] = image.sizeBytes ?? 0 }
        }
    }

    mutating func add(_ pod: PodInfo) {
        requested.add(pod.requests)
        nonZeroCPU &+= pod.nonZeroCPU
        nonZeroMemory &+= pod.nonZeroMemory
        if pod.hasAffinity { podsWithAffinity += 1 }
        if !pod.requiredAntiAffinity.isEmpty { podsWithRequiredAntiAffinity += 1 }
        // In the order of identifiers, so that a restored cache is the same to the last tie.
        var place = pods.count
        if let id = pod.id { while place > 0, let before = pods[place - 1].id, id < before { place -= 1 } }
        pods.insert(pod, at: place)
    }

    /// The node with some more pods on it.
    func with(_ pods: [PodInfo]) -> NodeInfo {
        var node = self
        for pod in pods { node.add(pod) }
        return node
    }

    mutating func remove(at index: Int) {
        let pod = pods.remove(at: index)
        requested.add(pod.requests, sign: -1)
        nonZeroCPU &-= pod.nonZeroCPU
        nonZeroMemory &-= pod.nonZeroMemory
        if pod.hasAffinity { podsWithAffinity -= 1 }
        if !pod.requiredAntiAffinity.isEmpty { podsWithRequiredAntiAffinity -= 1 }
    }

    /// Where a pod lies in `pods`, which are in the order of identifiers.
    func place(of id: ObjectID<Pod>) -> Int? {
        var (low, high) = (0, pods.count)
        while low < high {
            let middle = (low + high) / 2
            guard let other = pods[middle].id else { return pods.firstIndex { $0.id == id } }
            if other < id { low = middle + 1 } else { high = middle }
        }
        return low < pods.count && pods[low].id == id ? low : nil
    }

    var labels: [String: String] { node.metadata.labels }
}
