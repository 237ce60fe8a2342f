import Foundation
package import LoonCore
import Notifier

/// A value of the configuration that flags, environment and file may give.
package struct Setting: Sendable {
    /// Its place in the file, such as `listen.port`.
    package let path: String
    /// Reads the text into the configuration; throws what values there are.
    let apply: @Sendable (inout Configuration, String) throws(SettingError) -> Void

    /// `LOON_LISTEN_PORT` for `listen.port`.
    package var variable: String {
        "LOON_" + path.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }
}

/// Why a value cannot be used: what is expected in its place.
package struct SettingError: Error, Sendable {
    package let expected: String
}

/// The table of all settings: the one place that knows their names.
package enum Settings {
    package static let all: [Setting] =
        [
            text("listen.host", \.host),
            integer("listen.port", 0...65_535, \.port),
            Setting(path: "listen.socket") { configuration, value throws(SettingError) in configuration.socket = value
            },
            integer("listen.max-connections", 1...100_000, \.connectionsMax),
            flag("listen.tls", \.offersTLS),
            Setting(path: "listen.tls-certificate") { configuration, value throws(SettingError) in
                configuration.certificateFile = value
            },
            Setting(path: "listen.tls-key") { configuration, value throws(SettingError) in
                configuration.certificateKeyFile = value
            },
            Setting(path: "listen.require-secure-transport") { configuration, value throws(SettingError) in
                guard let flag = Bool(value) else { throw SettingError(expected: "true or false") }
                configuration.secureTransport = flag
            },
            text("data-dir", \.dataDirectory),
            text("service.region", \.region, pattern: /[a-z0-9-]{2,30}/, expected: "a region such as cn-hangzhou"),
            text("service.region-code", \.regionCode, pattern: /[a-z]{2,8}/, expected: "2 to 8 letters"),
            text("service.account-uid", \.accountUID, pattern: /[0-9]{1,20}/, expected: "up to 20 digits"),
            Setting(path: "service.time-zone") { configuration, value throws(SettingError) in
                guard let offset = TimeZoneOffset.minutes(value) else {
                    throw SettingError(expected: "an offset such as +08:00")
                }
                configuration.timeZoneOffsetMinutes = offset
            },
            Setting(path: "service.sql-dialect") { configuration, value throws(SettingError) in
                guard let dialect = SourceDialect(rawValue: value.lowercased()) else {
                    throw SettingError(expected: "mysql, presto or duckdb")
                }
                configuration.sqlDialect = dialect
            },
            integer("service.drain-s", 0...3_600, \.drainSeconds),
            text("engine.library", \.library),
            flag("engine.any-version", \.acceptsAnyEngineVersion),
            Setting(path: "engine.program") { configuration, value throws(SettingError) in
                configuration.engineProgram = value
            },
            Setting(path: "engine.isolation") { configuration, value throws(SettingError) in
                guard let isolation = EngineIsolation(rawValue: value) else {
                    throw SettingError(expected: "account or query")
                }
                configuration.isolation = isolation
            },
            Setting(path: "engine.sandbox") { configuration, value throws(SettingError) in
                guard let sandbox = EngineSandbox(rawValue: value) else {
                    throw SettingError(expected: "available, required or off")
                }
                configuration.sandbox = sandbox
            },
            integer("engine.landlock-max", 0...Int(UInt16.max), \.landlockMax),
            Setting(path: "engine.spill-dir") { configuration, value throws(SettingError) in
                configuration.spillDirectory = value
            },
            integer("tasks.keep-days", 0...36_500, \.keepDays),
            integer("tasks.keep-count", 0...1_000_000_000, \.keepCount),
            integer("storage.warn-free-mib", 0...1_000_000_000, \.warnFreeMiB),
            integer("storage.min-free-mib", 0...1_000_000_000, \.minFreeMiB),
            Setting(path: "notify.access-key-id") { configuration, value throws(SettingError) in
                configuration.accessKeyID = value
            },
            endpoint(
                "notify.mns-endpoint", \.mnsEndpoint, like: "https://1000000000000000.mns.cn-hangzhou.aliyuncs.com"),
            endpoint("notify.sts-endpoint", \.stsEndpoint, like: "https://sts.aliyuncs.com"),
            endpoint("notify.rabbitmq-endpoint", \.rabbitMQEndpoint, like: "http://127.0.0.1:15672"),
            Setting(path: "notify.rabbitmq-user") { configuration, value throws(SettingError) in
                configuration.rabbitMQUser = value
            },
            Setting(path: "notify.ca-file") { configuration, value throws(SettingError) in
                guard FileManager.default.isReadableFile(atPath: value) else {
                    throw SettingError(expected: "a file that can be read")
                }
                configuration.authoritiesFile = value
            },
            integer("notify.max-attempts", 0...1_000_000, \.attemptsMax),
            integer("notify.retry-base-ms", 1...3_600_000, \.retryBaseMilliseconds),
            integer("notify.retry-cap-ms", 1...86_400_000, \.retryCapMilliseconds),
            integer("notify.give-up-s", 1...31_536_000, \.giveUpSeconds),
            integer("notify.connect-timeout-ms", 1...600_000, \.connectTimeoutMilliseconds),
            integer("notify.request-timeout-ms", 1...600_000, \.requestTimeoutMilliseconds),
            Setting(path: "ram.directory") { configuration, value throws(SettingError) in
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: value, isDirectory: &isFolder), isFolder.boolValue else {
                    throw SettingError(expected: "a folder")
                }
                configuration.roleFolder = value
            },
            Setting(path: "log.audit-file") { configuration, value throws(SettingError) in
                configuration.auditFile = value
            },
            Setting(path: "log.file") { configuration, value throws(SettingError) in configuration.logFile = value },
            text(
                "log.level", \.logLevel, pattern: /trace|debug|info|notice|warning|error|critical/,
                expected: "trace, debug, info, notice, warning, error or critical"),
        ]
        + secret("notify.access-key-secret") { configuration, value throws(SettingError) in
            configuration.accessKeySecret = value
        }
        + secret("notify.webhook-secret") { configuration, value throws(SettingError) in
            guard let secret = WebhookSecret(value.exposed) else {
                throw SettingError(expected: "whsec_ and a key of 24 to 64 bytes in base64")
            }
            configuration.webhookSecret = secret
        }
        + secret("notify.rabbitmq-password") { configuration, value throws(SettingError) in
            configuration.rabbitMQPassword = value
        }
        + ClusterSetting.all.map { setting in
            Setting(path: "cluster." + setting.name) { configuration, value throws(SettingError) in
                try setting.apply(&configuration.cluster, value)
            }
        }

    /// Puts the configuration together: what the file says, over it the environment, over that the flags (by path).
    package static func load(file: String?, environment: [String: String], flags: [String: String]) throws(QueryError)
        -> Configuration
    {
        var configuration = Configuration()
        if let file { try ConfigurationFile.read(file, into: &configuration) }
        for setting in all {
            if let value = environment[setting.variable] {
                try apply(setting, value, from: setting.variable, to: &configuration)
            }
            if let value = flags[setting.path] { try apply(setting, value, from: setting.path, to: &configuration) }
        }
        let known = Set(all.map(\.variable))
        // LOON_MQ_… is the development broker's.
        if let stray = environment.keys.filter({
            $0.hasPrefix("LOON_") && !$0.hasPrefix("LOON_MQ_") && !known.contains($0)
        }).min() {
            throw QueryError(
                .wrongVariableValue,
                "The environment variable \(stray) is no setting; see config/loon.yaml for what there is")
        }
        for (one, other, isWhole) in [
            (
                "notify.access-key-id", "notify.access-key-secret",
                (configuration.accessKeyID == nil) == (configuration.accessKeySecret == nil)
            ),
            (
                "notify.rabbitmq-user", "notify.rabbitmq-password",
                (configuration.rabbitMQUser == nil) == (configuration.rabbitMQPassword == nil)
            ),
        ] where !isWhole {
            throw QueryError(
                .wrongVariableValue, "\(one) and \(other) say something together alone: give both, or neither")
        }
        return configuration
    }

    static func apply(_ setting: Setting, _ value: String, from source: String, to configuration: inout Configuration)
        throws(QueryError)
    {
        do throws(SettingError) { try setting.apply(&configuration, value) } catch {
            // An endpoint may have a login in it.
            let isSecret =
                setting.path.hasSuffix("secret") || setting.path.hasSuffix("password")
                || (setting.path.hasSuffix("endpoint") && value.contains("@"))
            let shown = isSecret ? "the value" : "'\(value)'"
            throw QueryError(.wrongVariableValue, "\(source): \(shown) is not \(error.expected)")
        }
    }

    // MARK: Kinds of values

    private typealias Place<Value> = any WritableKeyPath<Configuration, Value> & Sendable

    private static func text(_ path: String, _ place: Place<String>) -> Setting {
        Setting(path: path) { configuration, value throws(SettingError) in
            guard !value.isEmpty else { throw SettingError(expected: "a text that is not empty") }
            configuration[keyPath: place] = value
        }
    }

    private static func endpoint(_ path: String, _ place: Place<String?>, like example: String) -> Setting {
        Setting(path: path) { configuration, value throws(SettingError) in
            guard (try? Endpoint(value)) != nil else { throw SettingError(expected: "an endpoint such as \(example)") }
            configuration[keyPath: place] = value
        }
    }

    private static func text(
        _ path: String, _ place: Place<String>, pattern: sending Regex<Substring>, expected: String
    ) -> Setting {
        let pattern = UncheckedRegex(regex: pattern)
        return Setting(path: path) { configuration, value throws(SettingError) in
            guard (try? pattern.regex.wholeMatch(in: value)) != nil else { throw SettingError(expected: expected) }
            configuration[keyPath: place] = value
        }
    }

    /// The setting itself, and `<path>-file`, which names a file that holds it.
    private static func secret(
        _ path: String, _ apply: @escaping @Sendable (inout Configuration, Secret) throws(SettingError) -> Void
    ) -> [Setting] {
        [
            Setting(path: path) { configuration, value throws(SettingError) in try apply(&configuration, Secret(value))
            },
            Setting(path: path + "-file") { configuration, value throws(SettingError) in
                guard let content = try? String(contentsOfFile: value, encoding: .utf8) else {
                    throw SettingError(expected: "a file that can be read")
                }
                try apply(&configuration, Secret(content.trimmingCharacters(in: .whitespacesAndNewlines)))
            },
        ]
    }

    private static func integer(_ path: String, _ range: ClosedRange<Int>, _ place: Place<Int>) -> Setting {
        Setting(path: path) { configuration, value throws(SettingError) in
            configuration[keyPath: place] = try number(value, in: range)
        }
    }

    static func number(_ value: String, in range: ClosedRange<Int>) throws(SettingError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw SettingError(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    static func size(_ value: String) throws(SettingError) -> String {
        guard value.wholeMatch(of: /[0-9]{1,12} ?([KMGT]i?B)/) != nil else {
            throw SettingError(expected: "a size such as 4GiB")
        }
        return value
    }

    private static func flag(_ path: String, _ place: Place<Bool>) -> Setting {
        Setting(path: path) { configuration, value throws(SettingError) in
            guard let flag = Bool(value) else { throw SettingError(expected: "true or false") }
            configuration[keyPath: place] = flag
        }
    }
}

/// `@unchecked`: a compiled expression is only ever read.
private struct UncheckedRegex: @unchecked Sendable { let regex: Regex<Substring> }
