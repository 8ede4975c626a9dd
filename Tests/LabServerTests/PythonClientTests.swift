import Foundation
import Testing

@testable import LabServer

/// The Python clients `kubernetes` and `kr8s`, with what controllers written with them do: a cache that a watch keeps
/// fresh, leader election, exec, a forwarded port.
@Suite(.enabled(if: RealClient.havePython, Comment(rawValue: RealClient.pythonAdvice))) struct PythonClientTests {
    @Test(arguments: ["controller", "session", "kr8s_session"]) func aPythonProgramWorks(name: String) async throws {
        let lab = try await ServedLab.begin(RecordedSession.scenario, speed: .times(20))
        let outcome = try await lab.run(
            RealClient.python, [Repository.path("fixtures/clients/\(name).py")],
            environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        #expect(outcome.code == 0, "\(outcome.text)")
        #expect(outcome.text.hasSuffix("all is well\n"), "\(outcome.text)")
        try await lab.end()
    }
}
