import Lab
import Simulation

/// How one incident went at one level of telemetry. Times are minutes from the fault's beginning.
struct RecoveryCourse: Sendable, Equatable {
    /// Until users were well; nil if they were never hurt.
    var minutes: Double?
    /// Until somebody was called, and until what addresses the cause was begun with; nil if it never came to that.
    var detected: Double?
    var diagnosed: Double?
    /// Whether the day was over before.
    var isCensored: Bool
    /// Why the world could not be followed to the end, if it could not.
    var failure: String?
    var steps: [ResponderStep]
    /// Actions that did not address the cause, and users who were hurt by them.
    var wrongActions: Int
    var hurtByWrongActions: Int64
    /// Users who were hurt, by the fault or by what was done about it.
    var hurt: Int64

    var actions: Int { steps.count { if case .acted = $0.deed { true } else { false } } }
    var looks: Int { steps.count { if case .looked = $0.deed { true } else { false } } }

    /// Lets the responder work until nobody calls any more, and judges by the truth.
    init(of desk: inout SimulatedDesk, cures: [Remedy], seed: UInt64) {
        var steps: [ResponderStep] = []
        var round: UInt64 = 0
        repeat {
            var responder = Responder(desk.profile, desk.level, seed: seed &+ round)
            responder.work(on: &desk)
            steps += responder.steps
            round += 1
            // Whoever was wrong to go away is called back.
            var waited = 0.0
            while !desk.isCalling, !desk.isOver, waited < desk.profile.triage + 6, !responder.steps.isEmpty {
                desk.wait(minutes: 2)
                waited += 2
            }
        } while desk.isCalling && !desk.isOver
        func first(_ isMeant: (ResponderStep.Deed) -> Bool) -> Double? {
            steps.first { isMeant($0.deed) }.map { $0.minute - Incident.begin.seconds / 60 }
        }
        minutes = desk.minutesToRecovery
        detected = first { $0 == .called }
        diagnosed = first { if case .decided(let remedy) = $0 { cures.contains(remedy) } else { false } }
        isCensored = desk.isOver
        failure = desk.failure
        wrongActions = steps.count { if case .acted(let remedy) = $0.deed { !cures.contains(remedy) } else { false } }
        hurtByWrongActions = desk.hurtByWrongActions
        hurt = desk.hurt
        self.steps = steps
    }
}
