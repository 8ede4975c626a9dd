import Cluster
import ContainerRuntime
import Simulation

/// What the machines cost: each from its registration to its removal, by its hourly price.
///
/// Money is in nano-units of the scenario's currency; node time in nanoseconds, so nothing is lost to rounding.
public struct MachineMeter: Sendable, Equatable {
    struct Machine: Sendable, Equatable {
        var since: SimulationTime
        /// Nano-units of currency an hour.
        var price: Int64
    }

    var running: [NodeID: Machine] = [:]
    /// Nano-units · nanoseconds of machines that are gone, divided by an hour when read.
    private var settled: Int64 = 0
    public private(set) var nodeTime: Duration = .zero

    init() {}

    mutating func note(_ request: RuntimeRequest, price: (NodeID) -> Double, at now: SimulationTime) {
        switch request {
        case .addNode(let node, _):
            running[node] = Machine(since: now, price: Int64(max(0, min(1e6, price(node))) * 1e9))
        case .removeNode(let node):
            guard let machine = running.removeValue(forKey: node) else { return }
            settled = settled.addingSaturating(Self.cost(machine, until: now))
            nodeTime += now - machine.since
        case .start, .terminate, .kill, .probe, .runHook, .resize:
            break
        }
    }

    private static func cost(_ machine: Machine, until now: SimulationTime) -> Int64 {
        let product = machine.price.multipliedFullWidth(by: max(0, (now - machine.since).nanoseconds))
        return Int64(3_600_000_000_000).dividingFullWidth(product).quotient
    }

    /// Cost of all machines so far, in nano-units of currency.
    public func cost(at now: SimulationTime) -> Int64 {
        running.keys.sorted().reduce(settled) { sum, node in
            sum.addingSaturating(running[node].map { Self.cost($0, until: now) } ?? 0)
        }
    }

    public var machines: Int { running.count }
}

extension MachineMeter.Machine: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(since)
        writer.write(price)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        since = try reader.read()
        price = try reader.read()
    }
}

extension MachineMeter: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(running)
        writer.write(settled)
        writer.write(nodeTime)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        running = try reader.read()
        settled = try reader.read()
        nodeTime = try reader.read()
    }
}
