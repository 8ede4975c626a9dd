import Synchronization

/// Counts what a served lab has answered, by interface and status code.
final class RequestCount: Sendable {
    /// Which of the lab's addresses a request came to.
    enum Interface: String, CaseIterable, Sendable {
        case kubernetes, prometheus, alertmanager, loki, tempo
    }

    private let counts = Mutex<[Interface: [Int: Int]]>([:])

    func note(_ interface: Interface, code: UInt) {
        counts.withLock { $0[interface, default: [:]][Int(clamping: code), default: 0] += 1 }
    }

    /// In the order of the interfaces and of their codes.
    var all: [(interface: Interface, code: Int, count: Int)] {
        counts.withLock { counts in
            Interface.allCases.flatMap { interface in
                (counts[interface] ?? [:]).sorted { $0.key < $1.key }.map { (interface, $0.key, $0.value) }
            }
        }
    }
}
