import Lab
import Simulation

/// 'Auto-scaling and right-sizing save 40 to 60%': capacity for the peak against an autoscaler and fitting requests, on
/// days of different burstiness, at one service level. Each contender is first calibrated, on seeds of its own, to the
/// cheapest setting that holds the level.
struct AutoscalingSavings: Sendable {
    let settings: ExperimentSettings
    let curves: [String]
    /// The curve on which assumptions are varied.
    static let reference = "office"
    /// The share of requests within the bound that the worst hour must reach.
    static let objective = 0.99
    /// How far requests that nobody measured lie above fitting ones.
    static let oversizing = 2.0
    private let calibrationSeeds: [UInt64]

    init(_ settings: ExperimentSettings) {
        self.settings = settings
        curves = settings.quick ? ["office", "campaigns"] : ["steady", "office", "bursts", "campaigns"]
        calibrationSeeds = settings.seeds(.autoscalingSavings, "calibrate", count: settings.quick ? 1 : 3)
    }

    /// A pair of contenders under one set of assumptions.
    struct Case: Sendable, Equatable {
        var curve: String
        var loading = 14
        var objective = AutoscalingSavings.objective
    }

    /// What calibration found: the cheapest setting of each that holds, and fitting requests for it.
    struct Contenders: Sendable {
        var fixed: CapacityDay.Setting
        var fixedRequest: CapacityPrice.Request
        var scaled: CapacityDay.Setting
        var scaledRequest: CapacityPrice.Request
        /// Days that were lived through to find them.
        var days: Int
    }

    // MARK: Calibration

    /// The cheapest settings that hold the level on the seeds of calibration.
    /// - Returns: nil if it was to stop, or if nothing holds.
    func calibrate(_ one: Case, _ price: CapacityPrice) throws -> Contenders? {
        var days = 0
        func lived(_ capacity: CapacityDay.Capacity) throws -> [CapacityDay]? {
            let setting = CapacityDay.Setting(curve: one.curve, capacity: capacity, loading: one.loading)
            var found: [CapacityDay] = []
            for seed in calibrationSeeds {
                if settings.isOver() { return nil }
                let day = try CapacityDay.run(setting, seed: seed, settings)
                days += 1
                guard day.worstHour >= one.objective else { return nil }
                found.append(day)
            }
            return found
        }
        // More pods never serve fewer: the least number is found by halving.
        var (low, high) = (4, 120)
        var fixed: (Int, [CapacityDay])?
        while low < high {
            let middle = (low + high) / 2
            if let held = try lived(.fixed(middle)) {
                fixed = (middle, held)
                high = middle
            } else {
                low = middle + 1
            }
        }
        guard let (pods, fixedDays) = fixed, !settings.isOver() else { return nil }
        // A lower target leaves more free: for each minimum, the highest that holds; then the cheapest of these.
        var best: (CapacityDay.Capacity, CapacityPrice.Request, Double)?
        for minimum in Set([2, pods / 4, pods / 2, pods * 3 / 4].map { max(2, $0) }).sorted() {
            var (low, high) = (4, 19)
            var held: (CapacityDay.Capacity, [CapacityDay])?
            while low < high {
                let middle = (low + high + 1) / 2
                let capacity = CapacityDay.Capacity.autoscaled(target: middle * 50, minimum: minimum)
                if let found = try lived(capacity) {
                    held = (capacity, found)
                    low = middle
                } else {
                    high = middle - 1
                }
            }
            guard let (capacity, found) = held else { continue }
            let request = CapacityPrice.Request(fitting: found)
            let cost = found.reduce(0) { $0 + price.cost($1, request) }
            if best.map({ cost < $0.2 }) ?? true { best = (capacity, request, cost) }
        }
        guard let best, !settings.isOver() else { return nil }
        return Contenders(
            fixed: .init(curve: one.curve, capacity: .fixed(pods), loading: one.loading),
            fixedRequest: CapacityPrice.Request(fitting: fixedDays),
            scaled: .init(curve: one.curve, capacity: best.0, loading: one.loading), scaledRequest: best.1, days: days)
    }

    // MARK: Report

    /// The days that are reported of one case, one of each contender a seed.
    private struct Lived: Sendable {
        var contenders: Contenders
        var fixed: [CapacityDay]
        var scaled: [CapacityDay]
    }

