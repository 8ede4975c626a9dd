// swift-tools-version: 6.1
import PackageDescription

/// One target per room of the house (docs/architecture.md): a room may import only what its row names, and the
/// compiler keeps the doors. `KUBELAB_ROOM=Cluster swift test` builds one room, what it needs and its tests only.
struct Room {
    let name: String
    var needs: [String] = []
    var libraries: [String] = []
    var executable = false
    var tests = true
    /// Folders of data in the room's tests.
    var testData: [String] = []
}

let rooms: [Room] = [
    Room(name: "Simulation"),
    Room(name: "KubernetesAPI", libraries: ["Yams", "OrderedCollections"]),
    Room(name: "PromQL"),
    Room(name: "ContainerRuntime", needs: ["Simulation"], tests: false),
    Room(name: "Kubectl", needs: ["KubernetesAPI"], libraries: ["OrderedCollections"]),
    Room(name: "Cluster", needs: ["ContainerRuntime", "KubernetesAPI", "Simulation"]),
    Room(name: "Workloads", needs: ["ContainerRuntime", "Simulation"]),
    Room(
        name: "Lab", needs: ["Cluster", "Workloads", "Kubectl", "ContainerRuntime", "KubernetesAPI", "Simulation"],
        libraries: ["GRDB", "Yams"]),
    Room(
        name: "Grading", needs: ["Lab", "Workloads", "Kubectl", "KubernetesAPI", "Simulation"],
        libraries: ["GRDB", "OrderedCollections"], testData: ["Golden"]),
    Room(
        name: "kubelab", needs: ["Grading", "Lab", "Kubectl", "KubernetesAPI", "PromQL", "Simulation"],
        libraries: ["ArgumentParser"], executable: true, tests: false),
]

let libraries: [String: (package: String, url: String, version: Version)] = [
    "Yams": ("Yams", "https://github.com/jpsim/Yams", "6.2.2"),
    "OrderedCollections": ("swift-collections", "https://github.com/apple/swift-collections", "1.6.0"),
    "GRDB": ("GRDB.swift", "https://github.com/groue/GRDB.swift", "7.10.0"),
    "ArgumentParser": ("swift-argument-parser", "https://github.com/apple/swift-argument-parser", "1.8.2"),
]

func needed(by name: String) -> Set<String> {
    guard let room = rooms.first(where: { $0.name == name }) else { return [] }
    return room.needs.reduce(into: [name]) { $0.formUnion(needed(by: $1)) }
}

let chosen = Context.environment["KUBELAB_ROOM"]
let kept = chosen.map(needed(by:)) ?? Set(rooms.map(\.name))
let keptRooms = rooms.filter { kept.contains($0.name) }
let settings: [SwiftSetting] = [.swiftLanguageMode(.v6)]

func dependencies(_ room: Room) -> [Target.Dependency] {
    room.needs.map { .target(name: $0) }
        + room.libraries.compactMap { name in libraries[name].map { .product(name: name, package: $0.package) } }
}

var targets: [Target] = []
for room in keptRooms {
    if room.executable {
        targets.append(.executableTarget(name: room.name, dependencies: dependencies(room), swiftSettings: settings))
    } else {
        targets.append(.target(name: room.name, dependencies: dependencies(room), swiftSettings: settings))
    }
    if room.tests, chosen == nil || chosen == room.name {
        targets.append(
            .testTarget(
                name: room.name + "Tests", dependencies: [.target(name: room.name)] + dependencies(room),
                exclude: room.testData, swiftSettings: settings))
    }
}

let package = Package(
    name: "kubelab",
    // The rooms are products too, for Benchmarks/, a package of its own.
    products: keptRooms.map {
        $0.executable
            ? .executable(name: $0.name, targets: [$0.name]) : .library(name: $0.name, targets: [$0.name])
    },
    dependencies: Set(keptRooms.flatMap(\.libraries)).sorted().compactMap { libraries[$0] }.map {
        .package(url: $0.url, from: $0.version)
    },
    targets: targets)
