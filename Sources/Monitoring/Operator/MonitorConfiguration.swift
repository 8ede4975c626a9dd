import KubernetesAPI
import PromQL

/// Why the operator leaves a monitor out.
struct MonitorError: Error, Equatable {
    let text: String

    init(_ text: String) { self.text = text }
}

/// Makes the jobs of one ServiceMonitor or PodMonitor.
struct MonitorConfiguration {
    let monitor: CustomResource
    let prometheus: CustomResource
    let global: GlobalConfiguration
    let shard: Int

    private var spec: JSONValue { monitor.spec }

    /// The jobs of a ServiceMonitor, one an endpoint.
    func serviceJobs() throws(MonitorError) -> [ScrapeConfiguration] {
        var jobs: [ScrapeConfiguration] = []
        for (index, endpoint) in (spec["endpoints"]?.array ?? []).enumerated() {
            var job = try job("serviceMonitor/\(monitor.namespace)/\(monitor.name)/\(index)", endpoint)
            let wanted = spec["serviceDiscoveryRole"]?.string ?? prometheus.spec["serviceDiscoveryRole"]?.string
            let role: KubernetesRole = wanted == "EndpointSlice" ? .endpointslice : .endpoints
            let selector = spec["selector"]?.labelSelector ?? LabelSelector()
            job.discovery.kubernetes = [discovery(role, selector, selectable: .service)]
            do throws(RelabelError) {
                job.relabelling = Relabelling(try serviceSteps(endpoint, role, selector))
            } catch {
                throw MonitorError("endpoint[\(index)]: \(error)")
            }
            jobs.append(job)
        }
        return jobs
    }

    private func serviceSteps(
        _ endpoint: JSONValue, _ role: KubernetesRole, _ selector: LabelSelector
    ) throws(RelabelError) -> [RelabelConfiguration] {
        var relabelling = try MonitorRelabelling()
        if !selectsByRole { try relabelling.select(selector, role: "service") }
        let prefix = role == .endpointslice ? "__meta_kubernetes_endpointslice_" : "__meta_kubernetes_endpoint_"
        let port = endpoint["port"]?.string ?? ""
        let targetPort = endpoint["targetPort"]
        if !port.isEmpty {
            try relabelling.keep([prefix + "port_name"], regex: port)
        } else if let name = targetPort?.string, !name.isEmpty {
            try relabelling.keep(["__meta_kubernetes_pod_container_port_name"], regex: name)
        } else if let number = targetPort?.wholeNumber, number != 0 {
            try relabelling.keep(["__meta_kubernetes_pod_container_port_number"], regex: "\(number)")
        }
        for (kind, label) in [("Node", "node"), ("Pod", "pod")] {
            relabelling.add([
                try RelabelConfiguration(
                    sourceLabels: [prefix + "address_target_kind", prefix + "address_target_name"],
                    regex: "\(kind);(.*)", targetLabel: label, replacement: "${1}")
            ])
        }
        try relabelling.copy("__meta_kubernetes_namespace", to: "namespace")
        try relabelling.copy("__meta_kubernetes_service_name", to: "service")
        try relabelling.copy("__meta_kubernetes_pod_name", to: "pod")
        try relabelling.copy("__meta_kubernetes_pod_container_name", to: "container")
        if endpoint["filterRunning"]?.flag ?? true { try relabelling.dropFinishedPods() }
        try relabelling.copyLabels(spec["targetLabels"]?.texts ?? [], role: "service")
        try relabelling.copyLabels(podTargetLabels, role: "pod")
        try relabelling.copy("__meta_kubernetes_service_name", to: "job")
        if let label = spec["jobLabel"]?.string, !label.isEmpty {
            try relabelling.copyPresent(
                "__meta_kubernetes_service_label_" + MetaLabels.sanitized(label), to: "job")
        }
        let name = port.isEmpty ? targetPort?.textOrNumber ?? "" : port
        if !name.isEmpty { try relabelling.set("endpoint", to: name) }
        return try finished(relabelling, endpoint)
    }

