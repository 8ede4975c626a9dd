extension Evaluator {
    func labelReplace(_ call: Call) throws(QueryError) -> [Grid] {
        let target = try string(call.arguments[1])
        let replacement = try string(call.arguments[2])
        let source = try string(call.arguments[3])
        let pattern = try string(call.arguments[4])
        let regex: AnchoredRegex
        do {
            regex = try AnchoredRegex(pattern)
        } catch {
            throw .execution("invalid regular expression in label_replace(): \(pattern)")
        }
        if !Labels.isValidName(target) {
            throw .execution("invalid destination label name in label_replace(): \(target)")
        }
        var grids = try vector(call.arguments[0])
        for place in grids.indices {
            guard let value = regex.replace(grids[place].labels[source], with: replacement) else { continue }
            grids[place].labels = grids[place].labels.setting(target, to: value)
            if target == Labels.metricName { grids[place].dropName = false }
        }
        return try joined(grids)
    }

    func labelJoin(_ call: Call) throws(QueryError) -> [Grid] {
        let target = try string(call.arguments[1])
        let separator = try string(call.arguments[2])
        var sources: [String] = []
        for argument in call.arguments.dropFirst(3) {
            let source = try string(argument)
            if !Labels.isValidName(source) { throw .execution("invalid source label name in label_join(): \(source)") }
            sources.append(source)
        }
        if !Labels.isValidName(target) { throw .execution("invalid destination label name in label_join(): \(target)") }
        var grids = try vector(call.arguments[0])
        for place in grids.indices {
            let labels = grids[place].labels
            grids[place].labels = labels.setting(target, to: sources.map { labels[$0] }.joined(separator: separator))
            if target == Labels.metricName { grids[place].dropName = false }
        }
        return try joined(grids)
    }

    /// `info(v, {selector})`: adds the labels of info metrics (`target_info`) with the same `instance` and `job`.
    func info(_ call: Call) throws(QueryError) -> [Grid] {
        let base = try vector(call.arguments[0])
        var matchers: [LabelMatcher] = []
        if call.arguments.count > 1, case .vector(let selector) = call.arguments[1].unwrapped {
            matchers = selector.matchers
        }
        var nameMatchers = matchers.filter { $0.name == Labels.metricName }
        let dataMatchers = matchers.filter { $0.name != Labels.metricName }
        if nameMatchers.isEmpty {
            nameMatchers = [LabelMatcher(metric: "target_info")]
        } else if nameMatchers.allSatisfy({ $0.kind == .notEqual || $0.kind == .matchesNot }),
            let anyInfo = try? LabelMatcher(Labels.metricName, .matches, ".+_info")
        {
            nameMatchers.append(anyInfo)
        }
        // Info series are not enriched themselves.
        func isInfo(_ labels: Labels) -> Bool { nameMatchers.allSatisfy { $0.matches(labels.name) } }
        var selector = VectorSelector(range: call.range)
        selector.matchers = nameMatchers + dataMatchers
        if let of = Evaluator.firstSelector(call.arguments[0]) {
            selector.offset = of.offset
            selector.at = of.at
        }
        let wanted = Set(base.filter { !isInfo($0.labels) }.map { $0.labels.keeping(["instance", "job"]) })
        // An identifying label that any of them has is asked of all info series.
        let identifying = ["instance", "job"].filter { name in wanted.contains { !$0[name].isEmpty } }
        func isWanted(_ labels: Labels) -> Bool {
            wanted.contains(labels.keeping(["instance", "job"])) && identifying.allSatisfy { !labels[$0].isEmpty }
        }
        for id in store.select(selector.matchers) {
            guard let series = store.series(id), isWanted(series.labels) else { continue }
            let (first, last) = (reference(selector, step: 0) - options.lookback, reference(selector, step: steps - 1))
            if !series.histograms(after: first, through: last).isEmpty {
                throw .execution("this should be an info metric, with float samples: \(series.labels)")
            }
        }
        // The value is the sample's time, so that the newer of two info series counts.
        let infos = try select(selector, times: true).filter { isWanted($0.labels) }
        let byIdentity = Dictionary(grouping: infos.indices) { infos[$0].labels.keeping(["instance", "job"]) }
        var out: [Grid] = []
        let names = Set(dataMatchers.map(\.name))
        for grid in base {
            if isInfo(grid.labels) {
                out.append(grid)
                continue
            }
            let candidates = byIdentity[grid.labels.keeping(["instance", "job"])] ?? []
            let hasIdentity = !grid.labels.keeping(["instance", "job"]).isEmpty
            var made: [Labels: Grid] = [:]
            var order: [Labels] = []
            for step in 0..<steps {
                guard let point = grid.point(step) else { continue }
                var newest: [String: Int] = [:]
                for candidate in hasIdentity ? candidates : [] where infos[candidate].hasFloat(step) {
                    let name = infos[candidate].labels.name
                    if let other = newest[name] {
                        let (known, new) = (infos[other].values[step], infos[candidate].values[step])
                        if known == new {
                            throw .execution(
                                "found duplicate series for info metric: existing \(infos[other].labels) @ \((known * 1000).saturated), new \(infos[candidate].labels) @ \((new * 1000).saturated)"
                            )
                        }
                        if new > known { newest[name] = candidate }
                    } else {
                        newest[name] = candidate
                    }
                }
                if newest.isEmpty, dataMatchers.contains(where: { !$0.matches("") }) { continue }
                var labels = grid.labels
                var added: [String: String] = [:]
                for name in newest.keys.sorted(by: ByteOrder.less) {
                    guard let index = newest[name] else { continue }
                    for pair in infos[index].labels.pairs where pair.name != Labels.metricName {
                        if !names.isEmpty, !names.contains(pair.name) { continue }
                        if let other = added[pair.name], other != pair.value {
                            throw .execution("conflicting label: \(pair.name)")
                        }
                        if !grid.labels[pair.name].isEmpty { continue }
                        added[pair.name] = pair.value
                        labels = labels.setting(pair.name, to: pair.value)
                    }
                }
                if made[labels] == nil {
                    order.append(labels)
                    made[labels] = Grid(labels: labels, dropName: grid.dropName, steps: steps)
                }
                made[labels]?.set(step, point)
            }
            out += order.compactMap { made[$0] }
        }
        return try joined(out)
    }

    private static func firstSelector(_ expression: Expression) -> VectorSelector? {
        switch expression {
        case .vector(let selector): selector
        case .matrix(let matrix): matrix.selector
        case .subquery(let subquery): firstSelector(subquery.expression)
        case .paren(let inner, _), .stepInvariant(let inner): firstSelector(inner)
        case .unary(let unary): firstSelector(unary.operand)
        case .binary(let binary): firstSelector(binary.left) ?? firstSelector(binary.right)
        case .aggregation(let aggregation): firstSelector(aggregation.expression)
        case .call(let call): call.arguments.lazy.compactMap { firstSelector($0) }.first
        case .number, .string: nil
        }
    }
}
