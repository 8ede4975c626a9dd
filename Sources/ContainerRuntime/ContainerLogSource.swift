import Simulation

/// One line that a program wrote to its standard output.
public struct LogLine: Sendable, Equatable {
    public var time: SimulationTime
    public var text: String

    public init(time: SimulationTime, text: String) {
        self.time = time
        self.text = text
    }
}

/// Where the kubelet reads what containers wrote; the workloads answer.
public protocol ContainerLogSource {
    /// The lines of one run of a container, oldest first, as far as they are kept.
    func logLines(of container: ContainerID) -> [LogLine]
}
