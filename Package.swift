// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// The settings of every Swift target: Swift 6, the coming language features, and no warning let through.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let xmlCoder = Target.Dependency.product(name: "XMLCoder", package: "XMLCoder")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

// One section a layer; docs/modules.md says what each module is for, and a test holds the two together.
let package = Package(
    name: "loon",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/CoreOffice/XMLCoder", from: "0.18.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C shims
        .target(name: "CCharconv"),
        .target(name: "CCurl"),
        .target(name: "CSandbox"),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CDuckDB", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),

        // Vocabulary
        .target(name: "LoonCore", dependencies: ["CCharconv"], swiftSettings: settings),

        // Siblings
        .target(name: "SQLFrontend", dependencies: ["LoonCore"], swiftSettings: settings),
        .target(name: "SQLDialect", dependencies: ["LoonCore", "SQLFrontend"], swiftSettings: settings),
        .target(name: "MySQLRows", dependencies: ["LoonCore"], swiftSettings: settings),
        .target(
            name: "MySQLProtocol",
            dependencies: ["CZlib", "LoonCore", "MySQLRows", nioCore, nioPosix, nioSSL, crypto, cryptoExtras, logging],
            swiftSettings: settings),
        .target(name: "TableText", dependencies: ["CZlib", "LoonCore"], swiftSettings: settings),
        .target(name: "ObjectStore", dependencies: ["LoonCore"], swiftSettings: settings),
        .target(name: "MetaStore", dependencies: ["LoonCore", grdb, grdbSQLite], swiftSettings: settings),
        .target(name: "QueryEngine", dependencies: ["LoonCore"], swiftSettings: settings),
        .target(name: "ResultFiles", dependencies: ["LoonCore", "QueryEngine"], swiftSettings: settings),
        // Optimized in debug builds too: its loops run for each field of a file.
        .target(
            name: "DuckDBEngine", dependencies: ["CCharconv", "CDuckDB", "LoonCore", "QueryEngine"],
            swiftSettings: settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
        .target(
            name: "EngineWorkers", dependencies: ["CSandbox", "LoonCore", "QueryEngine", logging],
            swiftSettings: settings),
        .target(
            name: "Notifier", dependencies: ["LoonCore", "CCurl", crypto, logging, xmlCoder], swiftSettings: settings),
        .target(name: "DuckDBTree", dependencies: ["LoonCore"], swiftSettings: settings),
        .target(name: "AccessControl", dependencies: ["LoonCore", crypto, cryptoExtras], swiftSettings: settings),

        // Domains
        .target(
            name: "LoonLake",
            dependencies: [
                "AccessControl", "DuckDBTree", "LoonCore", "MetaStore", "ObjectStore", "QueryEngine",
                "SQLDialect", "SQLFrontend", crypto, logging,
            ], swiftSettings: settings),

        .target(
            name: "LoonTasks",
            dependencies: [
                "AccessControl", "LoonCore", "LoonLake", "MetaStore", "Notifier", "ObjectStore", "QueryEngine",
                "SQLDialect", "SQLFrontend", crypto, logging,
            ], swiftSettings: settings),
        .target(
            name: "SystemTables",
            dependencies: ["AccessControl", "LoonCore", "MetaStore", "SQLFrontend"],
            swiftSettings: settings),
        .target(
            name: "LoonSessions",
            dependencies: [
                "AccessControl", "LoonCore", "LoonLake", "LoonTasks", "MetaStore", "MySQLProtocol", "ObjectStore",
                "QueryEngine", "SQLDialect", "SQLFrontend", "SystemTables", crypto, logging,
            ], swiftSettings: settings),

        // Composition
        .target(
            name: "LoonService",
            dependencies: [
                "AccessControl", "EngineWorkers", "LoonCore", "LoonLake", "LoonSessions", "LoonTasks", "MetaStore",
                "MySQLProtocol", "Notifier", "ObjectStore", "QueryEngine", "SQLFrontend", "SystemTables",
                crypto, logging, nioCore, nioPosix, nioSSL, serviceLifecycle, swiftASN1, unixSignals, x509, yams,
            ], swiftSettings: settings),

        // Executables
        .executableTarget(
            name: "loon-engine",
            dependencies: [
                "CSandbox", "DuckDBEngine", "LoonCore", "MySQLRows", "QueryEngine", "ResultFiles", "SQLDialect",
                "TableText", argumentParser,
            ], swiftSettings: settings),
        .executableTarget(
            name: "loon-mq",
            dependencies: [
                "LoonCore", "Notifier", argumentParser, logging, nioCore, nioHTTP1, nioPosix, serviceLifecycle,
                unixSignals, xmlCoder,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "loond", dependencies: ["LoonCore", "LoonService", argumentParser], swiftSettings: settings),

        // Tests from inside; Tests/System has those through the front door
        .testTarget(name: "AccessControlTests", dependencies: ["AccessControl", "LoonCore"], swiftSettings: settings),
        .testTarget(name: "LoonCoreTests", dependencies: ["LoonCore"], swiftSettings: settings),
        .testTarget(
            name: "LoonLakeTests",
            dependencies: [
                "AccessControl", "DuckDBEngine", "DuckDBTree", "LoonCore", "LoonLake", "QueryEngine", "SQLDialect",
                "SQLFrontend", "TableText",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "LoonMQTests", dependencies: ["loon-mq", "Notifier", nioCore, nioHTTP1], swiftSettings: settings),
        .testTarget(name: "LoonServiceTests", dependencies: ["LoonCore", "LoonService"], swiftSettings: settings),
        .testTarget(
            name: "LoonSessionsTests",
            dependencies: ["LoonCore", "LoonSessions", "SQLDialect", "SQLFrontend", "SystemTables"],
            swiftSettings: settings),
        .testTarget(name: "LoonTasksTests", dependencies: ["LoonTasks"], swiftSettings: settings),
        .testTarget(name: "MetaStoreTests", dependencies: ["LoonCore", "MetaStore", grdb], swiftSettings: settings),
        .testTarget(
            name: "MySQLProtocolTests", dependencies: ["LoonCore", "MySQLProtocol", nioCore, crypto],
            swiftSettings: settings),
        .testTarget(name: "NotifierTests", dependencies: ["LoonCore", "Notifier", logging], swiftSettings: settings),
        .testTarget(name: "ObjectStoreTests", dependencies: ["LoonCore", "ObjectStore"], swiftSettings: settings),
        .testTarget(name: "ProjectTests", swiftSettings: settings),
        .testTarget(
            name: "QueryEngineTests", dependencies: ["LoonCore", "MySQLRows", "QueryEngine"], swiftSettings: settings),
        .testTarget(
            name: "SQLDialectTests", dependencies: ["LoonCore", "SQLDialect", "SQLFrontend"], swiftSettings: settings),
        .testTarget(name: "SystemTablesTests", dependencies: ["SystemTables"], swiftSettings: settings),
        .testTarget(name: "SQLFrontendTests", dependencies: ["LoonCore", "SQLFrontend"], swiftSettings: settings),
    ],
    cxxLanguageStandard: .cxx17
)

// libFuzzer brings its own main: `scripts/test --full` builds this alone.
if ProcessInfo.processInfo.environment["LOON_FUZZ"] == "1" {
    package.targets.append(
        .executableTarget(
            name: "loon-fuzz",
            dependencies: [
                "AccessControl", "LoonCore", "LoonService", "MySQLProtocol", "Notifier", "SQLDialect",
                "SQLFrontend", nioCore,
            ], path: "Tests/Fuzz", swiftSettings: settings))
}
