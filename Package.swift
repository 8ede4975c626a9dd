// swift-tools-version: 6.1
import PackageDescription

/// One target per room of the house (docs/architecture.md): a room may import only what its row names, and the
/// compiler keeps the doors. `KUBELAB_ROOM=Cluster swift test` builds one room, what it needs and its tests only.
struct Room {
    let name: String
    var needs: [String] = []
    var libraries: [String] = []
    /// C libraries of the system, each with a module map in Sources.
    var system: [String] = []
    var executable = false
    var tests = true
    /// Folders of data in the room's tests.
    var testData: [String] = []
}

let rooms: [Room] = [
    Room(name: "Simulation"),
    Room(name: "KubernetesAPI", libraries: ["Yams", "OrderedCollections"]),
    Room(name: "PromQL"),
    Room(name: "OpenTelemetry"),
    Room(name: "ContainerRuntime", needs: ["Simulation"], tests: false),
    Room(name: "Kubectl", needs: ["KubernetesAPI"], libraries: ["OrderedCollections"]),
    Room(name: "Cluster", needs: ["ContainerRuntime", "KubernetesAPI", "Simulation"]),
    Room(name: "Workloads", needs: ["ContainerRuntime", "Simulation"]),
    Room(name: "Monitoring", needs: ["PromQL", "OpenTelemetry", "KubernetesAPI", "Simulation"]),
    Room(
        name: "Lab",
        needs: [
            "Cluster", "Workloads", "Monitoring", "OpenTelemetry", "PromQL", "Kubectl", "ContainerRuntime",
            "KubernetesAPI", "Simulation",
        ],
        libraries: ["GRDB", "Yams"]),
    Room(
        name: "Grading",
        needs: [
            "Lab", "Cluster", "Workloads", "Monitoring", "OpenTelemetry", "PromQL", "Kubectl", "KubernetesAPI",
            "Simulation",
        ],
        libraries: ["GRDB", "OrderedCollections"], testData: ["Golden"]),
    Room(
        name: "LabServer",
        needs: [
            "Lab", "Cluster", "Workloads", "Monitoring", "OpenTelemetry", "PromQL", "ContainerRuntime", "Kubectl",
            "KubernetesAPI", "Simulation",
        ],
        libraries: [
            "OrderedCollections", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket", "NIOSSL", "X509", "SwiftASN1",
            "Crypto",
        ], system: ["CZlib"]),
    Room(
        name: "kubelab",
        needs: [
            "LabServer", "Grading", "Lab", "Cluster", "Workloads", "Monitoring", "OpenTelemetry", "Kubectl",
            "KubernetesAPI", "PromQL", "Simulation",
        ],
        libraries: ["ArgumentParser", "OrderedCollections"], executable: true, tests: false),
]

let libraries: [String: (package: String, url: String, version: Version)] = [
    "Yams": ("Yams", "https://github.com/jpsim/Yams", "6.2.2"),
    "OrderedCollections": ("swift-collections", "https://github.com/apple/swift-collections", "1.6.0"),
    "GRDB": ("GRDB.swift", "https://github.com/groue/GRDB.swift", "7.10.0"),
    "ArgumentParser": ("swift-argument-parser", "https://github.com/apple/swift-argument-parser", "1.8.2"),
    "NIOCore": ("swift-nio", "https://github.com/apple/swift-nio", "2.101.2"),
    "NIOPosix": ("swift-nio", "https://github.com/apple/swift-nio", "2.101.2"),
    "NIOHTTP1": ("swift-nio", "https://github.com/apple/swift-nio", "2.101.2"),
    "NIOWebSocket": ("swift-nio", "https://github.com/apple/swift-nio", "2.101.2"),
    "NIOSSL": ("swift-nio-ssl", "https://github.com/apple/swift-nio-ssl", "2.37.6"),
    "X509": ("swift-certificates", "https://github.com/apple/swift-certificates", "1.21.1"),
    "SwiftASN1": ("swift-asn1", "https://github.com/apple/swift-asn1", "1.7.4"),
    "Crypto": ("swift-crypto", "https://github.com/apple/swift-crypto", "4.5.2"),
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
    (room.needs + room.system).map { .target(name: $0) }
        + room.libraries.compactMap { name in libraries[name].map { .product(name: name, package: $0.package) } }
}

var targets: [Target] = Set(keptRooms.flatMap(\.system)).sorted().map {
    .systemLibrary(name: $0, path: "Sources/" + $0)
}
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
    dependencies: Dictionary(
        keptRooms.flatMap(\.libraries).compactMap { libraries[$0] }.map { ($0.url, $0.version) },
        uniquingKeysWith: { first, _ in first }
    ).sorted { $0.key < $1.key }.map { .package(url: $0.key, from: $0.value) },
    targets: targets)
