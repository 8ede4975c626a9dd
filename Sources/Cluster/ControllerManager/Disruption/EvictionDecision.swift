/// What the eviction subresource answers (`registry/core/pod/storage/eviction.go`).
public enum EvictionDecision: Sendable, Equatable {
    public enum UnhealthyPodPolicy: Sendable, Equatable { case ifHealthyBudget, alwaysAllow }

    /// Delete the pod; no budget is charged.
    case delete
    /// Delete the pod, count the budget down and note the pod in `status.disruptedPods`.
    case deleteAndCharge
    /// 429 with this message and the cause below it.
    case tooManyRequests(message: String, cause: String)
    /// 500: more than one budget covers the pod.
    case internalError(message: String)

    public struct Pod: Sendable, Equatable {
        public var isPending: Bool
        public var isFinished: Bool
        public var isDeleting: Bool
        public var isReady: Bool

        public init(isPending: Bool = false, isFinished: Bool = false, isDeleting: Bool = false, isReady: Bool = true) {
            self.isPending = isPending
            self.isFinished = isFinished
            self.isDeleting = isDeleting
            self.isReady = isReady
        }
    }

    public struct Budget: Sendable, Equatable {
        public var name: String
        public var disruptionsAllowed: Int32
        public var currentHealthy: Int32
        public var desiredHealthy: Int32
        /// `status.observedGeneration` has caught up with `metadata.generation`.
        public var isObserved: Bool
        public var policy: UnhealthyPodPolicy

        public init(
            name: String, disruptionsAllowed: Int32, currentHealthy: Int32, desiredHealthy: Int32,
            isObserved: Bool = true, policy: UnhealthyPodPolicy = .ifHealthyBudget
        ) {
            self.name = name
            self.disruptionsAllowed = disruptionsAllowed
            self.currentHealthy = currentHealthy
            self.desiredHealthy = desiredHealthy
            self.isObserved = isObserved
            self.policy = policy
        }
    }

    /// - Parameter budgets: those whose selector matches the pod.
    public init(pod: Pod, budgets: [Budget]) {
        // A pod that serves nobody is no disruption.
        if pod.isPending || pod.isFinished || pod.isDeleting {
            self = .delete
            return
        }
        guard let budget = budgets.first else {
            self = .delete
            return
        }
        if budgets.count > 1 {
            self = .internalError(
                message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
                    + "support.")
            return
        }
        if !pod.isReady {
            switch budget.policy {
            case .alwaysAllow:
                self = .delete
                return
            case .ifHealthyBudget where budget.currentHealthy >= budget.desiredHealthy && budget.desiredHealthy > 0:
                self = .delete
                return
            case .ifHealthyBudget: break
            }
        }
        let refusal = "Cannot evict pod as it would violate the pod's disruption budget."
        if !budget.isObserved {
            self = .tooManyRequests(
                message: refusal,
                cause: "The disruption budget \(budget.name) is still being processed by the server.")
        } else if budget.disruptionsAllowed <= 0 {
            self = .tooManyRequests(
                message: refusal,
                cause: "The disruption budget \(budget.name) needs \(budget.desiredHealthy) healthy pods and has "
                    + "\(budget.currentHealthy) currently")
        } else {
            self = .deleteAndCharge
        }
    }
}
