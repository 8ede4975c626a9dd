import KubernetesAPI
import Lab
import Simulation

/// What a learner may say beforehand about the trial: `predictions` in `exercise.yaml`.
///
/// A file of its own, handed in with the answer or not. Its points come on top of those of the criteria and make up for
/// lost ones, up to the exercise's maximum: nobody needs them, and a grade without them is whole.
public struct PredictionsDescription: Sendable, Decodable {
    /// The file that is handed in, a mapping from ids to values.
    public var file: String
    public var items: [PredictionItem]

    enum CodingKeys: String, CodingKey, CaseIterable { case file, items }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        file = try container.decodeIfPresent(String.self, forKey: .file) ?? "predictions.yaml"
        items = try container.decode([PredictionItem].self, forKey: .items)
        try container.require(
            !file.isEmpty && !file.contains("/") && file != ".." && file != ".", .file, "must be the name of a file")
        try container.require(!items.isEmpty, .items, "at least one thing is predicted")
    }
}

/// One thing to be predicted, or to be read off one's own timeline afterwards.
public struct PredictionItem: Sendable, Decodable {
    /// Whose truth counts.
    public enum Truth: String, Sendable, Decodable {
        /// That of the trials that decide the grade: a prediction.
        case trial
        /// That of the first visible seed, which a learner can look at: a question about one's own timeline.
        case timeline
    }

    public var id: String
    /// The question.
    public var ask: String
    /// The truth, as a quantity of the criterion language.
    public var quantity: String
    public var truth: Truth
    /// How far off an answer may be, as a share of the truth.
    public var tolerance: Double
    /// How far off an answer may be in the quantity's own unit; the larger of both counts.
    public var within: Double
    public var points: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case id, ask, quantity, truth, tolerance, within, points }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        ask = try container.decode(String.self, forKey: .ask)
        quantity = try container.decode(String.self, forKey: .quantity)
        truth = try container.decodeIfPresent(Truth.self, forKey: .truth) ?? .trial
        func number(_ key: CodingKeys) throws -> Double {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else { return 0 }
            guard let (value, _) = PredictedNumber.read(text), value >= 0 else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "\"\(text)\" is no number such as 10%, 30s or 2")
            }
            return value
        }
        tolerance = try number(.tolerance)
        within = try number(.within)
        points = try container.decode(Int.self, forKey: .points)
        try container.require(points >= 1, .points, "must be at least 1")
        try container.require(tolerance > 0 || within > 0, .tolerance, "a prediction needs a tolerance or 'within'")
        try container.require(
            !id.isEmpty && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }, .id,
            "an id is made of letters, digits and -")
    }

    /// How near is near enough, in words.
    func nearness(_ unit: NumberUnit) -> String {
        let parts = [tolerance > 0 ? Figures.percent(tolerance) + " of it" : nil, within > 0 ? unit.text(within) : nil]
        return "within " + parts.compactMap { $0 }.joined(separator: " or ")
    }

    func accepts(_ answer: Double, truth: Double) -> Bool {
        // Half a unit in the ninth place: what is written down in decimals need not be exact in binary.
        abs(answer - truth) <= max(tolerance * abs(truth), within) + 1e-9 * max(1, abs(truth))
    }
}

/// A number with its unit, as the criterion language writes them.
enum PredictedNumber {
    static func read(_ text: String) -> (value: Double, unit: NumberUnit)? {
        let plain = text.filter { $0 != " " && $0 != "$" && $0 != "," && $0 != "€" }
        let isNegative = plain.hasPrefix("-")
        guard let tokens = try? CriterionLexer.tokens(isNegative ? String(plain.dropFirst()) : plain),
            tokens.count == 2,
            case .number(let value, let unit) = tokens[0].kind
        else { return nil }
        return (isNegative ? -value : value, unit)
    }
}

/// What a learner predicted.
struct Predictions {
    struct Answer {
        var value: Double
        var line: Int
    }

    private(set) var answers: [String: Answer] = [:]
    /// What is wrong with the file or with an answer, by id; the empty id stands for the whole file.
    private(set) var faults: [String: (message: String, line: Int)] = [:]

    init(_ file: Submission.File) {
        var reader = YAMLReader()
        reader.refusesDuplicateKeys = true
        let documents: [YAMLDocument]
        do { documents = try reader.documents(Array(file.text.utf8)) } catch {
            faults[""] = (Sanitised.text(error.message), error.line ?? 1)
            return
        }
        guard let document = documents.first else { return }
        guard case .object(let members) = document.value else {
            faults[""] = ("is no mapping from questions to numbers", 1)
            return
        }
        for (id, value) in members {
            let text: String
            switch value {
            case .string(let words): text = words
            case .integer(let number): text = "\(number)"
            case .number(let number): text = "\(number)"
            default: continue
            }
            let line = document.line(of: id)
            if let (value, _) = PredictedNumber.read(text) {
                answers[id] = Answer(value: value, line: line)
            } else {
                faults[id] = ("\"\(Sanitised.text(text, limit: 60))\" is no number", line)
            }
        }
    }
}

extension Grader {
    /// What became of the predictions; empty if none were handed in.
    func predictionChecks(_ submission: Submission, _ trials: [TrialRecording], timeline: TrialRecording?) -> [Check] {
        guard let description = exercise.content.predictions, let file = submission.predictions else { return [] }
        let predictions = Predictions(file)
        return zip(description.items, exercise.predicted).map { item, quantity in
            let unit = quantity.unit
            let judged = item.truth == .trial ? trials : timeline.map { [$0] } ?? trials
            let truth = CriterionEvaluation(trials: judged, references: exercise.references).pooled(quantity)
            var check = Check(
                id: "predicted-\(item.id)", title: "Predicted: \(item.ask)", status: .failed, points: 0,
                maximumPoints: item.points, expected: item.nearness(unit), seen: "", harm: "", rule: item.quantity,
                isHidden: item.truth == .trial, moment: nil, file: file.name, line: 0, path: item.id, commands: [],
                misconceptions: [], slack: nil, isExtra: true)
            let found = truth.map { unit.text($0) } ?? "unknown"
            if let fault = predictions.faults[item.id] ?? predictions.faults[""] {
                check.line = fault.line
                check.seen = fault.message
            } else if let answer = predictions.answers[item.id] {
                check.line = answer.line
                check.seen = "you said \(unit.text(answer.value)), it was \(found)"
                if let truth, item.accepts(answer.value, truth: truth) {
                    check.status = .passed
                    check.points = Double(item.points)
                }
            } else {
                check.seen = "not answered; it was \(found)"
            }
            return check
        }
    }
}
