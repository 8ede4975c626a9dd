import Lab
import Simulation

/// Answers against truth: how far each query is off in a world, and which stated answers are wrong in the learner's own.
struct AnswerJudgement {
    let duty: AnswersDuty
    /// What is kept of the telemetry, where the hand-in says that too.
    let pipeline: PipelineDuty?

    private static let findings = AnswerMemory<AnswerFinding>()
    private static let volumes = AnswerMemory<TelemetryVolume>()

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
        let kept = pipeline?.policy(of: submission)
        if pipeline != nil, kept == nil { return }
        let key = "\(place.key) \(kept?.key ?? "")"
        guard var inquiry = AnswerInquiry(place.observation, policy: kept?.policy, key: key) else { return }
        if let kept { bill(kept.policy, key, &inquiry, &recording) }
        for question in duty.questions {
            let time = duty.time(of: question)
            let moment = SimulationTime.zero + time.to
            let name = question.name + "-off"
            guard let truth = world.truths[question.name],
                let answer = answers.first(where: { $0.question == question.name })
            else {
                recording.facts[name] = 1
                recording.factNotes[name] = TrialRecording.FactNote(
                    moment: moment, text: "the question \(question.name) has no answer")
                continue
            }
            let finding = Self.findings.found("\(key) \(time.from) \(time.to) \(answer.query)") {
                inquiry.finding(answer.query, from: time.from, to: time.to)
            }
            let off = truth.distance(of: finding.value)
            recording.facts[name] = off
            var said = "the query for \(question.name) gave \(words(finding, of: question))"
            if let value = finding.value {
                said += ", \(distance(off, value, truth, question))"
            } else if pipeline != nil, var whole = AnswerInquiry(place.observation),
                whole.finding(answer.query, from: time.from, to: time.to).value != nil
            {
                said += "; of all that was told, before the policy, it would have given something"
            }
            if off > 0, kept != nil, answer.query.language == .promql {
                let refused = Self.volumes.found(key) { inquiry.volume() }.refusedScrapes
                if refused > 0 {
                    said +=
                        "; \(refused) scrapes brought more than \(KeptTelemetry.sampleLimit) samples and were refused"
                }
            }
            said += ". It was asked at \(Look.time(time.to))"
            recording.factNotes[name] = TrialRecording.FactNote(
                moment: moment, text: said,
                looks: [
                    Look.query(answer.query, from: time.from, to: time.to, policy: pipeline?.policy)
                ])
        }
        judgeStated(answers, shown, .zero + duty.to, &recording)
    }

    /// Adds the facts `telemetry-cost`, of a month of 30 days in the scenario's currency, and `telemetry-share` of that and
    /// the machines together.
    private func bill(
        _ policy: TelemetryPolicy, _ key: String, _ inquiry: inout AnswerInquiry, _ recording: inout TrialRecording
    ) {
        let observation = inquiry.observation
        guard let prices = observation.prices.telemetry else { return }
        let volume = Self.volumes.found(key) { inquiry.volume() }
        let length = Duration.milliseconds(observation.end - observation.start)
        let bill = TelemetryBill(volume, over: length, policy, prices, nodes: observation.nodes)
        recording.facts["telemetry-cost"] = bill.telemetry
        recording.facts["telemetry-share"] = bill.share
        let note = TrialRecording.FactNote(
            moment: .zero + length, text: bill.words(observation.prices.currency),
            looks: pipeline.map { ["kubelab bill \($0.policy)"] } ?? [])
        recording.factNotes["telemetry-cost"] = note
        recording.factNotes["telemetry-share"] = note
    }

    private func judgeStated(
        _ answers: [Answer], _ shown: Place?, _ moment: SimulationTime, _ recording: inout TrialRecording
    ) {
        guard let world = shown?.observation.answers else { return }
        var wrong: [String] = []
        var looks: [String] = []
        for question in duty.questions {
            let answer = answers.first { $0.question == question.name }
            let off = world.truths[question.name]?.distance(of: answer?.value) ?? 1
            guard off > question.tolerance else { continue }
            let time = duty.time(of: question)
            if let answer, looks.isEmpty {
                looks = [Look.query(answer.query, from: time.from, to: time.to, policy: pipeline?.policy)]
            }
            switch answer?.value {
            case .name(let name) where !question.asksForName:
                let text = Sanitised.text(name, limit: 40)
                wrong.append("\(question.name) (\"\(text)\" is no number; write one such as 2412, 4.1s, 350ms or 12%)")
            case .number where question.asksForName: wrong.append("\(question.name) (it asks for a name)")
            case nil: wrong.append("\(question.name) (it has no answer)")
            default: wrong.append(question.name)
            }
        }
        recording.facts["stated-wrong"] = Double(wrong.count)
        guard !wrong.isEmpty else { return }
        recording.factNotes["stated-wrong"] = TrialRecording.FactNote(
            moment: moment,
            text: "what is written as 'answer' is not so in your own world: \(wrong.joined(separator: ", "))",
            looks: looks)
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

    private func distance(
        _ off: Double, _ value: AnswerValue, _ truth: AnswerTruth, _ question: AnswerQuestion
    ) -> String {
        switch (truth, value) {
        case (.number(let truth), .number(let number)):
            guard off > 0 else { return "which is right" }
            let way = number > truth ? "too high" : "too low"
            return off >= 1 ? "which is far \(way)" : "\(Figures.percent(off)) \(way)"
        default:
            guard off > 0 else { return "which is right" }
            guard case .criticalPath = question.truth else {
                return off >= 1 ? "which happened to nobody" : "which is not the most frequent"
            }
            return off >= 1 ? "where no time was lost" : "which is not what most of the waiting was for"
        }
    }
}
