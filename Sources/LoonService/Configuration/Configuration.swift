package import LoonCore
package import LoonTasks
package import Notifier

/// Everything about a daemon that its operator decides. `Settings` reads it from flags, environment and file.
package struct Configuration: Sendable {
    // listen
    package var host = "127.0.0.1"
    package var port = 10_000
    /// `nil`: `<data>/loond.sock`.
    package var socket: String?
    /// Open connections, those kept for administrators aside.
    package var connectionsMax = 10_000
    package var offersTLS = true
    /// PEM files; `nil`: made at the first start.
    package var certificateFile: String?
    package var certificateKeyFile: String?
    /// Whether TCP without TLS is refused.
    /// `nil` where it is not said: then it follows from the address.
    package var secureTransport: Bool?
    /// Whether TCP without TLS is refused: beyond this machine it is, unless it was switched off by name.
    package var requiresSecureTransport: Bool { secureTransport ?? !isLoopback }

    private var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.wholeMatch(of: /127(\.[0-9]{1,3}){3}/) != nil
    }

    /// Holds everything the daemon owns: metadata, object store, staging, keys.
    package var dataDirectory = "loon-data"

    // service
    package var region = "cn-hangzhou"
    /// The letters in task ids.
    package var regionCode = "hz"
    /// The account number in the result bucket's name.
    package var accountUID = "1000000000000000"
    /// Minutes east of UTC.
    package var timeZoneOffsetMinutes = 480
    /// The dialect of sessions that set none.
    package var sqlDialect = SourceDialect.mysql
    /// How long what runs may go on after SIGTERM.
    package var drainSeconds = 10

    // engine
    /// A path, or a name that the loader knows.
    package var library = "libduckdb.so"
    package var acceptsAnyEngineVersion = false
    /// The path of `loon-engine`; `nil`: beside `loond`.
    package var engineProgram: String?
    package var isolation = EngineIsolation.account
    package var sandbox = EngineSandbox.available
    /// The newest version of the kernel's Landlock that is used.
    package var landlockMax = Int(UInt16.max)
    /// Where operators that outgrow the memory put their data; `nil`: `<data>/spill`.
    package var spillDirectory: String?

    // cluster, clusters
    /// The pool of whoever names none, which is called `public`.
    package var cluster = ClusterSettings()
    /// Further pools, by what they have otherwise than `cluster`.
    package var otherClusters: [(name: String, values: [(setting: ClusterSetting, value: String)])] = []

    // tasks
    /// Days after which a task and its result are removed; 0 for never.
    package var keepDays = 45
    /// The newest tasks that stay, whatever their age; 0 for all.
    package var keepCount = 0

    // storage
    /// Free MiB of the data directory's disk below which a warning is logged.
    package var warnFreeMiB = 1_024
    /// Below which no task is accepted.
    package var minFreeMiB = 256

    // notify
    package var accessKeyID: String?
    package var accessKeySecret: Secret?
    package var mnsEndpoint: String?
    /// Where the keys of roles are borrowed; `nil`: the key signs by itself, where the local roles let it.
    package var stsEndpoint: String?
    package var webhookSecret: WebhookSecret?
    package var rabbitMQEndpoint: String?
    package var rabbitMQUser: String?
    package var rabbitMQPassword: Secret?
    /// PEM certificates of the authorities that endpoints' certificates are verified by; `nil`: the system's.
    package var authoritiesFile: String?
    /// Tries after which a message is given up; 0 for no bound.
    package var attemptsMax = 0
    /// Hints of messages for statements that give none, by cluster and by account; an account's win.
    package var clusterNotifications: [String: [String: String]] = [:]
    package var accountNotifications: [String: [String: String]] = [:]
    /// `nil`: `EndpointRules.standard`.
    package var endpointRules: [EndpointRule]?
    package var retryBaseMilliseconds = 1_000
    package var retryCapMilliseconds = 300_000
    package var giveUpSeconds = 86_400
    package var connectTimeoutMilliseconds = 3_000
    package var requestTimeoutMilliseconds = 10_000

    // ram
    /// The folder of roles and policies; `nil`: `RoleDirectory.standard`.
    package var roleFolder: String?

    // log
    /// `nil`: standard error.
    package var logFile: String?
    package var logLevel = "info"
    /// `off` for none; beside the metadata file where it is not given.
    package var auditFile: String?

    package init() {}

    package static let defaultCluster = "public"

    /// All pools, the default one first.
    package var clusters: [(name: String, settings: ClusterSettings)] {
        [(Self.defaultCluster, cluster)]
            + otherClusters.map { other in
                var settings = cluster
                // Tried when they were read.
                for (setting, value) in other.values { try? setting.apply(&settings, value) }
                return (other.name, settings)
            }
    }

    package var rules: EndpointRules { endpointRules.map(EndpointRules.init) ?? .standard(region: region) }
    /// The bucket that results land in.
    package var resultBucket: String { "aliyun-oa-query-results-\(accountUID)-oss-\(region)" }
    /// Where the audit log goes; `nil` where it is switched off.
    package var auditPath: String? { auditFile == "off" ? nil : auditFile ?? dataDirectory + "/audit.log" }
}