    func report() throws -> ExperimentReport {
        let count = settings.seeds ?? Experiment.autoscalingSavings.seeds(quick: settings.quick)
        let seeds = settings.seeds(.autoscalingSavings, "report", count: count)
        let price = CapacityPrice(try settings.scenario("autoscaling-savings.yaml").scenario)
        var cases = curves.map { Case(curve: $0) }
        cases.append(Case(curve: Self.reference, loading: 174))
        cases.append(Case(curve: Self.reference, objective: 0.999))
        let fixedCases = cases
        let calibrated = settings.each("calibrating", cases.count) { index in
            Result { try calibrate(fixedCases[index], price) }
        }
        let contenders = try calibrated.map { try $0?.get() }
        let jobs = cases.indices.filter { contenders[$0] != nil }.flatMap { index in
            seeds.indices.flatMap { seed in [(index, seed, true), (index, seed, false)] }
        }
        let days = settings.each("days", jobs.count) { job -> Result<CapacityDay, any Error>? in
            let (index, seed, isFixed) = jobs[job]
            guard let found = contenders[index] else { return nil }
            return Result { try CapacityDay.run(isFixed ? found.fixed : found.scaled, seed: seeds[seed], settings) }
        }
        var lived: [Lived?] = contenders.map { $0.map { Lived(contenders: $0, fixed: [], scaled: []) } }
        for (job, day) in zip(jobs, days) {
            guard let day = try day??.get() else { continue }
            if job.2 { lived[job.0]?.fixed.append(day) } else { lived[job.0]?.scaled.append(day) }
        }
        for index in lived.indices where lived[index].map({ $0.fixed.count + $0.scaled.count != 2 * count }) ?? false {
            lived[index] = nil
        }
        var report = ExperimentReport(.autoscalingSavings, seeds: count)
        report.plannedRuns = cases.count * count * 2
        report.runs = days.count { $0.map { $0 != nil } ?? false }
        describe(&report)
        show(
            zip(cases, lived).prefix(curves.count).compactMap { one, days in days.map { (one.curve, $0) } }, price,
            &report)
        dependences(cases, lived, price, &report)
        if !settings.quick { try compareResolutions(contenders, seeds, &report) }
        return report
    }

    private func describe(_ report: inout ExperimentReport) {
        report.method = [
            "World: a day of the gateway of exercise 4.3 (about 40 requests a second on average, 0.17 s of CPU each), begun at midnight, on \(curves.count) curves of traffic: \(curves.joined(separator: ", ")). \(report.seeds) seed\(report.seeds == 1 ? "" : "s") each, which also move the bursts.",
            "Contenders: as many pods all day as the peak needs, with requests that nobody measured (\(Figures.rounded(Self.oversizing, 1)) times the fitting ones); the same with fitting requests; an autoscaler with each. Requests fit as the Vertical Pod Autoscaler recommends: 90th percentile of CPU, peak of memory, 15% above.",
            "Equal service level: \(Figures.percent(Self.objective)) of requests answered within 800 ms in the worst hour. Each contender is calibrated to the cheapest setting that holds it (pods; target and minimum of the autoscaler) on \(calibrationSeeds.count) other seed\(calibrationSeeds.count == 1 ? "" : "s").",
            "Traffic is aggregated (flows of 15 s); how exact that is stands below in a full run. Costs are shares of machines, by request or by usage where that is higher.",
        ]
        report.statistics = "95% intervals: Student's t over seeds; savings and movements are of paired seeds."
        report.result = "saving of autoscaling with right-sizing on the curve '\(Self.reference)'"
        report.resultUnit = "percentage points"
    }

    /// The savings of each seed, in per cent of the first costs.
    private static func savings(of costs: [Double], against first: [Double]) -> [Double] {
        zip(costs, first).map { $1 > 0 ? (1 - $0 / $1) * 100 : 0 }
    }

    private func baseline(
        _ lived: Lived, _ price: CapacityPrice, oversizing: Double = oversizing,
        _ billing: CapacityPrice.Billing = .shares, surplus: Double = 1
    ) -> [Double] {
        lived.fixed.map { price.cost($0, lived.contenders.fixedRequest * oversizing, billing, surplus: surplus) }
    }

    private func show(_ lived: [(curve: String, days: Lived)], _ price: CapacityPrice, _ report: inout ExperimentReport)
    {
        var bars: [ExperimentReport.Bar] = []
        var table = ExperimentReport.Table(
            title: "Savings against capacity for the peak, in per cent",
            header: ["CURVE", "CONTENDER", "SETTING", "PODS", "$ A DAY", "SAVES", "95% INTERVAL", "WORST HOUR"],
            rows: [])
        for (curve, days) in lived {
            let found = days.contenders
            let first = baseline(days, price)
            let scaledOversized = days.scaled.map { price.cost($0, found.scaledRequest * Self.oversizing) }
            let rows: [(String, CapacityDay.Capacity, [CapacityDay], [Double])] = [
                ("fixed, as guessed", found.fixed.capacity, days.fixed, first),
                ("fixed, right-sized", found.fixed.capacity, days.fixed, baseline(days, price, oversizing: 1)),
                ("autoscaled, as guessed", found.scaled.capacity, days.scaled, scaledOversized),
                (
                    "autoscaled, right-sized", found.scaled.capacity, days.scaled,
                    days.scaled.map { price.cost($0, found.scaledRequest) }
                ),
            ]
            for (name, capacity, lived, costs) in rows {
                guard let saving = Estimate(meanOf: Self.savings(of: costs, against: first)),
                    let cost = Estimate(meanOf: costs), let pods = Estimate(meanOf: lived.map(\.meanPods))
                else { continue }
                table.rows.append([
                    curve, name, Self.words(capacity), Figures.rounded(pods.value, 1), Figures.rounded(cost.value, 2),
                    Figures.rounded(saving.value, 1),
                    "\(Figures.rounded(saving.low, 1)) to \(Figures.rounded(saving.high, 1))",
                    Figures.percent(lived.map(\.worstHour).min() ?? 0),
                ])
                if name == rows[3].0 || name == rows[2].0 {
                    bars.append(
                        .init(
                            name: "\(curve), \(name == rows[3].0 ? "with right-sizing" : "autoscaling alone")",
                            estimate: saving))
                }
            }
            let both = Self.savings(of: rows[3].3, against: first)
            if let saving = Estimate(meanOf: both) {
                let verdict =
                    saving.high < 40
                    ? "less than claimed"
                    : saving.low > 60
                        ? "more than claimed"
                        : saving.low >= 40 && saving.high <= 60 ? "as claimed" : "at the edge of what is claimed"
                report.findings.append(
                    "\(curve): autoscaling with right-sizing saves \(Figures.rounded(saving.value, 1))% (\(Figures.rounded(saving.low, 1)) to \(Figures.rounded(saving.high, 1))), \(verdict)."
                )
            }
        }
        report.pictures = [.bars(title: "Saved against capacity for the peak", unit: "per cent", rows: bars)]
        report.tables = [table]
    }

