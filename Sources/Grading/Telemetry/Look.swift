import Lab
import PromQL
import Simulation

/// Commands by which a learner sees for himself what a judge of telemetry saw.
enum Look {
    /// A word as a shell reads it: in quotes, on one line, without what a terminal would obey.
    static func quoted(_ text: String) -> String {
        "'" + Sanitised.text(text).replacing("'", with: "'\\''") + "'"
    }

    /// A time since the beginning, or a length, as `--from`, `--time` and `--window` read it.
    static func time(_ length: Duration) -> String { PrometheusDuration.format(length.nanoseconds / 1_000_000) }

    /// The query of an answer, in a lab that has come to the end of the question's time.
    static func query(_ query: AnswerQuery, from: Duration, to: Duration, policy: String?) -> String {
        let options = policy.map { " --policy \($0)" } ?? ""
        switch query {
        case .promql(let text, _): return "kubelab promql \(quoted(text))\(options)"
        case .logql(let text, _): return "kubelab logql \(quoted(text))\(options)"
        case .traceql(let text, let reduce):
            return
                "kubelab traceql \(quoted(text)) --reduce \(reduce) --start \(time(from)) --end \(time(to))\(options)"
        }
    }
}
