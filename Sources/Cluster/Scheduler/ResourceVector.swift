import KubernetesAPI

/// Amounts of resources as plain integers: thousandths of cores, bytes, whole devices.
public struct ResourceVector: Sendable, Equatable {
    public var cpuMilli: Int64 = 0
    public var memory: Int64 = 0
    public var ephemeralStorage: Int64 = 0
    /// Extended resources by name, sorted; few pods and nodes have any.
    public var extended: [(name: String, amount: Int64)] = []

    public init() {}

    public init(_ quantities: [String: Quantity]) {
        for name in quantities.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let quantity = quantities[name] else { continue }
            switch name {
            case "cpu": cpuMilli = quantity.milliValue
            case "memory": memory = quantity.value
            case "ephemeral-storage": ephemeralStorage = quantity.value
            case "pods": break
            default: extended.append((name, quantity.value))
            }
        }
    }

    public subscript(name: String) -> Int64 { extended.first { $0.name == name }?.amount ?? 0 }

    public static func == (left: Self, right: Self) -> Bool {
        left.cpuMilli == right.cpuMilli && left.memory == right.memory
            && left.ephemeralStorage == right.ephemeralStorage
            && left.extended.elementsEqual(right.extended, by: ==)
    }

    mutating func add(_ other: ResourceVector, sign: Int64 = 1) {
        cpuMilli &+= sign &* other.cpuMilli
        memory &+= sign &* other.memory
        ephemeralStorage &+= sign &* other.ephemeralStorage
        for (name, amount) in other.extended {
            if let place = extended.firstIndex(where: { $0.name == name }) {
                extended[place].amount &+= sign &* amount
            } else {
                extended.append((name, sign &* amount))
            }
        }
    }
}
