// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// Floors, bottom to top: platform, values, libraries, product, executables. A target may depend only on the
// floors below it; ARCHITECTURE.md says why, `make check` enforces it.

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
let webSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// A program that runs all the time, or is started at every event: no table of symbols for others (nobody loads it),
// which would otherwise be read at each start and stay in memory.
let smallProgram: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld"]
            + ["--exclude-libs=ALL", "--no-export-dynamic"].flatMap { ["-Xlinker", $0] },
        .when(platforms: [.linux], configuration: .release)
    )
]

// What a program runs of what it is made of lies together, so that the rest need not be in memory.
func ordered(by list: String) -> [LinkerSetting] {
    [
        .unsafeFlags(
            ["--symbol-ordering-file=\(Context.packageDirectory)/packaging/\(list)", "--no-warn-symbol-ordering"]
                .flatMap { ["-Xlinker", $0] },
            .when(platforms: [.linux], configuration: .release)
        )
    ]
}

// Whose lists `make hot-functions` writes; see bench/hot_programs.py.
let charmProgram = smallProgram + ordered(by: "hot-functions-charms.txt")
let daemonProgram = smallProgram + ordered(by: "hot-functions-pebble.txt")
let exporterProgram = smallProgram + ordered(by: "hot-functions-exporters.txt")

// What scripts/build-release.sh read from the Git tag; only one file of C is compiled anew when it changes.
let release: [CSetting] =
    Context.environment["INDICO_OPERATOR_VERSION"].map { [.define("INDICO_OPERATOR_VERSION", to: "\"\($0)\"")] } ?? []

let platform: [Target] = [
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .target(name: "CLinux"),
    .target(name: "CTLS"),
    .target(name: "CVersion", cSettings: release),
    .target(name: "LinuxSupport", dependencies: ["CLinux"]),
    .target(name: "TLSSupport", dependencies: ["CTLS"]),
    .target(name: "YAMLTree", dependencies: ["CYAML"]),
    .target(name: "ServerCertificates", dependencies: ["CTLS"]),
]

let values: [Target] = [
    .target(name: "PebblePlan", dependencies: ["YAMLTree", "PebbleAPI"]),
    .target(name: "PebbleAPI"),
    .target(name: "HookProtocol"),
    .target(name: "MetricsText"),
    .target(name: "ProgramVersion", dependencies: ["CVersion"]),
]

let libraries: [Target] = [
    .target(name: "PebbleClient", dependencies: ["PebbleAPI"]),
    .target(
        name: "PebbleDaemon",
        dependencies: [
            "PebbleAPI", "PebblePlan", "YAMLTree", "MetricsText", "LinuxSupport", "CLinux", "CTLS", "TLSSupport",
            "TLSChannel", webSocket,
        ] + nio
    ),
    .target(
        name: "PebbleCommands",
        dependencies: ["PebbleClient", "PebbleAPI", "PebbleDaemon", "YAMLTree", "LinuxSupport", arguments]
    ),
    .target(name: "CharmKit", dependencies: ["HookProtocol", "PebbleClient", "PebbleAPI", "PebblePlan", "YAMLTree"]),
    .target(name: "CharmLogging", dependencies: ["CharmKit", logging]),
    .target(name: "CharmInterfaces", dependencies: ["CharmKit", "YAMLTree"]),
    .target(
        name: "CharmTesting",
        dependencies: ["CharmKit", "PebblePlan", "PebbleAPI", "HookProtocol", "YAMLTree"]
    ),
    .target(
        name: "UnitAgent",
        dependencies: [
            "PebbleClient", "PebbleAPI", "HookProtocol", "LinuxSupport", "YAMLTree", "CSQLite", logging, lifecycle,
            signals,
        ]
    ),
    // Runs any charm on this machine, for its author.
    .target(
        name: "CharmRunner",
        dependencies: ["UnitAgent", "HookProtocol", "LinuxSupport", "ProgramVersion", "YAMLTree", arguments]
    ),
    // TLS on a channel of NIO, for the daemon and the exporters.
    .target(
        name: "TLSChannel",
        dependencies: ["TLSSupport", "CTLS", .product(name: "NIOCore", package: "swift-nio")]
    ),
    .target(name: "MetricsServer", dependencies: ["MetricsText", "LinuxSupport", logging, lifecycle, signals] + nio),
    .target(
        name: "StatsDExporter",
        dependencies: [
            "MetricsText", "MetricsServer", "LinuxSupport", "ProgramVersion", "YAMLTree", logging, lifecycle, signals,
            arguments,
        ] + nio
    ),
    .target(
        name: "CeleryExporter",
        dependencies: [
            "MetricsText", "MetricsServer", "LinuxSupport", "TLSSupport", "TLSChannel", "ProgramVersion", logging,
            lifecycle, signals, arguments,
        ] + nio
    ),
]

