import KubernetesAPI
import Lab
import Simulation

extension World {
    /// The present by both clocks: `09:12:30 (+12m30s)`.
    var clockText: String { clockText(at: now) }

    /// An instant by both clocks.
    func clockText(at time: SimulationTime) -> String { "\(timeOfDay(at: time)) (+\(time.clock))" }

    /// The cluster's wall clock at an instant, `09:12:30`.
    func timeOfDay(at time: SimulationTime) -> String {
        let epoch = cluster.context.wallTime(at: time).epochSeconds
        let seconds = ((epoch % 86_400) + 86_400) % 86_400
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(two(seconds / 3_600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
}
