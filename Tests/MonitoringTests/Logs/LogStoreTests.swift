import PromQL
import Testing

@testable import Monitoring

@Suite("Log store")
struct LogStoreTests {
    @Test("Lines of one set of labels are one stream in order of time")
    func order() throws {
        var store = LogStore()
        let web = Labels(["app": "web"])
        for second in [3, 1, 2, 2] {
            try store.append(LogEntry(timestamp: Int64(second) * 1_000_000_000, line: "at \(second)"), to: web)
        }
        try store.append(LogEntry(timestamp: 5, line: "x"), to: Labels(["app": "api"]))
        #expect(store.allStreams.map(\.labels.description) == [#"{app="api"}"#, #"{app="web"}"#])
        let stream = try #require(store.streams(matching: [try LabelMatcher("app", .equal, "web")]).first)
        #expect(stream.entries(from: 0, to: .max).map(\.line) == ["at 1", "at 2", "at 2", "at 3"])
        #expect(stream.entries(from: 1_000_000_000, to: 2_000_000_000).map(\.line) == ["at 1"])
    }

    @Test("A line that comes too late is refused with Loki's words")
    func late() throws {
        var store = LogStore()
        let web = Labels(["app": "web"])
        try store.append(LogEntry(timestamp: 7_200_000_000_000, line: "new"), to: web)
        try store.append(LogEntry(timestamp: 3_600_000_000_000, line: "late"), to: web)
        #expect {
            try store.append(LogEntry(timestamp: 3_599_500_000_000, line: "too late"), to: web)
        } throws: {
            "\($0)"
                == "entry too far behind, entry timestamp is: 1970-01-01T00:59:59.5Z, oldest acceptable timestamp is: "
                + "1970-01-01T01:00:00Z"
        }
        #expect(store.accepted == 2)
    }

    @Test("Limits have errors")
    func limits() throws {
        var limits = LogStoreLimits()
        limits.lineBytes = 4
        limits.streams = 1
        limits.labelNames = 1
        var store = LogStore(limits: limits)
        try store.append(LogEntry(timestamp: 1, line: "abcd"), to: Labels(["a": "1"]))
        func reason(_ line: String, _ labels: Labels) -> String? {
            do throws(LogPushError) {
                try store.append(LogEntry(timestamp: 1, line: line), to: labels)
                return nil
            } catch { return error.reason }
        }
        #expect(reason("abcde", Labels(["a": "1"])) == "line_too_long")
        #expect(reason("a", Labels(["a": "2"])) == "stream_limit")
        #expect(reason("a", Labels(["a": "2", "b": "3"])) == "max_label_names_per_series")
        #expect(reason("a", .empty) == "missing_labels")
        #expect(store.bytes == 4)
    }

    @Test("Retention takes the oldest, by time and by bytes")
    func retention() throws {
        var limits = LogStoreLimits()
        limits.chunkEntries = 4
        limits.retention = 1000
        var store = LogStore(limits: limits)
        for time in 0..<20 {
            try store.append(
                LogEntry(timestamp: Int64(time) * 100, line: "0123456789"), to: Labels(["a": "\(time % 2)"]))
        }
        #expect(store.bytes == 200)
        store.retain(at: 1900)
        let oldest = store.allStreams.flatMap { $0.entries(from: 0, to: .max) }.map(\.timestamp).min()
        #expect(oldest == 800, "chunks that reach into the time that is kept stay whole")
        store.limits.bytes = 50
        store.retain(at: 1900)
        #expect(store.bytes <= 50)
        #expect(store.bytes == store.allStreams.reduce(0) { $0 + $1.bytes })
        store.retain(at: 1_000_000)
        #expect(store.streamCount == 0)
    }

    @Test("A copy is not touched by what happens to the original")
    func copies() throws {
        var store = LogStore()
        for time in 0..<2000 {
            try store.append(LogEntry(timestamp: Int64(time), line: "line \(time)"), to: Labels(["a": "b"]))
        }
        let copy = store
        try store.append(LogEntry(timestamp: 2000, line: "more"), to: Labels(["a": "b"]))
        #expect(copy.allStreams[0].entries(from: 0, to: .max).count == 2000)
        #expect(store.allStreams[0].entries(from: 0, to: .max).count == 2001)
        #expect(copy.allStreams[0].chunks[0] === store.allStreams[0].chunks[0])
    }
}