    /// The jobs of a PodMonitor, one an endpoint.
    func podJobs() throws(MonitorError) -> [ScrapeConfiguration] {
        var jobs: [ScrapeConfiguration] = []
        for (index, endpoint) in (spec["podMetricsEndpoints"]?.array ?? []).enumerated() {
            var job = try job("podMonitor/\(monitor.namespace)/\(monitor.name)/\(index)", endpoint)
            let selector = spec["selector"]?.labelSelector ?? LabelSelector()
            job.discovery.kubernetes = [discovery(.pod, selector, selectable: .pod)]
            do throws(RelabelError) {
                job.relabelling = Relabelling(try podSteps(endpoint, selector))
            } catch {
                throw MonitorError("podMetricsEndpoint[\(index)]: \(error)")
            }
            jobs.append(job)
        }
        return jobs
    }

    private func podSteps(
        _ endpoint: JSONValue, _ selector: LabelSelector
    ) throws(RelabelError) -> [RelabelConfiguration] {
        var relabelling = try MonitorRelabelling()
        if endpoint["filterRunning"]?.flag ?? true { try relabelling.dropFinishedPods() }
        if !selectsByRole { try relabelling.select(selector, role: "pod") }
        let port = endpoint["port"]?.string ?? ""
        let number = endpoint["portNumber"]?.wholeNumber ?? endpoint["targetPort"]?.wholeNumber ?? 0
        let name = port.isEmpty && number == 0 ? endpoint["targetPort"]?.string ?? "" : port
        if !name.isEmpty {
            try relabelling.keep(["__meta_kubernetes_pod_container_port_name"], regex: name)
        } else if number != 0 {
            try relabelling.keep(["__meta_kubernetes_pod_container_port_number"], regex: "\(number)")
        }
        try relabelling.copy("__meta_kubernetes_namespace", to: "namespace")
        try relabelling.copy("__meta_kubernetes_pod_container_name", to: "container")
        try relabelling.copy("__meta_kubernetes_pod_name", to: "pod")
        try relabelling.copyLabels(podTargetLabels, role: "pod")
        try relabelling.set("job", to: "\(monitor.namespace)/\(monitor.name)")
        if let label = spec["jobLabel"]?.string, !label.isEmpty {
            try relabelling.copyPresent("__meta_kubernetes_pod_label_" + MetaLabels.sanitized(label), to: "job")
        }
        // A port that is given by `portNumber` leaves no label.
        let shown = name.isEmpty ? endpoint["targetPort"]?.textOrNumber ?? "" : name
        if !shown.isEmpty { try relabelling.set("endpoint", to: shown) }
        return try finished(relabelling, endpoint)
    }

    private var podTargetLabels: [String] {
        (spec["podTargetLabels"]?.texts ?? []) + (prometheus.spec["podTargetLabels"]?.texts ?? [])
    }

    private func finished(
        _ relabelling: MonitorRelabelling, _ endpoint: JSONValue
    ) throws(RelabelError) -> [RelabelConfiguration] {
        var relabelling = relabelling
        relabelling.add(try MonitorRelabelling.steps(endpoint["relabelings"]))
        try relabelling.shard(shard, of: prometheus.spec["shards"]?.wholeNumber ?? 1)
        return relabelling.steps
    }

    // MARK: - What both kinds have in common

    private var selectsByRole: Bool { spec["selectorMechanism"]?.string == "RoleSelector" }

    private func discovery(
        _ role: KubernetesRole, _ selector: LabelSelector, selectable: KubernetesRole
    ) -> KubernetesDiscoveryConfiguration {
        var discovery = KubernetesDiscoveryConfiguration(role: role)
        let namespaces = spec["namespaceSelector"]
        if prometheus.spec["ignoreNamespaceSelectors"]?.flag ?? false {
            discovery.namespaces = [monitor.namespace]
        } else if !(namespaces?["any"]?.flag ?? false) {
            let names = namespaces?["matchNames"]?.texts ?? []
            discovery.namespaces = names.isEmpty ? [monitor.namespace] : names
        }
        discovery.attachNode = spec["attachMetadata"]?["node"]?.flag ?? false
        if selectsByRole { discovery.selectors = [.init(role: selectable, label: LabelQuery(selector).description)] }
        return discovery
    }

