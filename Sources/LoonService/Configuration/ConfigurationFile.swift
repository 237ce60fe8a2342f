import Foundation
import LoonCore
import LoonTasks
import Notifier
import SQLFrontend
import Yams

/// The configuration file: YAML, where a key that means nothing and a value that cannot be used are errors with their
/// line.
enum ConfigurationFile {
    static func read(_ path: String, into configuration: inout Configuration) throws(QueryError) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw QueryError(.wrongVariableValue, "The configuration file '\(path)' cannot be read")
        }
        try read(text: text, of: path, into: &configuration)
    }

    /// `path` is for errors.
    static func read(text: String, of path: String, into configuration: inout Configuration) throws(QueryError) {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            throw QueryError(.wrongVariableValue, "\(path) is not YAML: \(error)")
        }
        if let root, root != Node("", Tag(.null)) { try read(root, at: "", path, &configuration) }
    }

    private static func read(_ node: Node, at place: String, _ path: String, _ configuration: inout Configuration)
        throws(QueryError)
    {
        guard case .mapping(let mapping) = node else {
            throw failure(path, node, "'\(place)' is not a value of its own; it has keys below it")
        }
        for (key, value) in mapping {
            guard let name = key.string else { throw failure(path, key, "a key is a text") }
            let full = place.isEmpty ? name : place + "." + name
            if full == "notify.allow" {
                configuration.endpointRules = try rules(value, path)
            } else if full == "notify.clusters" {
                configuration.clusterNotifications = try notifications(value, full, path)
            } else if full == "notify.accounts" {
                configuration.accountNotifications = try notifications(value, full, path)
            } else if full == "clusters" {
                configuration.otherClusters = try clusters(value, path)
            } else if let setting = Settings.all.first(where: { $0.path == full }) {
                guard case .scalar(let scalar) = value else {
                    throw failure(path, value, "'\(full)' takes a single value")
                }
                do { try Settings.apply(setting, scalar.string, from: full, to: &configuration) } catch {
                    throw failure(path, value, error.message)
                }
            } else if Settings.all.contains(where: { $0.path.hasPrefix(full + ".") }) {
                try read(value, at: full, path, &configuration)
            } else {
                throw failure(path, key, "there is no setting '\(full)'")
            }
        }
    }

    /// `etl: { running-tasks: 8, … }`
    private static func clusters(_ node: Node, _ path: String) throws(QueryError) -> [(
        name: String, values: [(setting: ClusterSetting, value: String)]
    )] {
        guard case .mapping(let mapping) = node else {
            throw failure(path, node, "'clusters' has the names of clusters below it")
        }
        guard mapping.count < Limits.clustersMax else {
            throw failure(path, node, "there are at most \(Limits.clustersMax) clusters")
        }
        var clusters: [(name: String, values: [(setting: ClusterSetting, value: String)])] = []
        for (key, value) in mapping {
            guard let name = key.string, name.wholeMatch(of: /[a-z][a-z0-9_-]{0,62}/) != nil,
                name != Configuration.defaultCluster
            else {
                throw failure(
                    path, key,
                    "a cluster's name is of small letters, digits, - and _; 'public' is set up under 'cluster'")
            }
            guard case .mapping(let entries) = value else {
                throw failure(path, value, "'clusters.\(name)' has keys below it")
            }
            var values: [(setting: ClusterSetting, value: String)] = []
            for (key, value) in entries {
                guard let setting = ClusterSetting.all.first(where: { $0.name == key.string }) else {
                    throw failure(path, key, "there is no setting 'clusters.\(name).\(key.string ?? "")'")
                }
                guard case .scalar(let scalar) = value else {
                    throw failure(path, value, "'\(setting.name)' takes a single value")
                }
                var trial = ClusterSettings()
                do throws(SettingError) { try setting.apply(&trial, scalar.string) } catch {
                    throw failure(
                        path, value, "clusters.\(name).\(setting.name): '\(scalar.string)' is not \(error.expected)")
                }
                values.append((setting, scalar.string))
            }
            clusters.append((name, values))
        }
        return clusters
    }

    /// `demo: { mq-notify-by: ons, mq-topic: T, … }`: the hints of messages, by who has them.
    private static func notifications(_ node: Node, _ place: String, _ path: String) throws(QueryError) -> [String:
        [String: String]]
    {
        guard case .mapping(let mapping) = node else { throw failure(path, node, "'\(place)' has names below it") }
        var notifications: [String: [String: String]] = [:]
        for (key, value) in mapping {
            guard let name = key.string, case .mapping(let entries) = value else {
                throw failure(path, value, "'\(place).…' has hints below it")
            }
            var hints: [String: String] = [:]
            for (key, value) in entries {
                let hint = Hints.normalized(key.string ?? "")
                guard hint.hasPrefix("mq_") || hint == "notify_on", Hints.known.contains(hint) else {
                    throw failure(path, key, "'\(key.string ?? "")' is no hint about messages")
                }
                guard case .scalar(let scalar) = value else {
                    throw failure(path, value, "'\(hint)' takes a single value")
                }
                hints[hint] = scalar.string
            }
            guard hints["mq_notify_by"] != nil else {
                throw failure(path, value, "'\(place).\(name)' says no mq-notify-by")
            }
            notifications[name] = hints
        }
        return notifications
    }

    /// `- { scheme: http, host: "*.example.com", port: 8080, address: [private] }`, of which only `host` must be there.
    private static func rules(_ node: Node, _ path: String) throws(QueryError) -> [EndpointRule] {
        guard case .sequence(let items) = node else { throw failure(path, node, "'notify.allow' is a list of rules") }
        var rules: [EndpointRule] = []
        for item in items {
            guard case .mapping(let mapping) = item else {
                throw failure(path, item, "a rule has the keys scheme, host, port and address")
            }
            var (scheme, host, port): (Endpoint.Scheme?, String?, Int?)
            var addresses: Set<AddressClass> = [.public]
            for (key, value) in mapping {
                switch key.string {
                case "scheme":
                    scheme = value.string.flatMap(Endpoint.Scheme.init)
                    guard scheme != nil else { throw failure(path, value, "'scheme' is http or https") }
                case "host": host = value.string
                case "port":
                    port = value.int
                    guard let port, (1...65_535).contains(port) else {
                        throw failure(path, value, "'port' is a number from 1 to 65535")
                    }
                case "address":
                    let names = value.array(of: String.self)
                    addresses = Set(names.compactMap(AddressClass.init)).subtracting([.reserved])
                    guard addresses.count == names.count, !names.isEmpty else {
                        throw failure(path, value, "'address' is a list of loopback, private and public")
                    }
                default: throw failure(path, key, "a rule has the keys scheme, host, port and address")
                }
            }
            guard let host, !host.isEmpty else { throw failure(path, item, "a rule names a host") }
            rules.append(EndpointRule(scheme: scheme, host: host, port: port, addresses: addresses))
        }
        return rules
    }

    private static func failure(_ path: String, _ node: Node, _ reason: String) -> QueryError {
        QueryError(.wrongVariableValue, "\(path):\(node.mark?.line ?? 1): \(reason)")
    }
}
