import PromQL

extension ScrapePool {
    /// What relabelling made of one group. A group that comes again is not looked into.
    struct GroupOutcome: Sendable {
        let group: TargetGroup
        var kept: [TargetID] = []
        var dropped: [DroppedTarget] = []
        var failures: [String] = []
        /// Whether no target of it was left to another group that came to the same.
        var isWhole = true
    }

    /// Takes in what discovery has found: new targets begin, known ones go on, others end.
    ///
    /// Prometheus does so at most every five seconds. Groups that are equal to the last ones cost a comparison.
    public mutating func synchronize(_ groups: [TargetGroup], now: Int64) {
        droppedTargets = []
        droppedCount = 0
        failures = []
        var synchronization = Synchronization(self)
        let before = groupOutcomes
        groupOutcomes = [:]
        for group in groups {
            let outcome: GroupOutcome
            if let known = before[group.source], known.isWhole, known.group == group, synchronization.keep(known, self)
            {
                outcome = known
            } else {
                outcome = synchronization.relabel(group, &self, now)
            }
            droppedCount += outcome.dropped.count
            let limit = configuration.limits.keptDroppedTargets
            droppedTargets += limit == 0 ? outcome.dropped[...] : outcome.dropped.prefix(limit - droppedTargets.count)
            failures += outcome.failures
            groupOutcomes[group.source] = outcome
        }
        for (target, isKept) in zip(targets, synchronization.isKept) where !isKept { end(target) }
        targets = zip(targets, synchronization.isKept).filter(\.1).map(\.0) + synchronization.added
        let limit = configuration.limits.targets
        limitError =
            limit > 0 && targets.count > limit
            ? "target_limit exceeded (number of targets: \(targets.count), limit: \(limit))" : ""
    }

    /// The targets while groups are taken in.
    private struct Synchronization {
        var isKept: [Bool]
        var added: [ScrapeTarget] = []
        private var places: [Labels: Int]?
        private var seen: Set<Labels> = []

        init(_ pool: ScrapePool) { isKept = Array(repeating: false, count: pool.targets.count) }

        /// Keeps the targets of a group that has not changed. False if one of them is not there.
        mutating func keep(_ outcome: GroupOutcome, _ pool: ScrapePool) -> Bool {
            let places = outcome.kept.map(pool.place)
            guard !places.contains(nil) else { return false }
            for case let place? in places {
                isKept[place] = true
                seen.insert(pool.targets[place].allLabels)
            }
            return true
        }

        mutating func relabel(_ group: TargetGroup, _ pool: inout ScrapePool, _ now: Int64) -> GroupOutcome {
            var outcome = GroupOutcome(group: group)
            for (index, labels) in group.discovered.enumerated() {
                let discovered = TargetLabels.discovered(labels, pool.configuration)
                switch TargetLabels.relabel(discovered, pool.configuration) {
                case .dropped: outcome.dropped.append(DroppedTarget(discoveredLabels: discovered))
                case .refused(let reason):
                    outcome.failures.append("instance \(index) in group \(group.source): \(reason)")
                case .kept(let all, let interval, let timeout):
                    // Two that relabelling made equal are one target.
                    guard seen.insert(all).inserted else {
                        outcome.isWhole = false
                        continue
                    }
                    if let place = place(of: all, pool) {
                        isKept[place] = true
                        pool.targets[place].discoveredLabels = discovered
                        outcome.kept.append(pool.targets[place].id)
                    } else {
                        let target = pool.make(discovered, all, interval, timeout, now)
                        outcome.kept.append(target.id)
                        added.append(target)
                    }
                }
            }
            return outcome
        }

        /// The target that has these labels and, by them, this URL.
        private mutating func place(of labels: Labels, _ pool: ScrapePool) -> Int? {
            if places == nil {
                places = Dictionary(zip(pool.targets.map(\.allLabels), pool.targets.indices)) { first, _ in first }
            }
            guard let place = places?[labels], pool.targets[place].url == ScrapeURL.text(labels, pool.configuration)
            else { return nil }
            return place
        }
    }

    fileprivate mutating func make(
        _ discovered: Labels, _ all: Labels, _ interval: Int64, _ timeout: Int64, _ now: Int64
    ) -> ScrapeTarget {
        let url = ScrapeURL.text(all, configuration)
        let own = TargetLabels.exposed(all)
        nextNumber += 1
        return ScrapeTarget(
            id: TargetID(nextNumber), discoveredLabels: discovered, allLabels: all, labels: own, url: url,
            interval: interval, timeout: timeout,
            nextScrape: Self.next(
                after: now, interval: interval, offset: spreadsScrapes ? offset(all, url, interval) : 0),
            loop: ScrapeLoop(configuration, target: own, timeout: timeout))
    }

    fileprivate mutating func end(_ target: ScrapeTarget) {
        // One that was never scraped has no series.
        guard target.lastScrape != nil else { return }
        ending.append(
            EndingLoop(
                loop: target.loop, markerTime: target.nextScrape,
                due: target.nextScrape + target.interval + target.interval / 10))
    }

    /// Where in its interval a target is scraped, in milliseconds.
    func offset(_ labels: Labels, _ url: String, _ interval: Int64) -> Int64 {
        let digits = String(labels.hash)
        let padded = String(repeating: "0", count: max(0, 16 - digits.count)) + digits
        return Int64((Self.hash((padded + url).utf8) ^ seed) % UInt64(interval &* 1_000_000)) / 1_000_000
    }

    /// The first time after `now` that lies at the offset within an interval.
    static func next(after now: Int64, interval: Int64, offset: Int64) -> Int64 {
        let start = now - ((now % interval) + interval) % interval + offset
        return start > now ? start : start + interval
    }

    /// Goes on with another configuration of the job, as a reload does. Targets whose labels stay the same keep their
    /// health and what is known of their series, if nothing that makes these has changed.
    public mutating func reload(_ configuration: ScrapeConfiguration, groups: [TargetGroup], now: Int64) {
        guard self.configuration != configuration else { return synchronize(groups, now: now) }
        let firstNew = nextNumber
        self.configuration = configuration
        groupOutcomes = [:]
        synchronize(groups, now: now)
        for place in targets.indices where targets[place].id.number <= firstNew {
            var loop = ScrapeLoop(configuration, target: targets[place].labels, timeout: targets[place].timeout)
            loop.adopt(targets[place].loop)
            targets[place].loop = loop
        }
    }
}
