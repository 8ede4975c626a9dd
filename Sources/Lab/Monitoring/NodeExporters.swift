import Cluster
import ContainerRuntime
import KubernetesAPI
import PromQL
import Simulation
import Workloads

/// What a machine's own exporters say: the kubelet with cAdvisor (port 10250), node_exporter (9100) and, where there are
/// GPUs, dcgm-exporter (9400).
extension World {
    /// `/metrics/cadvisor`: the cgroups of a machine's containers, as metrics-server reads them.
    func exposeCgroups(on node: NodeID, into metrics: inout ExposedMetrics) {
        let containers = workloads.containers(on: node).compactMap { id in
            workloads.configuration(of: id).flatMap { configuration in
                workloads.usage(of: id, now: now).map { (id: id, configuration: configuration, usage: $0) }
            }
        }
        func labels(_ configuration: ContainerConfiguration) -> [Label] {
            [
                Label("container", configuration.container), Label("image", configuration.image),
                Label("namespace", configuration.namespace), Label("pod", configuration.pod),
            ]
        }
        func each(
            _ name: String, _ type: String, _ help: String, extra: [Label] = [],
            _ value: (ContainerConfiguration, ContainerUsage, ContainerID) -> Double?
        ) {
            metrics.describe(name, type, help)
            for one in containers {
                guard let value = value(one.configuration, one.usage, one.id) else { continue }
                metrics.add(name, labels(one.configuration) + extra, value)
            }
        }
        each(
            "container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed in seconds.",
            extra: [Label("cpu", "total")]
        ) { _, usage, _ in Double(usage.cpuNanoseconds) / 1e9 }
        each(
            "container_cpu_cfs_periods_total", "counter", "Number of elapsed enforcement period intervals."
        ) { configuration, usage, _ in
            configuration.resources.cpuLimitMilli == nil ? nil : Double(usage.cfsPeriods)
        }
        each(
            "container_cpu_cfs_throttled_periods_total", "counter", "Number of throttled period intervals."
        ) { configuration, usage, _ in
            configuration.resources.cpuLimitMilli == nil ? nil : Double(usage.cfsThrottledPeriods)
        }
        each("container_memory_working_set_bytes", "gauge", "Current working set in bytes.") { _, usage, _ in
            Double(usage.workingSetBytes)
        }
        each("container_memory_rss", "gauge", "Size of RSS in bytes.") { _, usage, _ in Double(usage.workingSetBytes) }
        each("container_spec_cpu_shares", "gauge", "CPU share of the container.") { configuration, _, _ in
            max(2, Double(configuration.resources.cpuRequestMilli) * 1024 / 1000).rounded(.down)
        }
        each("container_spec_cpu_quota", "gauge", "CPU quota of the container.") { configuration, _, _ in
            configuration.resources.cpuLimitMilli.map { Double($0) * 100 }
        }
        each("container_spec_memory_limit_bytes", "gauge", "Memory limit for the container.") { configuration, _, _ in
            Double(configuration.resources.memoryLimitBytes ?? 0)
        }
        each("container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds.") {
            workloads.started($2).map { (Double(epochMilliseconds(at: $0)) / 1e3).rounded(.down) }
        }
        if let machine = workloads.machine(node) {
            metrics.describe("machine_cpu_cores", "gauge", "Number of logical CPU cores.")
            metrics.add("machine_cpu_cores", [:], machine.cores)
            metrics.describe("machine_memory_bytes", "gauge", "Amount of memory installed on the machine.")
            metrics.add("machine_memory_bytes", [:], Double(machine.memoryBytes))
        }
    }

    /// The kubelet's own `/metrics`.
    func exposeKubelet(_ node: NodeID, into metrics: inout ExposedMetrics) {
        let containers = workloads.containers(on: node)
        var pods: Set<SandboxID> = []
        for id in containers { if let sandbox = workloads.configuration(of: id)?.sandbox { pods.insert(sandbox) } }
        metrics.describe("kubelet_node_name", "gauge", "The node's name. The count is always 1.")
        metrics.add("kubelet_node_name", ["node": cluster.kubelet.nodeName(node) ?? ""], 1)
        metrics.describe("kubelet_running_pods", "gauge", "Number of pods that have a running pod sandbox.")
        metrics.add("kubelet_running_pods", [:], Double(pods.count))
        metrics.describe("kubelet_running_containers", "gauge", "Number of containers currently running.")
        metrics.add("kubelet_running_containers", ["container_state": "running"], Double(containers.count))
    }

    /// node_exporter's basics: load, memory, CPU seconds and the time of the boot.
    func exposeMachine(_ node: NodeID, into metrics: inout ExposedMetrics) {
        guard let machine = workloads.machine(node, now: now) else { return }
        metrics.describe("node_load1", "gauge", "1m load average.")
        metrics.add("node_load1", [:], Double(machine.runnable))
        metrics.describe("node_memory_MemTotal_bytes", "gauge", "Memory information field MemTotal_bytes.")
        metrics.add("node_memory_MemTotal_bytes", [:], Double(machine.memoryBytes))
        metrics.describe("node_memory_MemAvailable_bytes", "gauge", "Memory information field MemAvailable_bytes.")
        metrics.add("node_memory_MemAvailable_bytes", [:], Double(max(0, machine.memoryBytes - machine.memoryUsed)))
        exposeProcessors(node, machine, into: &metrics)
    }

    /// The CPU time of all containers, spread evenly over the cores; the model has no time in the kernel.
    private func exposeProcessors(
        _ node: NodeID, _ machine: Workloads.MachineGauges, into metrics: inout ExposedMetrics
    ) {
        guard let name = cluster.kubelet.nodeName(node),
            let boot = cluster.context.store.named(name, Node.self)?.metadata.creationTimestamp
        else { return }
        metrics.describe("node_boot_time_seconds", "gauge", "Node boot time, in unixtime.")
        metrics.add("node_boot_time_seconds", [:], Double(boot.epochSeconds))
        let uptime = max(0, Double(epochMilliseconds) / 1000 - Double(boot.epochSeconds))
        let count = max(1, Int(machine.cores.rounded(.up)))
        let share = machine.cores / Double(count)
        let user = machine.cpuNanoseconds / 1e9 / Double(count)
        metrics.describe("node_cpu_seconds_total", "counter", "Seconds the CPUs spent in each mode.")
        for cpu in 0..<count {
            for (mode, seconds) in [("idle", max(0, uptime * share - user)), ("system", 0), ("user", user)] {
                metrics.add("node_cpu_seconds_total", ["cpu": "\(cpu)", "mode": mode], seconds)
            }
        }
    }

    /// dcgm-exporter's utilisation, one series for each GPU that a container holds.
    func exposeGPUs(on node: NodeID, into metrics: inout ExposedMetrics) {
        metrics.describe("DCGM_FI_DEV_GPU_UTIL", "gauge", "GPU utilization (in %).")
        var number = 0
        for id in workloads.containers(on: node) {
            guard let configuration = workloads.configuration(of: id), configuration.resources.gpus > 0 else {
                continue
            }
            for _ in 0..<configuration.resources.gpus {
                metrics.add(
                    "DCGM_FI_DEV_GPU_UTIL",
                    [
                        "gpu": "\(number)", "device": "nvidia\(number)",
                        "Hostname": cluster.kubelet.nodeName(node) ?? "",
                        "namespace": configuration.namespace, "pod": configuration.pod,
                        "container": configuration.container,
                    ], workloads.engine(of: id, now: now)?.gpuUtilization ?? 100)
                number += 1
            }
        }
    }
}
