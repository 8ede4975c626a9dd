import PromQL

extension PrometheusServer {
    /// Goes on with another configuration and other rules, as Prometheus does when its files are read anew.
    ///
    /// Jobs that stay as they were keep their targets, and their series go on; of one that has changed, the targets whose
    /// labels are the same do. Groups keep what they know of rules that are still there.
    /// - Parameter objects: what discovery knows now.
    /// - Returns: where the pools of the jobs lie now, by their places before; those of jobs that are gone are left out.
    public mutating func reload(
        _ configuration: PrometheusConfiguration, ruleFiles: [(name: String, file: RuleFile)],
        objects: DiscoveredObjects, ownNamespace: String = "monitoring", seed: UInt64, now: Int64
    ) -> [Int: Int] {
        let jobCount = self.configuration.scrapeConfigurations.count
        var places: [String: Int] = [:]
        for index in pools.indices.prefix(jobCount) { places[pools[index].name] = index }
        var moved: [Int: Int] = [:]
        var reloaded: [ScrapePool] = []
        for job in configuration.scrapeConfigurations {
            var pool: ScrapePool
            if let place = places[job.jobName] {
                pool = pools[place]
                moved[place] = reloaded.count
            } else {
                pool = ScrapePool(job, spreadsScrapes: spreadsEvaluations, seed: seed)
            }
            pool.reload(job, groups: job.discovery.groups(in: objects, ownNamespace: ownNamespace), now: now)
            reloaded.append(pool)
        }
        // The series of a job that is gone end as those of any target that is gone do, once it cannot have come back.
        for index in pools.indices where moved[index] == nil {
            pools[index].retire(now: now)
            if !pools[index].ending.isEmpty { reloaded.append(pools[index]) }
        }
        pools = reloaded
        reload(Self.groups(ruleFiles, configuration), at: now)
        self.configuration = configuration
        return moved
    }

    private mutating func reload(_ new: [RuleGroup], at now: Int64) {
        var left = groups
        groups = new
        for index in groups.indices {
            groups[index].begin(at: now, spread: spreadsEvaluations)
            guard
                let place = left.firstIndex(where: { $0.file == groups[index].file && $0.name == groups[index].name })
            else { continue }
            groups[index].adopt(left.remove(at: place), at: now, in: &store)
        }
        for group in left { group.end(at: now, in: &store) }
    }
}

extension ScrapePool {
    /// Ends a job: its targets go, and nothing finds new ones.
    mutating func retire(now: Int64) {
        configuration.discovery = DiscoveryConfiguration()
        synchronize([], now: now)
    }
}

extension RuleGroup {
    /// Takes over what a group of the same name remembers (`Group.CopyState`): alerts and series of rules with the same
    /// name and labels, in their order. Series of rules that are gone end.
    mutating func adopt(_ old: RuleGroup, at now: Int64, in store: inout TimeSeriesStore) {
        if old.interval == interval { continueAfter(old) }
        var left = old.rules
        for index in rules.indices {
            let place = left.firstIndex {
                $0.description.name == rules[index].description.name
                    && $0.description.labels == rules[index].description.labels
                    && $0.description.isAlert == rules[index].description.isAlert
            }
            guard let place else { continue }
            let known = left.remove(at: place)
            rules[index].health = known.health
            rules[index].lastError = known.lastError
            rules[index].alerts = known.alerts
            rules[index].written = known.written
        }
        Self.end(left, at: now - old.queryOffset, in: &store)
    }

    /// Ends the series of a group that is gone.
    func end(at now: Int64, in store: inout TimeSeriesStore) {
        Self.end(rules, at: now - queryOffset, in: &store)
    }

    private static func end(_ rules: [Rule], at time: Int64, in store: inout TimeSeriesStore) {
        for id in rules.flatMap(\.written) { try? store.append(id, time: time, value: StaleMarker.value) }
    }
}
