import KubernetesAPI
import PromQL
import Simulation

/// Parameters as Loki's and Tempo's Go code reads them, with the texts of Go's `strconv`.
enum QueryParameters {
    struct Refusal: Error { var text: String }

    /// `strconv.ParseInt` of base 10.
    static func integer(_ text: String, function: String = "ParseInt") throws(Refusal) -> Int64 {
        if let value = Int64(text), !text.hasPrefix("+") || text.utf8.count > 1 { return value }
        var digits = text[...]
        if let sign = digits.first, sign == "-" || sign == "+" { digits.removeFirst() }
        let isNumber = !digits.isEmpty && digits.utf8.allSatisfy { (48...57).contains($0) }
        throw Refusal(
            text: "strconv.\(function): parsing \(GoQuote.quote(text)): "
                + (isNumber ? "value out of range" : "invalid syntax"))
    }

    /// An instant as Loki takes it, in nanoseconds since 1970: seconds with a fraction, whole seconds of up to ten
    /// digits, nanoseconds, or RFC 3339.
    static func instant(_ text: String) throws(Refusal) -> Int64 {
        if text.utf8.contains(UInt8(ascii: ".")), let seconds = GoFloat.parse(text), abs(seconds) < 9e9 {
            let whole = seconds.rounded(.towardZero)
            let fraction = ((seconds - whole) * 1000).rounded() / 1000
            return Int64(whole) * 1_000_000_000 + Int64(fraction * 1e9)
        }
        do throws(Refusal) {
            let number = try integer(text)
            return text.utf8.count <= 10 ? number.multiplyingSaturating(1_000_000_000) : number
        } catch {
            guard let parsed = CivilTime.parse(text) else { throw error }
            return parsed.seconds.multiplyingSaturating(1_000_000_000).addingSaturating(Int64(parsed.nanoseconds))
        }
    }

    /// A span of time, in nanoseconds: seconds or a duration such as `1m`.
    static func duration(_ text: String) throws(Refusal) -> Int64 {
        if let seconds = GoFloat.parse(text) {
            guard abs(seconds * 1e9) < 9.2e18 else {
                throw Refusal(text: "cannot parse \(GoQuote.quote(text)) to a valid duration. It overflows int64")
            }
            return Int64(seconds * 1e9)
        }
        if let milliseconds = try? PrometheusDuration.parse(text) {
            return milliseconds.multiplyingSaturating(1_000_000)
        }
        throw Refusal(text: "cannot parse \(GoQuote.quote(text)) to a valid duration")
    }
}
