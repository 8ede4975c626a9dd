import Simulation

/// What a scenario says about nodes' software: images, and how long the steps of a start take.
public struct KubeletConfiguration: Sendable, Equatable {
    /// Compressed size of images in bytes; images that are not named have `defaultImageSize`.
    public var imageSizes: [String: Int64] = [:]
    public var defaultImageSize: Int64 = 150 << 20
    /// Images that the registry does not have.
    public var missingImages: Set<String> = []
    /// Bytes a second that a node pulls and unpacks.
    public var pullBandwidth: Int64 = 100 << 20
    /// Round trips to the registry before the first byte, also for an image that is present with policy Always.
    public var registryLatency: Duration = .milliseconds(400)
    /// From the binding to the kubelet's first sync of the pod.
    public var watchLatency: Duration = .milliseconds(50)
    /// Volumes, sandbox and network of a pod.
    public var sandboxLatency: Duration = .milliseconds(600)
    /// Creation and start of one container.
    public var startLatency: Duration = .milliseconds(150)
    /// Until the kubelet notices that a container stopped: half of PLEG's relist period of 1 s.
    public var relistLatency: Duration = .milliseconds(500)
    /// Kept free by the eviction manager (`memory.available<100Mi`).
    public var evictionHardMemory: Int64 = 100 << 20
    public var maxPods: Int64 = 110

    public init() {}
}

extension KubeletConfiguration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(imageSizes)
        writer.write(defaultImageSize)
        writer.write(missingImages)
        writer.write(pullBandwidth)
        writer.write(registryLatency)
        writer.write(watchLatency)
        writer.write(sandboxLatency)
        writer.write(startLatency)
        writer.write(relistLatency)
        writer.write(evictionHardMemory)
        writer.write(maxPods)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        imageSizes = try reader.read()
        defaultImageSize = try reader.read()
        missingImages = try reader.read()
        pullBandwidth = try reader.read()
        registryLatency = try reader.read()
        watchLatency = try reader.read()
        sandboxLatency = try reader.read()
        startLatency = try reader.read()
        relistLatency = try reader.read()
        evictionHardMemory = try reader.read()
        maxPods = try reader.read()
    }
}