let product: [Target] = [
    .target(
        name: "IndicoCharm",
        dependencies: [
            "CharmKit", "CharmInterfaces", "PebblePlan", "PebbleAPI", "ServerCertificates", "TLSSupport",
        ]
    ),
    .target(
        name: "OneMachine",
        dependencies: [
            "UnitAgent", "PebbleClient", "PebbleAPI", "PebblePlan", "LinuxSupport", "YAMLTree", "MetricsServer",
            "MetricsText", "ProgramVersion", "ServerCertificates", logging, lifecycle,
        ]
    ),
    .target(
        name: "Pods",
        dependencies: ["OneMachine", "UnitAgent", "PebbleClient", "PebbleAPI", "LinuxSupport"]
    ),
    .target(
        name: "OperatorCommands",
        dependencies: [
            "OneMachine", "Pods", "UnitAgent", "PebbleClient", "PebbleAPI", "LinuxSupport", "YAMLTree",
            "ServerCertificates", arguments,
        ]
    ),
]

let executables: [Target] = [
    .executableTarget(
        name: "pebble",
        dependencies: ["PebbleCommands", "ProgramVersion"],
        linkerSettings: daemonProgram
    ),
    .executableTarget(
        name: "indico-charm",
        dependencies: ["IndicoCharm", "CharmKit", "ProgramVersion"],
        linkerSettings: charmProgram
    ),
    .executableTarget(name: "indico-operator", dependencies: ["OperatorCommands"]),
    .executableTarget(name: "hook-tool", dependencies: ["HookProtocol", "ProgramVersion"]),
    .executableTarget(name: "run-charm", dependencies: ["CharmRunner"]),
    .executableTarget(
        name: "hello-charm",
        dependencies: ["CharmKit"],
        path: "Examples/hello-charm",
        exclude: ["charm"],
        linkerSettings: charmProgram
    ),
    .target(
        name: "PebbleExamples",
        dependencies: ["PebbleClient", "PebbleAPI", "PebblePlan"],
        path: "Examples/pebble-libraries",
        // They see what a stranger sees.
        packageAccess: false
    ),
    .executableTarget(name: "statsd-exporter", dependencies: ["StatsDExporter"], linkerSettings: exporterProgram),
    .executableTarget(name: "celery-exporter", dependencies: ["CeleryExporter"], linkerSettings: exporterProgram),
]

