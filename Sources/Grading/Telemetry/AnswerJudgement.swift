import Lab
import Simulation

/// Answers against truth: how far each query is off in a world, and which stated answers are wrong in the learner's own.
struct AnswerJudgement {
    let duty: AnswersDuty

    /// One world, and by what it is known.
    struct Place {
        var key: String
        var observation: TelemetryObservation
    }

    /// Adds the facts: for each question `NAME-off`, how far what its query gives is from the truth, as a share of it
    /// (1 for none), and `stated-wrong`, how many answers are off by more than the question's tolerance in the world that
    /// learners see.
    func judge(_ submission: Submission, in place: Place, shown: Place?, into recording: inout TrialRecording) {
        guard let world = place.observation.answers,
            let text = submission.files.first(where: { $0.name == duty.file })?.text,
            let answers = try? Answers(parsing: text, file: duty.file, for: duty).answers
        else { return }
        let moment = SimulationTime.zero + duty.to
        var inquiry = AnswerInquiry(world, metrics: place.observation.store)
        for question in duty.questions {
            let name = question.name + "-off"
            guard let truth = world.truths[question.name],
                let answer = answers.first(where: { $0.question == question.name })
            else {
                recording.facts[name] = 1
                recording.factNotes[name] = TrialRecording.FactNote(
                    moment: moment, text: "the question \(question.name) has no answer")
                continue
            }
            let finding = AnswerMemory.finding("\(place.key) \(answer.query)") { inquiry.finding(answer.query) }
            let off = truth.distance(of: finding.value)
            recording.facts[name] = off
            recording.factNotes[name] = TrialRecording.FactNote(
                moment: moment,
                text: "the query for \(question.name) gave \(words(finding, of: question)), \(distance(off, question))")
        }
        judgeStated(answers, shown, moment, &recording)
    }

    private func judgeStated(
        _ answers: [Answer], _ shown: Place?, _ moment: SimulationTime, _ recording: inout TrialRecording
    ) {
        guard let world = shown?.observation.answers else { return }
        var wrong: [String] = []
        for question in duty.questions {
            let answer = answers.first { $0.question == question.name }
            let off = world.truths[question.name]?.distance(of: answer?.value) ?? 1
            if off > question.tolerance { wrong.append(question.name) }
        }
        recording.facts["stated-wrong"] = Double(wrong.count)
        guard !wrong.isEmpty else { return }
        recording.factNotes["stated-wrong"] = TrialRecording.FactNote(
            moment: moment,
            text: "what is written as 'answer' is not so in your own world: \(wrong.joined(separator: ", "))")
    }

    private func words(_ finding: AnswerFinding, of question: AnswerQuestion) -> String {
        switch finding {
        case .none(let why): return Sanitised.text(why, limit: 300)
        case .value(.name(let name)): return "\"\(Sanitised.text(name, limit: 80))\""
        case .value(.number(let number)):
            guard case .quantity(let text) = question.truth,
                let quantity = try? AnswerQuestion.quantity(text, namespace: "default")
            else { return Figures.plain(number) }
            return quantity.unit.text(number)
        }
    }

    private func distance(_ off: Double, _ question: AnswerQuestion) -> String {
        if question.asksForName {
            return off == 0
                ? "which is right"
                : off >= 1 ? "for which nobody waited" : "which is not what most of the waiting was for"
        }
        return off >= 1 ? "which is nowhere near" : "\(Figures.percent(off)) off"
    }
}
