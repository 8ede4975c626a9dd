import Lab
import Simulation

/// Questions about a world, which are answered with a query each. The answers of a visible world are compared with its
/// truth, and the queries are asked in every world that a grade lives through.
public struct AnswersDuty: Sendable, Decodable {
    /// The hand-in file with the answers.
    public var file: String
    /// The time that questions are about which have none of their own, since the trial began.
    public var from: Duration
    public var to: Duration
    public var questions: [AnswerQuestion]

    enum CodingKeys: String, CodingKey, CaseIterable { case file, from, to, questions }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        file = try container.decode(String.self, forKey: .file)
        from = try container.decode(Duration.self, forKey: .from)
        to = try container.decode(Duration.self, forKey: .to)
        questions = try container.decode([AnswerQuestion].self, forKey: .questions)
        try container.require(from >= .zero && from < to, .to, "must be after 'from', which is 0s or later")
        try container.require((1...20).contains(questions.count), .questions, "between 1 and 20 questions")
        let names = questions.map(\.name)
        try container.require(Set(names).count == names.count, .questions, "each question has a name of its own")
        for question in questions {
            let time = time(of: question)
            try container.require(
                time.from >= .zero && time.from < time.to, .questions,
                "\(question.name): 'to' must be after 'from', which is 0s or later")
        }
    }

    /// What makes the file of answers unusable.
    func faults(in file: Submission.File) -> [ConfigurationError] {
        do { _ = try Answers(parsing: file.text, file: file.name, for: self) } catch let error as ConfigurationError {
            return [error]
        } catch {
            return [ConfigurationError(file: file.name, message: "\(error)")]
        }
        return []
    }

    /// The time that a question is about, since the trial began.
    func time(of question: AnswerQuestion) -> (from: Duration, to: Duration) {
        (question.from ?? from, question.to ?? to)
    }

    /// A question by its name.
    func question(_ name: String) -> AnswerQuestion? { questions.first { $0.name == name } }
}

/// In which language a query is written, by the field of the hand-in that holds it.
public enum AnswerLanguage: String, Sendable, CaseIterable, Decodable { case promql, logql, traceql }

/// One question, and where its truth is read: of the model's own accounts, never of telemetry.
public struct AnswerQuestion: Sendable, Decodable {
    /// What the true answer is.
    public enum Truth: Sendable {
        /// A number, in the criterion language.
        case quantity(String)
        /// Who leads the critical paths of requests of a source of traffic that took longer than a time.
        case criticalPath(traffic: String, slowerThan: Duration)
        /// A number or a name, of what programs did.
        case work(WorkTruth)
    }

    public var name: String
    /// Languages in which it may be asked.
    public var languages: [AnswerLanguage]
    public var truth: Truth
    /// The time that it is about; nil for that of all questions.
    public var from: Duration?
    public var to: Duration?
    /// How far, as a share of the truth, a stated answer may be off.
    public var tolerance: Double

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, languages, truth, criticalPath, work, from, to, tolerance
    }

    private struct Path: Decodable {
        var traffic: String
        var slowerThan: Duration
        enum CodingKeys: String, CodingKey, CaseIterable { case traffic, slowerThan }

        init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            traffic = try container.decode(String.self, forKey: .traffic)
            slowerThan = try container.decodeIfPresent(Duration.self, forKey: .slowerThan) ?? .zero
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        languages =
            try container.decodeIfPresent([AnswerLanguage].self, forKey: .languages) ?? AnswerLanguage.allCases
        tolerance = try container.decode(Double.self, forKey: .tolerance)
        try container.require(
            !name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
            .name, "is made of a-z, 0-9 and -")
        from = try container.decodeIfPresent(Duration.self, forKey: .from)
        to = try container.decodeIfPresent(Duration.self, forKey: .to)
        try container.require(!languages.isEmpty, .languages, "at least one of promql, logql and traceql")
        try container.require(tolerance > 0 && tolerance < 1, .tolerance, "must lie between 0 and 1, such as 0.02")
        let truths = [CodingKeys.truth, .criticalPath, .work].filter(container.contains)
        try container.require(
            truths.count == 1, truths.last ?? .truth, "a question has one of 'truth', 'criticalPath' and 'work'")
        if let work = try container.decodeIfPresent(WorkTruth.self, forKey: .work) {
            truth = .work(work)
            return
        }
        if let path = try container.decodeIfPresent(Path.self, forKey: .criticalPath) {
            truth = .criticalPath(traffic: path.traffic, slowerThan: path.slowerThan)
            return
        }
        let text = try container.decode(String.self, forKey: .truth)
        do { _ = try Self.quantity(text, namespace: "default") } catch {
            throw DecodingError.dataCorruptedError(
                forKey: .truth, in: container, debugDescription: error.description)
        }
        truth = .quantity(text)
    }

    /// Reads a quantity of the criterion language.
    static func quantity(_ text: String, namespace: String) throws(CriterionError) -> TrialQuantity {
        var parser = CriterionParser(tokens: try CriterionLexer.tokens(text), namespace: namespace)
        return try parser.wholeQuantity()
    }

    /// Whether the answer is a name.
    var asksForName: Bool {
        switch truth {
        case .quantity: return false
        case .criticalPath: return true
        case .work(let work): if case .leading = work.result { return true } else { return false }
        }
    }
}
