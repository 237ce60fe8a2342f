package import LoonCore
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
    package var requiresSecureTransport = false

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
    /// How long what runs may go on after SIGTERM.
    package var drainSeconds = 10

    // engine
    /// A path, or a name that the loader knows.
    package var library = "libduckdb.so"
    package var acceptsAnyEngineVersion = false
    /// 0: one for each processor.
    package var engineThreads = 0
    package var engineMemory: String?

    // cluster
    /// Asynchronous tasks that run at a time.
    package var runningTasksMax = 2
    /// Synchronous queries that run at a time.
    package var runningQueriesMax = 4
    /// Synchronous queries that wait for a place.
    package var queuedQueriesMax = 1_000

    // notify
    package var accessKeyID: String?
    package var accessKeySecret: Secret?
    package var mnsEndpoint: String?
    /// `nil`: `EndpointRules.standard`.
    package var endpointRules: [EndpointRule]?
    package var retryBaseMilliseconds = 1_000
    package var retryCapMilliseconds = 300_000
    package var giveUpSeconds = 86_400
    package var connectTimeoutMilliseconds = 3_000
    package var requestTimeoutMilliseconds = 10_000

    // log
    /// `nil`: standard error.
    package var logFile: String?
    package var logLevel = "info"

    package init() {}

    package var rules: EndpointRules { endpointRules.map(EndpointRules.init) ?? .standard(region: region) }
    /// The bucket that results land in.
    package var resultBucket: String { "aliyun-oa-query-results-\(accountUID)-oss-\(region)" }
    package var databasePath: String { dataDirectory + "/loon.sqlite" }
}
