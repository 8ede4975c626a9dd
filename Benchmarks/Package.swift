// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "kubelab", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                .product(name: "Lab", package: "kubelab"), .product(name: "Simulation", package: "kubelab"),
                .product(name: "Workloads", package: "kubelab"), .product(name: "Cluster", package: "kubelab"),
                .product(name: "KubernetesAPI", package: "kubelab"), .product(name: "PromQL", package: "kubelab"),
                .product(name: "LabServer", package: "kubelab"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ])
