import Foundation
import Simulation

/// The hold loop: 10,000 events pending; take the earliest, schedule another, as in Peers/hold.cpp.
func holdLoop() throws -> [Figure] {
    let (pending, events) = (10_000, 4_000_000)
    let plain = median(of: 5) { hold(pending: pending, events: events, cancels: false) }
    let cancelling = median(of: 5) { hold(pending: pending, events: events, cancels: true) }
    var figures = [
        Figure("events a second, 10,000 pending", plain, "events/s", note: "median of 5"),
        Figure("the same, every tenth also schedules and cancels a timer", cancelling, "events/s", note: "median of 5"),
    ]
    if let peer = compileHold() {
        let plainPeer = median(of: 5) { runHold(peer, ["\(pending)", "\(events)", "0"]) }
        let lazyPeer = median(of: 5) { runHold(peer, ["\(pending)", "\(events)", "1"]) }
        figures.append(
            Figure(
                "ratio to C++ std::priority_queue", plain / plainPeer, "times", .atLeast, 0.7,
                note: "g++ -O2: \(Figure.format(plainPeer)) events/s"))
        figures.append(
            Figure(
                "ratio with cancelling, C++ marking and skipping", cancelling / lazyPeer, "times", .atLeast, 0.7,
                note: "g++ -O2: \(Figure.format(lazyPeer)) events/s"))
    } else {
        figures.append(Figure("ratio to C++ std::priority_queue", 0, "times", note: "skipped: no g++ here"))
    }
    let script = repository + "/Benchmarks/Peers/hold.py"
    let python = ProcessInfo.processInfo.environment["BENCHMARKS_PYTHON"] ?? "python3"
    if Shell.sh("\(python) -c 'import simpy'").status == 0 {
        let simpy = median(of: 3) { Double(Shell.sh("\(python) '\(script)' \(pending) 400000").text.trimmed) ?? .nan }
        figures.append(
            Figure(
                "ratio to SimPy", plain / simpy, "times", .atLeast, 20, note: "SimPy: \(Figure.format(simpy)) events/s")
        )
    } else {
        figures.append(
            Figure("ratio to SimPy", 0, "times", note: "skipped: pip install simpy, or BENCHMARKS_PYTHON=…"))
    }
    return figures
}

/// A trivially copyable event of 16 bytes.
private struct Held: Sendable, BitwiseCopyable {
    var payload: UInt64
    var isTimer: Bool
}

private func hold(pending: Int, events: Int, cancels: Bool) -> Double {
    var state: UInt64 = 88_172_645_463_325_252
    func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
    var clock = Clock()
    var queue = EventQueue<Held>()
    var timers = [TimerHandle](repeating: .none, count: 1_024)
    var cancellations = 0
    var sum: UInt64 = 0
    for index in 0..<pending {
        queue.schedule(
            Held(payload: UInt64(index), isTimer: false), after: .nanoseconds(Int64(next() % 1_000_000_000)), on: &clock
        )
    }
    var handled = 0
    let span = seconds {
        while handled < events, let (time, sequence, event) = queue.popNext() {
            clock.begin(event: sequence, at: time)
            handled += 1
            sum &+= event.payload
            queue.schedule(event, after: .nanoseconds(Int64(next() % 1_000_000_000)), on: &clock)
            if cancels, handled % 10 == 0 {
                let place = cancellations % timers.count
                cancellations += 1
                queue.cancel(timers[place])
                timers[place] = queue.schedule(Held(payload: 0, isTimer: true), after: .seconds(30), on: &clock)
            }
        }
    }
    precondition(sum != 42)
    return Double(events) / span
}

private func compileHold() -> String? {
    let target = NSTemporaryDirectory() + "/kubelab-hold-\(getpid())"
    let source = repository + "/Benchmarks/Peers/hold.cpp"
    return Shell.sh("g++ -O2 -o '\(target)' '\(source)'").status == 0 ? target : nil
}

private func runHold(_ program: String, _ arguments: [String]) -> Double {
    Double(Shell.run(program, arguments).text.trimmed) ?? .nan
}

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// Copies 100,000 entities and writes one, in one flat array and in chunks.
func copyAndWrite() throws -> [Figure] {
    struct Entity { var words = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }
    let count = 100_000
    var flat = Array(repeating: Entity(), count: count)
    var chunked = ChunkedArray(flat)
    var kept: [Entity] = []
    var keptChunks = ChunkedArray<Entity>()
    let flatTime = median(of: 21) {
        seconds {
            kept = flat
            flat[Int(flat[7].words.0 & 0xff) + 500].words.1 += 1
        }
    }
    let chunkedTime = median(of: 21) {
        seconds {
            keptChunks = chunked
            chunked[.init(UInt32(500))].words.1 += 1
        }
    }
    precondition(kept.count == keptChunks.count)
    return [
        Figure(
            "copy and one write of 100,000 entities, in chunks", chunkedTime * 1_000, "ms", .atMost, 0.1,
            note: "128 bytes each, median of 21"),
        Figure(
            "the same in one flat array", flatTime * 1_000, "ms", .atMost, nil, note: "128 bytes each, median of 21"),
    ]
}
