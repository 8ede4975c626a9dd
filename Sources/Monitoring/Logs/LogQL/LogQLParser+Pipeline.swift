import PromQL

extension LogQLParser {
    /// A selector and the pipeline behind it; within a range `unwrap` may end it.
    mutating func selection(
        inRange: Bool
    ) throws(LogQLError) -> (selection: LogSelection, unwrap: LogUnwrap?) {
        let matchers = try selector()
        let (stages, unwrap) = try pipeline(inRange: inRange)
        return (LogSelection(matchers: matchers, stages: stages), unwrap)
    }

    private mutating func selector() throws(LogQLError) -> [LabelMatcher] {
        try take(.openBrace)
        if try takes(.closeBrace) { return [] }
        var matchers: [LabelMatcher] = []
        repeat {
            let name = try take(.identifier, expecting: matchers.isEmpty ? [.identifier, .closeBrace] : nil).text
            guard let kind = LogQLParser.matcherKind(token.kind) else {
                throw unexpected([.equal, .matches, .matchesNot, .notEqual])
            }
            try advance()
            matchers.append(try LogQLParser.matcher(name, kind, try take(.string).text))
        } while try takes(.comma)
        try take(.closeBrace, expecting: [.closeBrace, .comma])
        return matchers
    }

    private static func matcherKind(_ kind: LogQLTokenKind) -> LabelMatcher.Kind? {
        switch kind {
        case .equal: .equal
        case .notEqual: .notEqual
        case .matches: .matches
        case .matchesNot: .matchesNot
        default: nil
        }
    }

    private static func matcher(
        _ name: String, _ kind: LabelMatcher.Kind, _ value: String
    ) throws(LogQLError) -> LabelMatcher {
        do throws(RegexError) { return try LabelMatcher(name, kind, value) } catch {
            throw placeless("\(error)")
        }
    }

    /// The stages that stand here. With `stages: false` only an `unwrap` may.
    mutating func pipeline(
        inRange: Bool, stages wanted: Bool = true
    ) throws(LogQLError) -> (stages: [LogStage], unwrap: LogUnwrap?) {
        var stages: [LogStage] = []
        while true {
            switch token.kind {
            case .pipeExact, .pipeMatch, .pipePattern, .notEqual, .matchesNot, .patternNot:
                guard wanted else { return (stages, nil) }
                // Behind a selector in an operation `!=` compares only if no text follows; Loki reads a filter.
                stages.append(.line(try lineFilter()))
            case .pipe:
                try countOperator()
                try advance()
                if token.kind == .unwrap {
                    guard inRange else { throw unexpected() }
                    return (stages, try unwrap())
                }
                guard wanted else { throw unexpected([.unwrap]) }
                stages.append(try stage())
            default: return (stages, nil)
            }
        }
    }

    private mutating func lineFilter() throws(LogQLError) -> LineFilter {
        try countOperator()
        let kind = token.kind
        try advance()
        var filter = LineFilter(
            alternatives: [], negated: kind == .notEqual || kind == .matchesNot || kind == .patternNot)
        repeat {
            if token.kind == .ip { throw unsupported("the line filter ip()") }
            let text = try take(.string, expecting: [.string, .ip]).text
            filter.alternatives.append(try LogQLParser.lineMatch(kind, text))
        } while try takes(.or)
        return filter
    }

    private static func lineMatch(_ kind: LogQLTokenKind, _ text: String) throws(LogQLError) -> LineFilter.Match {
        switch kind {
        case .pipeMatch, .matchesNot:
            do throws(RegexError) { return .matches(try LineRegex(text)) } catch { throw placeless("\(error)") }
        case .pipePattern, .patternNot:
            do throws(LinePattern.Malformed) { return .pattern(try LinePattern(filter: text)) } catch {
                throw placeless(error.message)
            }
        default: return .contains(text)
        }
    }

    private mutating func stage() throws(LogQLError) -> LogStage {
        switch token.kind {
        case .json:
            try advance()
            return .parser(.json(try extractions(json: true)))
        case .logfmt:
            try advance()
            var (strict, keepEmpty) = (false, false)
            while token.kind == .functionFlag {
                if token.text == "--strict" { strict = true } else { keepEmpty = true }
                try advance()
            }
            return .parser(.logfmt(try extractions(json: false), strict: strict, keepEmpty: keepEmpty))
        case .regexp:
            try advance()
            return .parser(.regexp(try LogQLValidation.parserRegex(try take(.string).text)))
        case .pattern:
            try advance()
            let text = try take(.string).text
            do throws(LinePattern.Malformed) { return .parser(.pattern(try LinePattern(text))) } catch {
                throw LogQLParser.placeless(
                    "stage '| pattern \(GoQuote.quote(text))' : \(error.message)")
            }
        case .lineFormat:
            try advance()
            let text = try take(.string).text
            return .lineFormat(try template(text, stage: "| line_format \(GoQuote.quote(text))", of: "line"))
        case .labelFormat:
            try advance()
            return .labelFormat(try labelFormats())
        case .drop:
            try advance()
            return .drop(try namedMatchers())
        case .keep:
            try advance()
            return .keep(try namedMatchers())
        case .unpack, .xml, .decolorize: throw unsupported(token.kind.rawValue)
        case .identifier, .openParenthesis: return .filter(try labelFilter())
        default: throw unexpected()
        }
    }

