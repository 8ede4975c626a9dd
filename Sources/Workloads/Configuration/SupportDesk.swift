import Simulation

extension WorkloadsConfiguration {
    /// The company of the lessons, `support-desk`, with the reference's figures: a place for scenarios to start from.
    /// A scenario states what it changes; nothing in the model reads these numbers but through the configuration.
    ///
    /// - Parameter namespace: where its services live.
    public static func supportDesk(namespace: String = "support-desk") -> WorkloadsConfiguration {
        WorkloadsConfiguration(
            images: [
                "gateway": gateway(namespace), "support-agent": supportAgent(namespace), "retriever": retriever,
                "orders": orders, "report-agent": reportAgent, "redis": redis, "daprd": daprd,
            ],
            providers: ["model": ProviderConfiguration()],
            tools: [
                // A database behind the orders service: a few milliseconds, with a tail.
                "orders-database": ToolConfiguration(
                    latency: .mixture(
                        [0.95, 0.05], [.lognormal(mu: -4.6, sigma: 0.5), .lognormal(mu: -1.6, sigma: 0.7)]),
                    errorRate: 0.001)
            ],
            topics: ["reports": TopicConfiguration(maximumDeliveries: 5, redeliveryDelay: .seconds(10))],
            traffic: [browsing(namespace), questions(namespace), reports])
    }

    private static func gateway(_ namespace: String) -> Behaviour {
        // A trivial request with telemetry and access log is 1 ms of CPU (reference section 0); authentication and
        // routing double it.
        let work = Distribution.lognormal(mu: -6.4, sigma: 0.4)
        return Behaviour(
            program: .service(
                ServiceProgram(
                    workers: 2,
                    routes: [
                        Route(
                            path: "/orders",
                            stages: [
                                .compute(work),
                                .call(
                                    ServiceCall(
                                        service: namespace + "/orders", timeout: .seconds(2),
                                        retries: RetryPolicy(maximum: 1, base: .milliseconds(50), budget: 0.2))),
                                .compute(.constant(0.0005)),
                            ]),
                        Route(
                            path: "/ask",
                            stages: [
                                .compute(work),
                                .call(ServiceCall(service: namespace + "/support-agent", timeout: .seconds(60))),
                                .compute(.constant(0.0005)),
                            ]),
                        Route(path: "/", stages: [.compute(work)]),
                    ])),
            startup: StartupProfile(importing: .constant(1.0), warmUp: .constant(1)),
            memory: MemoryProfile(base: 70 << 20), port: 8000)
    }

    private static func supportAgent(_ namespace: String) -> Behaviour {
        var plan = AgentPlan(provider: "model")
        // A turn of a support conversation: one or two model calls, half a tool call between, short answers.
        plan.steps = .uniform(1, 2.4)
        plan.userTokens = .lognormal(mu: 6.0, sigma: 0.7)
        plan.growthTokens = .lognormal(mu: 5.2, sigma: 0.7)
        plan.outputTokens = .lognormal(mu: 4.11, sigma: 0.54)
        plan.toolsPerStep = 0.5
        plan.tools = [
            ToolUse(target: .service(ServiceCall(service: namespace + "/orders", timeout: .seconds(5))))
        ]
        plan.modelTimeout = .seconds(60)
        let retrieve = ServiceCall(service: namespace + "/retriever", timeout: .seconds(5), isOptional: true)
        return Behaviour(
            program: .service(
                ServiceProgram(routes: [
                    Route(
                        path: "/ask",
                        stages: [
                            .cached(0.1), .call(retrieve),
                            // Parsing and ranking what was found.
                            .compute(.lognormal(mu: -3.9, sigma: 0.6)), .agent(plan),
                        ])
                ])),
            startup: StartupProfile(importing: .constant(2.4), warmUp: .constant(2)),
            memory: MemoryProfile(base: 105 << 20), port: 8000,
            health: HealthPath.usual + [HealthPath(path: "/deep", check: .dependencies, dependencies: ["model"])])
    }

