// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "kubelab", path: "..")],
    targets: [
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                .product(name: "Lab", package: "kubelab"), .product(name: "Simulation", package: "kubelab"),
                .product(name: "Workloads", package: "kubelab"), .product(name: "Cluster", package: "kubelab"),
                .product(name: "KubernetesAPI", package: "kubelab"), .product(name: "PromQL", package: "kubelab"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ])
