import Simulation
import Testing

@testable import LabServer

@Suite struct SpeedTests {
    @Test(arguments: [
        ("paused", Speed.paused), ("1x", .times(1)), ("10x", .times(10)), ("100000x", .times(100_000)),
        ("max-idle", .maxIdle), ("7", .times(7)),
    ])
    func speedsAreRead(text: String, speed: Speed) {
        #expect(Speed(text) == speed)
        #expect(Speed("\(speed)") == speed)
    }

    @Test(arguments: ["", "x", "-1x", "1.5x", "100001x", "99999999999999999999x", "fast", "١x"])
    func otherTextsAreRefused(text: String) { #expect(Speed(text) == nil) }

    @Test func timeFollowsTheWall() {
        var pace = Pace(.times(10), wall: .seconds(5), time: .zero + .seconds(100))
        let now = SimulationTime.zero + .seconds(100)
        #expect(pace.due(wall: .seconds(5), time: now) == now)
        #expect(pace.due(wall: .milliseconds(5_500), time: now) == now + .seconds(5))
        // The wall's clock never runs backwards, but nothing breaks if it did.
        #expect(pace.due(wall: .seconds(4), time: now) == now)
    }

    /// A machine that slept does not race through what it missed.
    @Test func aLongPauseIsForgiven() {
        var pace = Pace(.times(10), wall: .zero, time: .zero)
        #expect(pace.due(wall: .seconds(60), time: .zero) == .zero)
        #expect(pace.due(wall: .milliseconds(60_100), time: .zero) == .zero + .seconds(1))
    }

    @Test func pausedTimeStandsStill() {
        var pace = Pace(.paused, wall: .zero, time: .zero + .seconds(3))
        #expect(pace.due(wall: .seconds(1_000), time: .zero + .seconds(3)) == .zero + .seconds(3))
        pace.set(.times(1), wall: .seconds(1_000), time: .zero + .seconds(3))
        #expect(pace.due(wall: .milliseconds(1_000_250), time: .zero + .seconds(3)) == .zero + .milliseconds(3_250))
    }
}