    private static func words(_ capacity: CapacityDay.Capacity) -> String {
        switch capacity {
        case .fixed(let pods): "\(pods) pods"
        case .autoscaled(let target, let minimum): "\(target)m a pod, at least \(minimum)"
        }
    }

    private func dependences(
        _ cases: [Case], _ lived: [Lived?], _ price: CapacityPrice, _ report: inout ExperimentReport
    ) {
        func found(_ one: Case) -> Lived? { cases.firstIndex(of: one).flatMap { lived[$0] } }
        guard let here = found(Case(curve: Self.reference)) else { return }
        func total(
            _ days: Lived, oversizing: Double = Self.oversizing, _ billing: CapacityPrice.Billing = .shares,
            surplus: Double = 1
        ) -> [Double] {
            Self.savings(
                of: days.scaled.map { price.cost($0, days.contenders.scaledRequest, billing) },
                against: baseline(days, price, oversizing: oversizing, billing, surplus: surplus))
        }
        let standard = total(here)
        func add(_ assumption: String, _ was: String, _ changed: String, _ values: [Double]?) {
            guard let values, let result = Estimate(meanOf: values),
                let movement = Estimate(meanOf: zip(values, standard).map { $0 - $1 })
            else { return }
            report.dependences.append(
                .init(assumption: assumption, here: was, changed: changed, result: result, movement: movement))
        }
        let guess = "how much too large the first requests were"
        add(guess, "2 times", "1 (they fitted)", total(here, oversizing: 1))
        add(guess, "2 times", "4 times", total(here, oversizing: 4))
        for curve in curves where curve != Self.reference {
            add("how the day's traffic goes", Self.reference, curve, found(Case(curve: curve)).map { total($0) })
        }
        let chosen = "how tightly fixed capacity was chosen"
        add(chosen, "the least that holds", "half as much again", total(here, surplus: 1.5))
        let given = "whether what is freed is given back"
        add(given, "by the share", "by the machine", total(here, .machines))
        add(given, "by the share", "never", total(here, .peakMachines))
        add(
            "how long a pod takes to start", "20 s", "180 s",
            found(Case(curve: Self.reference, loading: 174)).map { total($0) })
        add(
            "how strict the service level is", "99%", "99.9%",
            found(Case(curve: Self.reference, objective: 0.999)).map { total($0) })
    }

    /// Two hours from noon on, as flows and request by request.
    private func compareResolutions(
        _ contenders: [Contenders?], _ seeds: [UInt64], _ report: inout ExperimentReport
    ) throws {
        guard let place = curves.firstIndex(of: Self.reference), let found = contenders[place], let seed = seeds.first
        else { return }
        let jobs = [found.fixed, found.scaled].flatMap { setting -> [CapacityDay.Setting] in
            [false, true].map { oneByOne in
                var changed = setting
                changed.onlyNoon = true
                changed.oneByOne = oneByOne
                return changed
            }
        }
        let days = settings.each("flows against requests", jobs.count) { index in
            Result { try CapacityDay.run(jobs[index], seed: seed, settings) }
        }
        var table = ExperimentReport.Table(
            title: "How exact aggregated traffic is: two hours from noon on",
            header: ["CONTENDER", "TRAFFIC", "PODS", "CORES USED", "WORST HOUR"], rows: [])
        for (setting, day) in zip(jobs, days) {
            guard let day = try day?.get() else { continue }
            let cpu = Estimate(meanOf: day.samples.map(\.cpu))?.value ?? 0
            table.rows.append([
                Self.words(setting.capacity), setting.oneByOne ? "one by one" : "aggregated",
                Figures.rounded(day.meanPods, 2), Figures.rounded(cpu, 2), Figures.percent(day.worstHour),
            ])
        }
        report.tables.append(table)
    }
}