    private func job(_ name: String, _ endpoint: JSONValue) throws(MonitorError) -> ScrapeConfiguration {
        var job = ScrapeConfiguration(jobName: name)
        job.scrapeInterval = try duration(endpoint, "interval") ?? global.scrapeInterval
        let timeout = try duration(endpoint, "scrapeTimeout")
        if let timeout, timeout > job.scrapeInterval {
            throw MonitorError(
                "scrapeTimeout \(GoQuote.quote(PrometheusDuration.format(timeout))) greater than scrapeInterval "
                    + GoQuote.quote(PrometheusDuration.format(job.scrapeInterval)))
        }
        job.scrapeTimeout = timeout ?? min(global.scrapeTimeout, job.scrapeInterval)
        job.metricsPath = endpoint["path"]?.string ?? "/metrics"
        if job.metricsPath.isEmpty { job.metricsPath = "/metrics" }
        job.scheme = endpoint["scheme"]?.string?.lowercased() ?? "http"
        job.parameters = (endpoint["params"]?.object ?? [:]).map {
            ScrapeConfiguration.Parameter($0.key, $0.value.texts)
        }.sorted { ByteOrder.less($0.name, $1.name) }
        // A Prometheus that keeps its own labels does not honour those of a monitor.
        job.honorLabels =
            (endpoint["honorLabels"]?.flag ?? false) && !(prometheus.spec["overrideHonorLabels"]?.flag ?? false)
        job.honorTimestamps =
            (endpoint["honorTimestamps"]?.flag ?? true)
            && !(prometheus.spec["overrideHonorTimestamps"]?.flag ?? false)
        job.trackTimestampsStaleness = endpoint["trackTimestampsStaleness"]?.flag ?? false
        job.fallbackProtocol = spec["fallbackScrapeProtocol"]?.string.flatMap(ScrapeProtocol.init)
        job.limits = limits
        do throws(RelabelError) {
            job.metricRelabelling = Relabelling(try MonitorRelabelling.steps(endpoint["metricRelabelings"]))
        } catch {
            throw MonitorError("metricRelabelings: \(error)")
        }
        return job
    }

    private func duration(_ endpoint: JSONValue, _ field: String) throws(MonitorError) -> Int64? {
        guard let text = endpoint[field]?.string, !text.isEmpty else { return nil }
        do throws(PrometheusDuration.ParseError) {
            return try PrometheusDuration.parse(text)
        } catch {
            throw MonitorError("\(field): \(error)")
        }
    }

    /// The monitor's limits, as far as the Prometheus' own enforced ones allow.
    private var limits: ScrapeLimits {
        func limit(_ field: String, _ enforcedField: String) -> Int {
            let own = max(0, spec[field]?.wholeNumber ?? 0)
            let enforced = max(0, prometheus.spec[enforcedField]?.wholeNumber ?? 0)
            if enforced == 0 { return own }
            return own == 0 ? enforced : min(own, enforced)
        }
        var limits = ScrapeLimits()
        limits.samples = limit("sampleLimit", "enforcedSampleLimit")
        limits.targets = limit("targetLimit", "enforcedTargetLimit")
        limits.labels = limit("labelLimit", "enforcedLabelLimit")
        limits.labelNameLength = limit("labelNameLengthLimit", "enforcedLabelNameLengthLimit")
        limits.labelValueLength = limit("labelValueLengthLimit", "enforcedLabelValueLengthLimit")
        limits.keptDroppedTargets = limit("keepDroppedTargets", "enforcedKeepDroppedTargets")
        let sizes = [spec["bodySizeLimit"], prometheus.spec["enforcedBodySizeLimit"]].compactMap {
            ($0?.string).flatMap { try? ByteSize.parse($0) }
        }
        limits.bodySize = sizes.filter { $0 > 0 }.min() ?? 0
        return limits
    }
}
