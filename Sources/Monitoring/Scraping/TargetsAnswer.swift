import KubernetesAPI
import PromQL

/// The data of `/api/v1/targets`, `/api/v1/targets/metadata` and `/api/v1/scrape_pools` over all pools.
public struct TargetsAnswer: Sendable {
    /// Which targets `state` asks for.
    public enum State: String, Sendable {
        case active, dropped, any
    }

    private let pools: [ScrapePool]
    private let externalHost: String

    /// - Parameter externalHost: what stands for this machine in `globalUrl`, where a target is addressed as `localhost`.
    public init(_ pools: [ScrapePool], externalHost: String = "localhost") {
        self.pools = pools.sorted { ByteOrder.less($0.name, $1.name) }
        self.externalHost = externalHost
    }

    /// The data of `/api/v1/targets`.
    public func targets(state: State = .any, pool: String? = nil) -> JSONValue {
        let chosen = pools.filter { pool == nil || $0.name == pool }
        var active: [JSONValue] = []
        if state != .dropped {
            for pool in chosen {
                active += Self.sorted(pool.targets).map { json($0, pool: pool.name) }
            }
        }
        var dropped: [JSONValue] = []
        if state != .active {
            for pool in chosen {
                dropped += pool.droppedTargets.map {
                    ["discoveredLabels": Self.json($0.discoveredLabels), "scrapePool": .string(pool.name)]
                }
            }
        }
        let counts = JSONValue.object(
            .init(uniqueKeysWithValues: chosen.map { ($0.name, .integer(Int64($0.droppedCount))) }))
        return [
            "activeTargets": .array(active), "droppedTargets": .array(dropped),
            "droppedTargetCounts": state == .active ? .null : counts,
        ]
    }

    /// The data of `/api/v1/scrape_pools`.
    public var scrapePools: JSONValue { ["scrapePools": .array(pools.map { .string($0.name) })] }

    /// The data of `/api/v1/targets/metadata`.
    public func metadata(matching matchers: [LabelMatcher] = [], metric: String = "", limit: Int = -1) -> JSONValue {
        var entries: [JSONValue] = []
        for target in pools.flatMap({ Self.sorted($0.targets) }) {
            guard matchers.allSatisfy({ $0.matches(target.labels[$0.name]) }) else { continue }
            for (name, entry) in target.metadata.sorted(by: { ByteOrder.less($0.key, $1.key) })
            where metric.isEmpty || name == metric {
                if limit >= 0, entries.count >= limit { return .array(entries) }
                entries.append([
                    "target": Self.json(target.labels), "metric": .string(name), "type": .string(entry.type),
                    "help": .string(entry.help), "unit": .string(entry.unit),
                ])
            }
        }
        return .array(entries)
    }

    private static func sorted(_ targets: [ScrapeTarget]) -> [ScrapeTarget] {
        targets.sorted {
            let order = ByteOrder.compare($0.url, $1.url)
            return order == 0 ? Labels.compare($0.labels, $1.labels) < 0 : order < 0
        }
    }

    private static func json(_ labels: Labels) -> JSONValue {
        .object(.init(uniqueKeysWithValues: labels.pairs.map { ($0.name, .string($0.value)) }))
    }

    private func json(_ target: ScrapeTarget, pool: String) -> JSONValue {
        [
            "discoveredLabels": Self.json(target.discoveredLabels), "labels": Self.json(target.labels),
            "scrapePool": .string(pool), "scrapeUrl": .string(target.url), "globalUrl": .string(globalURL(target)),
            "lastError": .string(target.lastError),
            "lastScrape": .string(target.lastScrape.map(InstantText.rfc3339) ?? "0001-01-01T00:00:00Z"),
            "lastScrapeDuration": .number(target.lastScrapeDuration), "health": .string(target.health.text),
            "scrapeInterval": .string(target.allLabels["__scrape_interval__"]),
            "scrapeTimeout": .string(target.allLabels["__scrape_timeout__"]),
        ]
    }

    /// The URL as others see it: this machine by its name.
    private func globalURL(_ target: ScrapeTarget) -> String {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            for end in [":", "/"] {
                let address = "://" + host + end
                if let range = target.url.firstRange(of: address) {
                    return target.url.replacingCharacters(in: range, with: "://" + externalHost + end)
                }
            }
        }
        return target.url
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}

/// An instant as RFC 3339, as Go prints it.
enum InstantText {
    /// Milliseconds since the Unix epoch as `2026-11-23T08:45:30.447Z`; the fraction without zeros at its end.
    static func rfc3339(_ milliseconds: Int64) -> String {
        let fraction = ((milliseconds % 1000) + 1000) % 1000
        let text = CivilTime.format(seconds: (milliseconds - fraction) / 1000)
        guard fraction > 0 else { return text }
        var digits = String(String(1000 + fraction).dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return text.dropLast() + "." + digits + "Z"
    }
}
