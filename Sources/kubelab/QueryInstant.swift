import ArgumentParser
import Foundation
import Lab
import Simulation

/// The times of queries: seconds since 1970 and RFC 3339, as Prometheus, Loki and Tempo take them; of a lab also what other
/// commands take.
enum QueryInstant {
    static func help(_ words: String) -> String {
        "\(words): since the start (12m30s), a time of day (09:12:30), RFC 3339 or seconds since 1970."
    }

    /// Nanoseconds since 1970.
    /// - Parameter world: nil where no lab is asked, whose times count from its start.
    static func nanoseconds(_ text: String, _ option: String, in world: World?) throws -> Int64 {
        if let seconds = Double(text), seconds.magnitude < 9e9 { return Int64((seconds * 1e9).rounded()) }
        if let world, let instant = Instant(argument: text) {
            let start = world.epochMilliseconds - world.now.nanoseconds / 1_000_000
            return start * 1_000_000 + instant.time(in: world).nanoseconds
        }
        let formatter = ISO8601DateFormatter()
        for options: ISO8601DateFormatter.Options in [
            [.withInternetDateTime], [.withInternetDateTime, .withFractionalSeconds],
        ] {
            formatter.formatOptions = options
            if let date = formatter.date(from: text), date.timeIntervalSince1970.magnitude < 9e9 {
                return Int64((date.timeIntervalSince1970 * 1000).rounded()) * 1_000_000
            }
        }
        let own = world == nil ? "neither" : "neither a time since the start (12m30s), a time of day (09:12:30),"
        throw Failure("\(option) \(text): is \(own) seconds since 1970 nor a time such as 2026-01-01T00:00:00Z")
    }

    /// Milliseconds since 1970.
    static func milliseconds(_ text: String, _ option: String, in world: World?) throws -> Int64 {
        try nanoseconds(text, option, in: world) / 1_000_000
    }
}