    private mutating func extractions(json: Bool) throws(LogQLError) -> [LabelExtraction] {
        guard token.kind == .identifier else { return [] }
        var extractions: [LabelExtraction] = []
        repeat {
            let name = try take(.identifier).text
            let text = try takes(.equal) ? try take(.string).text : name
            var path: [JSONPathStep] = []
            if json { path = try LogQLValidation.jsonPath(text) }
            extractions.append(LabelExtraction(name: name, path: path, key: text))
        } while try takes(.comma)
        return extractions
    }

    private func template(_ text: String, stage: String, of name: String) throws(LogQLError) -> LogTemplate {
        do throws(LogTemplate.Malformed) { return try LogTemplate(text) } catch {
            switch error {
            case .syntax(let message):
                throw LogQLParser.placeless(
                    "stage '\(stage)' : invalid \(name) template: template: \(name):1: \(message)")
            case .unsupported(let part):
                throw .unsupported(name: "the template's \(part)", line: token.line, column: token.column)
            }
        }
    }

    private mutating func labelFormats() throws(LogQLError) -> [LabelFormat] {
        var formats: [LabelFormat] = []
        repeat {
            let name = try take(.identifier).text
            try take(.equal)
            if formats.contains(where: { $0.name == name }) {
                throw LogQLParser.placeless(
                    "stage '| label_format \(name)' : multiple label name '\(name)' not allowed in a single format "
                        + "operation")
            }
            if token.kind == .identifier {
                formats.append(LabelFormat(name: name, source: .rename(token.text)))
                try advance()
            } else {
                let text = try take(.string, expecting: [.identifier, .string]).text
                let stage = "| label_format \(name)=\(GoQuote.quote(text))"
                formats.append(
                    LabelFormat(name: name, source: .template(try template(text, stage: stage, of: "label"))))
            }
            if name == LogLabels.error {
                throw LogQLParser.placeless("stage '| label_format \(name)' : \(name) cannot be formatted")
            }
        } while try takes(.comma)
        return formats
    }

    private mutating func namedMatchers() throws(LogQLError) -> [NamedLabelMatcher] {
        var list: [NamedLabelMatcher] = []
        repeat {
            let name = try take(.identifier).text
            if let kind = LogQLParser.matcherKind(token.kind) {
                try advance()
                let matcher = try LogQLParser.matcher(name, kind, try take(.string).text)
                list.append(NamedLabelMatcher(name: name, matcher: matcher))
            } else {
                list.append(NamedLabelMatcher(name: name))
            }
        } while try takes(.comma)
        return list
    }

    /// `a=1 and b>2`: `and` binds tighter than `or`; a comma or nothing between two is an `and` that takes all that
    /// follows, as Loki's grammar has it.
    mutating func labelFilter(_ minimum: Int = 1) throws(LogQLError) -> LabelFilter {
        try nested { parser throws(LogQLError) in
            var left = try parser.labelFilterOperand()
            while true {
                switch parser.token.kind {
                case .or where minimum <= 1:
                    try parser.countOperator()
                    try parser.advance()
                    left = .or(left, try parser.labelFilter(2))
                case .and where minimum <= 2:
                    try parser.countOperator()
                    try parser.advance()
                    left = .and(left, try parser.labelFilter(3))
                case .comma:
                    try parser.countOperator()
                    try parser.advance()
                    left = .and(left, try parser.labelFilter())
                case .identifier, .openParenthesis:
                    try parser.countOperator()
                    left = .and(left, try parser.labelFilter())
                default: return left
                }
            }
        }
    }

    private mutating func labelFilterOperand() throws(LogQLError) -> LabelFilter {
        if try takes(.openParenthesis) {
            let inner = try labelFilter()
            try take(.closeParenthesis, expecting: [])
            return inner
        }
        let name = try take(.identifier, expecting: [.identifier, .openParenthesis]).text
        let sign = token.kind
        if let kind = LogQLParser.matcherKind(sign) {
            try advance()
            if token.kind == .string || kind == .matches || kind == .matchesNot {
                return .string(try LogQLParser.matcher(name, kind, try take(.string).text))
            }
            if token.kind == .ip { throw unsupported("the label filter ip()") }
            return try amount(name, kind == .equal ? .equal : .notEqual)
        }
        guard let comparison = LabelFilter.Comparison(rawValue: sign.rawValue) else { throw unexpected() }
        try advance()
        return try amount(name, comparison)
    }

    private mutating func amount(
        _ name: String, _ comparison: LabelFilter.Comparison
    ) throws(LogQLError) -> LabelFilter {
        switch token.kind {
        case .duration: return .duration(name, comparison, try take(.duration).amount)
        case .bytes: return .bytes(name, comparison, try take(.bytes).amount)
        case .number, .add, .subtract: return .number(name, comparison, try literal())
        default: throw unexpected()
        }
    }

    private mutating func unwrap() throws(LogQLError) -> LogUnwrap {
        try take(.unwrap)
        var unwrap: LogUnwrap
        switch token.kind {
        case .identifier: unwrap = LogUnwrap(label: try take(.identifier).text, conversion: .number)
        case .bytesConversion, .durationConversion, .durationSecondsConversion:
            let conversion: LogUnwrap.Conversion = token.kind == .bytesConversion ? .bytes : .seconds
            try advance()
            try take(.openParenthesis)
            unwrap = LogUnwrap(label: try take(.identifier).text, conversion: conversion)
            try take(.closeParenthesis)
        default:
            throw unexpected([.identifier, .bytesConversion, .durationConversion, .durationSecondsConversion])
        }
        while try takes(.pipe) {
            guard token.kind == .identifier || token.kind == .openParenthesis else {
                throw unexpected([.identifier, .openParenthesis])
            }
            unwrap.filters.append(try labelFilter())
        }
        return unwrap
    }
}
