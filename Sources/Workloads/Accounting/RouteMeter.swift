import ContainerRuntime
import Simulation

/// Requests that a process answered on one of its paths with one status: what its instrumentation counts apart.
public struct RouteMeter: Sendable, Equatable {
    /// The place among the program's routes; paths for probes come after ``firstHealthPath``.
    var place: UInt32
    /// The status that was answered; 499 where the client had gone.
    public var status: Int
    /// Time in the server, from a request's arrival to its answer.
    public var latency = LatencyHistogram()

    static let firstHealthPath: UInt32 = 1 << 16
}

extension Workloads {
    /// Has every process count its requests by path and status from now on, kubelets' probes among them.
    ///
    /// That is no part of a snapshot: whoever restores one says it again.
    public mutating func observeRoutes() { recording.observesRoutes = true }

    /// Notes requests that a process has answered on one of its routes.
    @inline(__always) mutating func noteRoute(
        _ slot: Int, _ route: UInt32, status: Int, latency: Duration, count: Int64 = 1
    ) {
        guard recording.observesRoutes else { return }
        // Whoever had gone before the answer came has nginx's status.
        let status = status == 0 ? 499 : status
        let routes = processes[slot].meter.routes
        let place = routes.firstIndex { ($0.place, $0.status) >= (route, status) } ?? routes.count
        if place == routes.count || (routes[place].place, routes[place].status) != (route, status) {
            processes[slot].meter.routes.insert(RouteMeter(place: route, status: status), at: place)
        }
        processes[slot].meter.routes[place].latency.record(latency, count: UInt32(clamping: count))
    }

    /// Notes a probe that a process has answered on one of its health paths.
    mutating func noteProbe(_ slot: Int, _ path: Int, _ result: ProbeResult, latency: Duration) {
        guard recording.observesRoutes else { return }
        // Commands and gRPC have paths of their own kind, which no instrumentation of HTTP sees.
        let health = catalogue.programs[Int(processes[slot].behaviour)].behaviour.health
        guard health.indices.contains(path), health[path].path.utf8.first == UInt8(ascii: "/") else { return }
        let status: Int
        switch result {
        case .success(let code): status = code
        case .failure(let code, _): status = code
        default: return
        }
        noteRoute(slot, RouteMeter.firstHealthPath + UInt32(clamping: path), status: status, latency: latency)
    }

    /// What a container's program has answered, by path and status; a path that users and probes both ask is one.
    public func routes(of container: ContainerID) -> [(path: String, status: Int, latency: LatencyHistogram)] {
        guard isRunning(container) else { return [] }
        let process = processes[Int(container.slot)]
        let behaviour = catalogue.programs[Int(process.behaviour)].behaviour
        var found: [(path: String, status: Int, latency: LatencyHistogram)] = []
        for meter in process.meter.routes {
            var path = "/"
            if meter.place >= RouteMeter.firstHealthPath {
                let index = Int(meter.place - RouteMeter.firstHealthPath)
                guard behaviour.health.indices.contains(index) else { continue }
                path = behaviour.health[index].path
            } else if case .service(let service) = behaviour.program, service.routes.indices.contains(Int(meter.place))
            {
                path = service.routes[Int(meter.place)].path
            }
            if let place = found.firstIndex(where: { $0.path == path && $0.status == meter.status }) {
                found[place].latency += meter.latency
            } else {
                found.append((path, meter.status, meter.latency))
            }
        }
        return found
    }
}

extension RouteMeter: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(place)
        writer.write(status)
        writer.write(latency)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        place = try reader.read()
        status = try reader.read()
        latency = try reader.read()
    }
}
