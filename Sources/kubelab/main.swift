import Foundation
import Lab
import Simulation

let arguments = CommandLine.arguments
let file = try ScenarioFile.read(arguments[1])
var world = try file.world(seed: 1)
for path in arguments.dropFirst(2) {
    let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    let outcome = world.apply(text, file: path, author: "learner")
    for result in outcome.results { print(result.text) }
    for failure in outcome.failures { print(failure) }
}
let names = ["deployment/gateway.replicas", "deployment/gateway.ready", "hpa/gateway.desired", "hpa/gateway.utilization", "traffic/users.rate", "traffic/users.errorRatio", "traffic/users.p95", "traffic/users.p99", "traffic/users.inflight", "cost.total"]
let wall = Date()
for minute in stride(from: 0, through: 100, by: 5) {
    try world.advance(to: .zero + .minutes(Int64(minute)))
    let values = try names.map { try Measurement(parsing: $0, namespace: "support-desk").value(in: world).map { "\(($0*1000).rounded()/1000)" } ?? "-" }
    print(minute, values.joined(separator: "\t"))
}
print(world.counts, world.stateDigest, Date().timeIntervalSince(wall), world.encode().count)
