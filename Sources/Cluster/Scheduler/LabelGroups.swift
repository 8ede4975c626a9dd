import KubernetesAPI

/// Numbers for namespaces with labels, so that whether a selector means a pod is asked once for all pods with equal
/// labels. An index: which number a group has decides nothing.
struct LabelGroups: Sendable {
    private struct Key: Sendable, Hashable {
        var namespace: String
        var labels: [String: String]
    }

    private var numbers: [Key: Int32] = [:]
    private var slots: [(key: Key, pods: Int)] = []
    private var free: [Int32] = []
    /// The numbers that were given last: replicas come one after the other, and share the storage of their labels.
    private var recent: [Int32] = []

    init() {}

    /// How many numbers were given so far; all are below.
    var count: Int { slots.count }

    /// Counts a pod in.
    mutating func enter(_ pod: Pod) -> Int32 {
        let key = Key(namespace: pod.metadata.namespace, labels: pod.metadata.labels)
        for number in recent where slots[Int(number)].pods > 0 && slots[Int(number)].key == key {
            slots[Int(number)].pods += 1
            return number
        }
        let number: Int32
        if let known = numbers[key] {
            number = known
            slots[Int(number)].pods += 1
        } else if let reused = free.popLast() {
            number = reused
            slots[Int(number)] = (key, 1)
            numbers[key] = number
        } else {
            number = Int32(slots.count)
            slots.append((key, 1))
            numbers[key] = number
        }
        if recent.count >= 4 { recent.removeFirst() }
        recent.append(number)
        return number
    }

    /// Counts a pod out.
    /// - Returns: whether it was the last one; then the number is free for other labels.
    mutating func leave(_ number: Int32) -> Bool {
        guard number >= 0 else { return false }
        slots[Int(number)].pods -= 1
        guard slots[Int(number)].pods == 0 else { return false }
        numbers[slots[Int(number)].key] = nil
        free.append(number)
        return true
    }

    func matches(_ number: Int32, _ selector: LabelSelector, namespace: String) -> Bool {
        let key = slots[Int(number)].key
        return key.namespace == namespace && selector.matches(key.labels)
    }
}