    private static var retriever: Behaviour {
        Behaviour(
            program: .service(
                ServiceProgram(slots: 40, routes: [Route(stages: [.compute(.lognormal(mu: -4.0, sigma: 0.4))])])),
            startup: StartupProfile(
                importing: .constant(2.4), warmUpWork: .constant(3), warmUp: .uniform(40, 110)),
            memory: MemoryProfile(
                base: 180 << 20, cachePerRequest: 64 << 10, cacheMaximum: 400 << 20, loaded: 600 << 20),
            port: 8000)
    }

    private static var orders: Behaviour {
        Behaviour(
            program: .service(
                ServiceProgram(
                    slots: 20,
                    routes: [
                        Route(stages: [
                            .compute(.constant(0.002)), .tool(ToolCall(name: "orders-database", timeout: .seconds(5))),
                            .compute(.constant(0.001)),
                        ])
                    ])), startup: StartupProfile(importing: .constant(1.0)), port: 8000)
    }

    private static var reportAgent: Behaviour {
        var plan = AgentPlan(provider: "model")
        plan.steps = .clamped(.lognormal(mu: 2.37, sigma: 0.54), 3, 40)
        plan.stepCap = 50
        plan.toolsPerStep = 0
        return Behaviour(
            program: .consumer(
                ConsumerProgram(
                    topic: "reports", concurrency: 2,
                    stages: [
                        .compute(.lognormal(mu: 0, sigma: 0.5)), .agent(plan),
                        .wait(.clamped(.lognormal(mu: 4.6, sigma: 0.5), 20, 540)),
                        .compute(.lognormal(mu: 0, sigma: 0.5)),
                    ])),
            startup: StartupProfile(importing: .constant(2.4)), memory: MemoryProfile(base: 105 << 20), port: 8000)
    }

    private static var redis: Behaviour {
        Behaviour(
            program: .service(ServiceProgram(routes: [Route(stages: [.compute(.constant(0.000_05))])])),
            startup: StartupProfile(importing: .constant(0.1)),
            memory: MemoryProfile(base: 12 << 20, perRequest: 20_000, perPromptByte: 0), port: 6379, health: [])
    }

    private static var daprd: Behaviour {
        Behaviour(
            startup: StartupProfile(importing: .constant(0.3)),
            memory: MemoryProfile(base: 23 << 20, perRequest: 0, perPromptByte: 0),
            health: [
                HealthPath(path: "/v1.0/healthz", check: .neighbours), HealthPath(path: "/v1.0/healthz/outbound"),
            ], proxyWork: .microseconds(480))
    }

    /// A day of business hours: peak twice the mean, night a third of it (reference section 0).
    private static func day(mean: Double) -> [TrafficConfiguration.Point] {
        let shape: [(Int64, Double)] = [
            (0, 0.3), (5, 0.3), (8, 1.3), (10, 1.9), (12, 1.6), (14, 2.0), (17, 1.4), (20, 0.8), (23, 0.4), (24, 0.3),
        ]
        return shape.map { TrafficConfiguration.Point(at: .hours($0.0), rate: mean * $0.1) }
    }

    private static func browsing(_ namespace: String) -> TrafficConfiguration {
        var traffic = TrafficConfiguration(name: "browsing", service: namespace + "/gateway", rate: day(mean: 25))
        traffic.path = "/orders"
        traffic.period = .hours(24)
        traffic.offset = .hours(9)
        traffic.timeout = .seconds(5)
        traffic.retries = RetryPolicy(maximum: 1, base: .milliseconds(200))
        return traffic
    }

    private static func questions(_ namespace: String) -> TrafficConfiguration {
        var traffic = TrafficConfiguration(name: "questions", service: namespace + "/gateway", rate: day(mean: 0.5))
        traffic.path = "/ask"
        traffic.period = .hours(24)
        traffic.offset = .hours(9)
        traffic.timeout = .seconds(60)
        // Chat: LN(ln 20 s, 0.8) (reference section 6).
        traffic.patience = .lognormal(mu: 2.9957, sigma: 0.8)
        traffic.sessions = .init(requests: .clamped(.lognormal(mu: 1.2, sigma: 0.8), 1, 30))
        return traffic
    }

    private static var reports: TrafficConfiguration {
        var traffic = TrafficConfiguration(name: "reports", service: "", perSecond: 0.02)
        traffic.topic = "reports"
        traffic.timeout = nil
        return traffic
    }
}
