
import Simulation
extension Workloads {
    func slowness(_ slot: Int) -> Double { 1 }
    func applyFaults(toNew slot: Int) {}
    func extraLeak(_ slot: Int) -> Int64 { 0 }
    mutating func publish(_ topic: UInt32, source: UInt32, trace: UInt64) {}
    mutating func jobEnded(_ call: UInt32) { finishInternal(call) }
    mutating func takeMessages(_ slot: Int) {}
    mutating func beginRun(_ call: UInt32, _ plan: UInt32) { finish(call, .serverError) }
    func pendingToolCall(_ run: UInt32) -> Int? { nil }
    mutating func agentBurstEnded(_ call: UInt32) {}
    mutating func agentToolEnded(_ call: UInt32, succeeded: Bool) {}
    mutating func callTool(_ run: UInt32) {}
    func providerAnswers(_ index: Int) -> Bool { true }
    func toolAnswers(_ index: Int) -> Bool { true }
    func providerHang(_ index: Int) -> Double { 0 }
    mutating func drawTool(_ call: UInt32, _ tool: Int) -> (Double, Bool) {
        guard catalogue.toolConfigurations.indices.contains(tool) else { return (0.001, false) }
        let configuration = catalogue.toolConfigurations[tool]
        return (draw(call, configuration.latency), !chance(call, configuration.errorRate))
    }
}
