import Foundation
import Lab
import Simulation

/// What a person at a terminal waits for: a usable cluster in this process, and commands of the optimised binary.
func processes() throws -> [Figure] {
    let scenario = repository + "/labs/4-autoscaling/4.3-scale-on-cpu"
    let boot = try median(of: 11) { try seconds { _ = try ScenarioFile.read(scenario).world(seed: 1) } }
    var figures = [
        Figure(
            "scenario read and cluster booted", boot * 1_000, "ms", .atMost, 20, note: "exercise 4.3, median of 11")
    ]
    let named = ProcessInfo.processInfo.environment["KUBELAB_BINARY"]
    let binary = URL(fileURLWithPath: named ?? repository + "/.build/release/kubelab").path
    guard FileManager.default.isExecutableFile(atPath: binary) else {
        figures.append(Figure("commands of the binary", 0, "ms", note: "skipped: no \(binary); make build"))
        return figures
    }
    let folder = NSTemporaryDirectory() + "/kubelab-benchmark-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // `start` puts the exercise's files into the working folder, which is this process's own.
    guard FileManager.default.changeCurrentDirectoryPath(folder) else { return figures }
    func run(_ arguments: String) -> Int32 {
        Shell.spawn(binary, arguments.split(separator: " ").map(String.init))
    }
    let version = median(of: 11) { wallSeconds { _ = run("--help") } }
    figures.append(
        Figure("`kubelab --help`, from start to end", version * 1_000, "ms", note: "wall time, median of 11"))
    var count = 0
    var status: Int32 = 0
    let start = median(of: 5) {
        count += 1
        return wallSeconds { status |= run("start 4.3 --lab lab\(count).kubelab") }
    }
    guard status == 0 else {
        figures.append(Figure("commands of the binary", 0, "ms", note: "skipped: `start 4.3` answers \(status)"))
        return figures
    }
    figures.append(
        Figure(
            "`kubelab start 4.3`", start * 1_000, "ms", .atMost, 50, note: "wall time, with the lab's file, median of 5"
        ))
    status |= run("advance 10m --lab lab1.kubelab")
    let get = median(of: 11) { wallSeconds { status |= run("get pods --lab lab1.kubelab") } }
    figures.append(
        Figure(
            "`kubelab get pods` on a lab of 10 minutes", get * 1_000, "ms", .atMost, 50,
            note: "wall time, status \(status), median of 11"))
    let grade = median(of: 3) {
        wallSeconds { status |= run("grade 4.3 --dir \(repository)/labs/4-autoscaling/4.3-scale-on-cpu/solution") }
    }
    figures.append(
        Figure(
            "`kubelab grade 4.3`, the right answer", grade, "s", .atMost, 2,
            note: "wall time, all hidden seeds, status \(status), median of 3"))
    return figures
}
