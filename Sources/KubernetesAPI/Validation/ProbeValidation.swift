/// What a probe or a hook does; exactly one of these.
private struct Handler {
    var exec: ExecAction?
    var httpGet: HTTPGetAction?
    var tcpSocket: TCPSocketAction?
    var grpc: GRPCAction?
    var sleep: SleepAction?

    func validate(_ errors: inout FieldErrors, _ path: FieldPath, gracePeriod: Int64?) {
        var count = 0
        func one<Action>(_ action: Action?, _ name: String, _ check: (Action, FieldPath) -> Void) {
            guard let action else { return }
            if count > 0 { return errors.forbidden(path.child(name), "may not specify more than 1 handler type") }
            count += 1
            check(action, path.child(name))
        }
        one(exec, "exec") { action, path in if action.command.isEmpty { errors.required(path.child("command")) } }
        one(httpGet, "httpGet") { action, path in action.validate(&errors, path) }
        one(tcpSocket, "tcpSocket") { action, path in errors.port(action.port, path.child("port")) }
        one(grpc, "grpc") { action, path in errors.port(action.port, path.child("port")) }
        one(sleep, "sleep") { action, path in
            if let gracePeriod, action.seconds < 0 || action.seconds > gracePeriod {
                errors.invalid(
                    path, action.seconds,
                    "must be non-negative and less than terminationGracePeriodSeconds (\(gracePeriod))")
            }
        }
        if count == 0 { errors.required(path, "must specify a handler type") }
    }
}

extension HTTPGetAction {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if self.path.isEmpty { errors.required(path.child("path")) }
        errors.port(port, path.child("port"))
        errors.choice(path.child("scheme"), scheme, ["HTTP", "HTTPS"])
        for header in httpHeaders {
            errors.invalid(path.child("httpHeaders"), header.name, NameRules.httpHeaderName(header.name))
        }
    }
}

extension Probe {
    enum Purpose { case liveness, readiness, startup }

    func validate(_ errors: inout FieldErrors, _ path: FieldPath, for purpose: Purpose, gracePeriod: Int64?) {
        Handler(exec: handler.exec, httpGet: handler.httpGet, tcpSocket: handler.tcpSocket, grpc: handler.grpc)
            .validate(&errors, path, gracePeriod: gracePeriod)
        errors.nonnegative(initialDelaySeconds, path.child("initialDelaySeconds"))
        errors.nonnegative(timeoutSeconds, path.child("timeoutSeconds"))
        errors.nonnegative(periodSeconds, path.child("periodSeconds"))
        errors.nonnegative(successThreshold, path.child("successThreshold"))
        errors.nonnegative(failureThreshold, path.child("failureThreshold"))
        if let seconds = terminationGracePeriodSeconds, seconds <= 0 {
            errors.invalid(path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0")
        }
        switch purpose {
        case .liveness, .startup:
            if successThreshold != 1 {
                errors.invalid(path.child("successThreshold"), successThreshold ?? 0, "must be 1")
            }
        case .readiness:
            if let seconds = terminationGracePeriodSeconds {
                errors.invalid(
                    path.child("terminationGracePeriodSeconds"), seconds, "must not be set for readinessProbes")
            }
        }
    }
}

extension Lifecycle {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, gracePeriod: Int64?, os: PodOS?) {
        for (hook, name) in [(postStart, "postStart"), (preStop, "preStop")] {
            guard let hook else { continue }
            Handler(exec: hook.exec, httpGet: hook.httpGet, tcpSocket: hook.tcpSocket, sleep: hook.sleep)
                .validate(&errors, path.child(name), gracePeriod: gracePeriod)
        }
        guard !stopSignal.isEmpty else { return }
        let path = path.child("stopSignal")
        switch os?.name {
        case nil: errors.forbidden(path, "may not be set for containers with empty `spec.os.name`")
        case "windows": errors.choice(path, stopSignal, ["SIGKILL", "SIGTERM"])
        default: errors.choice(path, stopSignal, Self.linuxSignals)
        }
    }

    private static let linuxSignals: [String] =
        ([
            "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
            "POLL",
            "PROF", "PWR", "QUIT", "RTMAX", "RTMIN", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN",
            "TTOU",
            "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
        ] + (1...14).map { "RTMAX-\($0)" } + (1...15).map { "RTMIN+\($0)" }).map { "SIG" + $0 }.sorted()
}
