import Cluster
import ContainerRuntime
import Simulation
import Workloads

/// What must hold between any two events of a world.
extension World {
    /// Violations, each as a sentence; empty when all is well. Costs time in proportion to everything that exists.
    public func audit() -> [String] {
        var found = cluster.audit(at: now)
        found += workloads.audit()
        found += ledger.violations
        auditRuns(&found)
        auditTime(&found)
        return found
    }

    /// What can be looked at after every event.
    public func quickAudit() -> [String] {
        var found = cluster.quickAudit(at: now)
        auditTime(&found)
        for source in workloads.traffic {
            let (ended, inFlight) = (source.total.outcomes.total, workloads.inFlight(ofTraffic: source.name))
            if source.total.arrived != ended + inFlight || inFlight < 0 {
                found.append("\(source.name): \(source.total.arrived) requests, \(ended) ended, \(inFlight) in flight")
            }
        }
        return found
    }

    private func auditTime(_ found: inout [String]) {
        if let next = nextEventTime, next < now {
            found.append("an event of \(next.seconds) s is pending at \(now.seconds) s")
        }
        if !reportsAreCarried { found.append("reports of the runtime were not carried") }
    }

    /// The runtime runs what the kubelets think it runs, where they think it runs.
    private func auditRuns(_ found: inout [String]) {
        var running = Set(workloads.runningContainers)
        for (run, sandbox, node) in cluster.kubelet.expectedRuns {
            guard running.remove(run) != nil, let configuration = workloads.configuration(of: run) else {
                found.append("container \(run.slot).\(run.generation) runs for the kubelet and not for the machine")
                continue
            }
            if configuration.sandbox != sandbox || configuration.node != node {
                found.append(
                    "container \(run.slot).\(run.generation) of \(configuration.pod) runs in another sandbox or machine"
                )
            }
        }
        for run in running.sorted() {
            let pod = workloads.configuration(of: run).map { "\($0.namespace)/\($0.pod)" } ?? "?"
            found.append("container \(run.slot).\(run.generation) of \(pod) runs and no kubelet knows it")
        }
    }
}