let tests: [Target] = [
    // Programs of this package in processes of their own, for the tests below.
    .target(name: "ProgramTesting", dependencies: ["LinuxSupport"], path: "Tests/ProgramTesting"),
    // Numbers drawn from a seed, for tests that draw their input.
    .target(name: "SeededTesting", path: "Tests/SeededTesting"),
    .testTarget(name: "LinuxSupportTests", dependencies: ["LinuxSupport"]),
    .testTarget(name: "ServerCertificatesTests", dependencies: ["ServerCertificates", "LinuxSupport"]),
    .testTarget(name: "YAMLTreeTests", dependencies: ["YAMLTree", "SeededTesting"]),
    .testTarget(name: "PebblePlanTests", dependencies: ["PebblePlan", "PebbleAPI", "YAMLTree", "SeededTesting"]),
    .testTarget(name: "PebbleAPITests", dependencies: ["PebbleAPI", "SeededTesting"]),
    .testTarget(name: "HookProtocolTests", dependencies: ["HookProtocol"]),
    .testTarget(name: "MetricsTextTests", dependencies: ["MetricsText", "SeededTesting"]),
    .testTarget(name: "ProgramVersionTests", dependencies: ["ProgramVersion"]),
    .testTarget(
        name: "PebbleClientTests",
        dependencies: ["PebbleClient", "PebbleAPI", "PebbleDaemon", "LinuxSupport"]
    ),
    .testTarget(
        name: "PebbleDaemonTests",
        dependencies: ["PebbleDaemon", "PebbleAPI", "PebblePlan", "PebbleClient", "LinuxSupport"] + nio
    ),
    .testTarget(
        name: "PebbleCommandsTests",
        dependencies: ["PebbleCommands", "PebbleDaemon", "PebbleAPI", "LinuxSupport", "pebble", arguments]
    ),
    .testTarget(
        name: "PebbleExamplesTests",
        dependencies: ["PebbleExamples", "PebbleClient", "PebbleAPI", "PebblePlan", "PebbleDaemon", "LinuxSupport"]
    ),
    .testTarget(
        name: "CharmKitTests",
        dependencies: [
            "CharmKit", "CharmLogging", "CharmTesting", "HookProtocol", "PebbleAPI", "UnitAgent", "LinuxSupport",
            "SeededTesting", "hello-charm", logging,
        ]
    ),
    .testTarget(
        name: "CharmInterfacesTests",
        dependencies: ["CharmInterfaces", "CharmKit", "CharmTesting", "PebbleAPI"]
    ),
    .testTarget(
        name: "UnitAgentTests",
        dependencies: ["UnitAgent", "HookProtocol", "PebbleAPI", "LinuxSupport", "story-charm", "hook-tool", "pebble"],
        exclude: ["Fixtures"]
    ),
    // The charm of a test that lives it through under the real agent, beside the same written in Python.
    .executableTarget(name: "story-charm", dependencies: ["CharmKit"], path: "Tests/StoryCharm"),
    .testTarget(name: "MetricsServerTests", dependencies: ["MetricsServer", "MetricsText", logging, lifecycle] + nio),
    .testTarget(
        name: "StatsDExporterTests",
        dependencies: [
            "StatsDExporter", "MetricsServer", "MetricsText", "ProgramTesting", "SeededTesting", "LinuxSupport",
            logging, lifecycle, arguments,
        ] + nio
    ),
    .testTarget(
        name: "CeleryExporterTests",
        dependencies: [
            "CeleryExporter", "MetricsServer", "MetricsText", "ProgramTesting", "SeededTesting", "LinuxSupport",
            "TLSSupport", logging, lifecycle, arguments,
        ] + nio
    ),
    .testTarget(
        name: "IndicoCharmTests",
        dependencies: [
            "IndicoCharm", "CharmInterfaces", "CharmKit", "CharmTesting", "PebbleAPI", "PebblePlan", "LinuxSupport",
            "ServerCertificates",
        ],
        exclude: ["Golden"]
    ),
    .testTarget(
        name: "OneMachineTests",
        dependencies: [
            "OneMachine", "CharmInterfaces", "HookProtocol", "UnitAgent", "PebblePlan", "LinuxSupport", "MetricsText",
            "ServerCertificates",
        ]
    ),
    .testTarget(name: "PodsTests", dependencies: ["Pods", "OneMachine", "UnitAgent", "LinuxSupport"]),
    .testTarget(
        name: "OperatorCommandsTests",
        dependencies: [
            "OperatorCommands", "OneMachine", "UnitAgent", "PebbleAPI", "ProgramTesting", "LinuxSupport", "MetricsText",
            arguments,
        ]
    ),
    .testTarget(name: "EndToEndTests", dependencies: ["OneMachine", "LinuxSupport", "MetricsText"]),
]

let package = Package(
    name: "indico-operator",
    products: [
        .library(name: "CharmKit", targets: ["CharmKit"]),
        .library(name: "CharmLogging", targets: ["CharmLogging"]),
        .library(name: "CharmInterfaces", targets: ["CharmInterfaces"]),
        .library(name: "CharmTesting", targets: ["CharmTesting"]),
        .library(name: "PebbleAPI", targets: ["PebbleAPI"]),
        .library(name: "PebbleClient", targets: ["PebbleClient"]),
        .library(name: "PebblePlan", targets: ["PebblePlan"]),
        .library(name: "UnitAgent", targets: ["UnitAgent"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
    ],
    targets: platform + values + libraries + product + executables + tests,
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && !["CLinux", "CTLS", "CVersion"].contains(target.name) {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
