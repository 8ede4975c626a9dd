import KubernetesAPI
import Simulation

/// Pods ready to be tried, the first to try at the top: by priority, then by when they came.
///
/// A binary heap, so that a hundred thousand waiting pods cost no more than a few comparisons each.
struct ActiveQueue: Sendable {
    private var heap: [Scheduler.QueuedPod] = []

    init() {}

    var isEmpty: Bool { heap.isEmpty }
    var count: Int { heap.count }
    /// All of them, in no order to show.
    var pods: [Scheduler.QueuedPod] { heap }

    mutating func push(_ pod: Scheduler.QueuedPod) {
        heap.append(pod)
        var place = heap.count - 1
        while place > 0, Self.comesAfter(heap[(place - 1) / 2], heap[place]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func popFirst() -> Scheduler.QueuedPod? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var place = 0
        while true {
            var next = 2 * place + 1
            guard next < heap.count else { return first }
            if next + 1 < heap.count, Self.comesAfter(heap[next], heap[next + 1]) { next += 1 }
            guard Self.comesAfter(heap[place], heap[next]) else { return first }
            heap.swapAt(place, next)
            place = next
        }
    }

    mutating func remove(_ id: ObjectID<Pod>) {
        guard heap.contains(where: { $0.id == id }) else { return }
        let others = heap.filter { $0.id != id }
        heap = []
        for pod in others { push(pod) }
    }

    /// Whether `left` is tried after `right`: lower priority, or later in the queue.
    private static func comesAfter(_ left: Scheduler.QueuedPod, _ right: Scheduler.QueuedPod) -> Bool {
        if left.priority != right.priority { return left.priority < right.priority }
        if left.queued != right.queued { return left.queued > right.queued }
        return left.order > right.order
    }
}

extension ActiveQueue: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(heap) }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        for pod in try reader.read([Scheduler.QueuedPod].self) { push(pod) }
    }
}
