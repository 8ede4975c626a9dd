import PromQL

/// A line on its way through a pipeline.
struct LogPipelineLine {
    var timestamp: Int64
    var line: String
    var labels: LogLabels
}

extension LogStage {
    /// Applies the stage.
    /// - Returns: whether the line goes on.
    func apply(to entry: inout LogPipelineLine) -> Bool {
        switch self {
        case .line(let filter): return filter.admits(entry.line)
        case .parser(let parser):
            parser.apply(to: &entry)
            return true
        case .filter(let filter): return filter.admits(&entry.labels)
        case .lineFormat(let template):
            if let text = LogStage.text(of: template, &entry) { entry.line = text }
            return true
        case .labelFormat(let formats):
            for format in formats {
                switch format.source {
                case .rename(let source):
                    let value = entry.labels[source]
                    guard !value.isEmpty else { continue }
                    entry.labels.set(format.name, value)
                    if format.name != source { entry.labels.set(source, nil) }
                case .template(let template):
                    if let text = LogStage.text(of: template, &entry) { entry.labels.set(format.name, text) }
                }
            }
            return true
        case .drop(let list):
            for item in list where item.matcher?.matches(entry.labels[item.name]) ?? true {
                entry.labels.set(item.name, nil)
            }
            return true
        case .keep(let list):
            entry.labels.keep { name, value in
                list.contains { ByteOrder.same($0.name, name) && ($0.matcher?.matches(value) ?? true) }
            }
            return true
        }
    }

    private static func text(of template: LogTemplate, _ entry: inout LogPipelineLine) -> String? {
        let labels = entry.labels
        let context = LogTemplate.Context(
            label: { labels[$0] }, line: entry.line, timestamp: entry.timestamp)
        do throws(LogTemplate.Failure) { return try template.execute(context) } catch {
            entry.labels.fail("TemplateFormatErr", error.message)
            return nil
        }
    }
}

extension LogParser {
    func apply(to entry: inout LogPipelineLine) {
        switch self {
        case .json(let extractions):
            var json = JSONLine(entry.line)
            do throws(JSONLine.Failure) {
                if extractions.isEmpty {
                    var labels = entry.labels
                    defer { entry.labels = labels }
                    try json.flatten { labels.extract($0, $1) }
                } else {
                    for extraction in extractions {
                        entry.labels.extract(extraction.name, try json.value(at: extraction.path) ?? "")
                    }
                }
            } catch {
                entry.labels.fail("JSONParserErr", error.message)
            }
        case .logfmt(let extractions, let strict, let keepEmpty):
            var reader = LogfmtLine(entry.line, strict: strict)
            do throws(LogfmtLine.Failure) {
                while let (key, value) = try reader.next() {
                    if value.isEmpty, !keepEmpty { continue }
                    if extractions.isEmpty {
                        let name = LogLabels.sanitized(key, isWhole: true)
                        if !name.isEmpty { entry.labels.extract(name, value) }
                    } else {
                        for extraction in extractions where extraction.key.utf8.elementsEqual(key) {
                            entry.labels.extract(extraction.name, value)
                        }
                    }
                }
            } catch {
                entry.labels.fail("LogfmtParserErr", error.message)
            }
        case .regexp(let regex):
            guard let texts = regex.groups(entry.line) else { return }
            for (name, text) in zip(regex.groupNames, texts) { entry.labels.extract(name, text) }
        case .pattern(let pattern):
            for (name, text) in pattern.captures(entry.line) { entry.labels.extract(name, text) }
        }
    }
}

extension LabelFilter {
    static let failure = "LabelFilterErr"

    /// Whether a line goes on. A value that is no number does not stop it, but marks it with `__error__`; a line that is
    /// marked is only stopped by conditions on texts.
    func admits(_ labels: inout LogLabels) -> Bool {
        switch self {
        case .string(let matcher): return matcher.matches(labels[matcher.name])
        case .and(let left, let right): return left.admits(&labels) && right.admits(&labels)
        case .or(let left, let right): return left.admits(&labels) || right.admits(&labels)
        case .number(let name, let comparison, let wanted):
            return LabelFilter.compare(name, &labels) { text throws(LogSample.Failure) in
                comparison.holds(try LogSample.number(text), wanted)
            }
        case .duration(let name, let comparison, let wanted):
            return LabelFilter.compare(name, &labels) { text throws(LogSample.Failure) in
                comparison.holds(try LogSample.nanoseconds(text), Double(wanted))
            }
        case .bytes(let name, let comparison, let wanted):
            return LabelFilter.compare(name, &labels) { text throws(LogSample.Failure) in
                comparison.holds(try LogSample.bytes(text), Double(wanted))
            }
        }
    }

    private static func compare(
        _ name: String, _ labels: inout LogLabels, _ holds: (String) throws(LogSample.Failure) -> Bool
    ) -> Bool {
        if labels.hasError { return true }
        let text = labels[name]
        guard !text.isEmpty else { return false }
        do throws(LogSample.Failure) { return try holds(text) } catch {
            labels.fail(failure, error.message)
            return true
        }
    }
}

/// The numbers that texts of labels are, with Go's errors.
enum LogSample {
    struct Failure: Error { let message: String }

    static func number(_ text: String) throws(Failure) -> Double {
        guard let number = GoFloat.parse(text) else {
            throw Failure(message: "strconv.ParseFloat: parsing \(GoQuote.quote(text)): invalid syntax")
        }
        return number
    }

    static func nanoseconds(_ text: String) throws(Failure) -> Double {
        guard let amount = LogQuantity.goDuration(text) else {
            throw Failure(message: "time: invalid duration \(GoQuote.quote(text))")
        }
        return Double(amount)
    }

    static func bytes(_ text: String) throws(Failure) -> Double {
        guard let amount = LogQuantity.bytes(text) else {
            throw Failure(message: "strconv.ParseFloat: parsing \(GoQuote.quote(text)): invalid syntax")
        }
        return Double(amount)
    }
}

extension LogUnwrap {
    /// The number of a line; nil if it has not the label or a condition behind `unwrap` stops it. The label is taken
    /// away.
    func value(of labels: inout LogLabels) -> Double? {
        let text = labels[label]
        guard !text.isEmpty else { return nil }
        var value = 0.0
        do throws(LogSample.Failure) {
            switch conversion {
            case .number: value = try LogSample.number(text)
            case .bytes: value = try LogSample.bytes(text)
            case .seconds: value = try LogSample.nanoseconds(text) / 1e9
            }
        } catch {
            labels.fail("SampleExtractionErr", error.message)
        }
        for filter in filters where !filter.admits(&labels) { return nil }
        labels.set(label, nil)
        return value
    }
}
