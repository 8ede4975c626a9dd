import Monitoring
import OpenTelemetry

/// What spans can blame: the work of a service, or what lies outside the cluster.
enum Suspect: Sendable, Hashable {
    case service(DeskService)
    case model, database

    static let all: [Suspect] = DeskService.allCases.map(Suspect.service) + [.model, .database]

    /// Whether this one waits for the other's answers.
    func calls(_ other: Suspect) -> Bool {
        guard case .service(let service) = self else { return false }
        switch other {
        case .service(let called): return service.calls.contains(called)
        case .model: return service == .agent
        case .database: return service == .orders
        }
    }
}

/// How somebody reads traces who knows how: failures down to the deepest span that fails, waiting down to where more time
/// passes than usual.
///
/// Two things mislead whoever reads in haste, and are minded here. A call that its caller gives up is cancelled, and what it
/// had called as well; to be cancelled is no failure of one's own, so the question is where the time went until then. And a
/// server that has not answered yet has no span; the span of the call to it says whose answer was waited for.
struct TraceReading: Sendable {
    /// What is usual for requests to a path: nanoseconds until nine of ten are answered, and how many each suspect takes.
    private struct Usual: Sendable {
        let duration: Double
        let shares: [Suspect: Double]
    }

    private var usual: [String: Usual] = [:]
    /// The share of requests that fail or are slow on such a day.
    private var usuallyBad = 0.0
    /// How many traces are opened, the latest first.
    static let most = 9

    /// Looks at a day on which nothing is wrong.
    init(usualIn store: TraceStore) {
        var durations: [String: [Double]] = [:]
        var sums: [String: [Suspect: Double]] = [:]
        for trace in store.traces {
            let spans = SpanTree(trace)
            for entry in spans.entries {
                let path = spans.path(of: entry)
                durations[path, default: []].append(Double(spans[entry].durationNano))
                for (suspect, time) in spans.time(in: entry) { sums[path, default: [:]][suspect, default: 0] += time }
            }
        }
        for (path, all) in durations {
            usual[path] = Usual(
                duration: Estimate.quantile(0.9, ofSorted: all.sorted()),
                shares: (sums[path] ?? [:]).mapValues { $0 / Double(all.count) })
        }
        let (bad, all) = requests(in: store, since: 0)
        usuallyBad = Double(bad.count) / Double(max(1, all))
    }

    /// Those requests that failed or were slow of all that ended since an instant, the latest first.
    private func requests(in store: TraceStore, since: UInt64) -> (bad: [(spans: SpanTree, entry: Int)], all: Int) {
        var all = 0
        var bad: [(end: UInt64, spans: SpanTree, entry: Int)] = []
        for trace in store.traces where trace.endTimeUnixNano >= since {
            let spans = SpanTree(trace)
            for entry in spans.entries where spans[entry].endTimeUnixNano >= since {
                all += 1
                let bound = 2 * (usual[spans.path(of: entry)]?.duration ?? .infinity)
                guard !spans.isGood(entry) || Double(spans[entry].durationNano) > bound else { continue }
                bad.append((spans[entry].endTimeUnixNano, spans, entry))
            }
        }
        bad.sort { ($0.end, $0.spans[$0.entry].spanID) > ($1.end, $1.spans[$1.entry].spanID) }
        return (bad.map { ($0.spans, $0.entry) }, all)
    }

    /// Whom most of the latest failing or slow requests blame, of those that ended since an instant. Some fail or are slow
    /// on any day; if there are not twice as many, they say nothing.
    func suspects(in store: TraceStore, since: UInt64) -> Set<Suspect> {
        let (latest, all) = requests(in: store, since: since)
        guard Double(latest.count) > 2 * usuallyBad * Double(all) else { return [] }
        var votes: [Suspect: Int] = [:]
        let opened = latest.prefix(Self.most)
        for (spans, entry) in opened {
            if let suspect = suspect(in: spans, entry) { votes[suspect, default: 0] += 1 }
        }
        guard let most = votes.values.max(), most * 2 > opened.count else { return [] }
        return Set(votes.filter { $0.value == most }.keys)
    }

    /// Whom one request blames.
    func suspect(in spans: SpanTree, _ entry: Int) -> Suspect? {
        guard spans.isFailure(entry) else { return slowest(in: spans, entry, of: entry) }
        var present = entry
        // A parent fails by what failed last before it did.
        while let failed = spans.children(of: present).filter({ spans.isFailure($0) }).max(by: {
            (spans[$0].endTimeUnixNano, spans[$0].spanID) < (spans[$1].endTimeUnixNano, spans[$1].spanID)
        }) {
            present = failed
            if spans.error(of: present) == "timeout" { return slowest(in: spans, present, of: entry) }
        }
        return spans.owner(of: present)
    }

    /// Who takes most beyond what it usually takes of such a request, in the time of one of its spans.
    private func slowest(in spans: SpanTree, _ span: Int, of entry: Int) -> Suspect? {
        let shares = usual[spans.path(of: entry)]?.shares ?? [:]
        let took = spans.time(in: span)
        var worst: (suspect: Suspect, excess: Double)?
        for suspect in Suspect.all {
            let excess = (took[suspect] ?? 0) - (shares[suspect] ?? 0)
            if excess > worst?.excess ?? 0 { worst = (suspect, excess) }
        }
        return worst?.suspect
    }
}
