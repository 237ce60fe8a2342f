package import LoonCore
package import SQLFrontend

/// The pools of the configuration.
package struct Clusters: Sendable {
    /// The default one comes first.
    package let all: [Cluster]
    package let standard: Cluster

    /// `standard` is the one of whoever names none.
    package init(standard: Cluster, others: [Cluster]) {
        self.standard = standard
        all = [standard] + others
    }

    package func named(_ name: String) -> Cluster? { all.first { $0.name == name } }

    /// The cluster that the hints `cluster` and `engine` mean, else `usual`.
    package func choose(_ hints: StatementHints, usual: Cluster) throws(QueryError) -> Cluster {
        if let name = hints.cluster {
            guard let cluster = named(name) else {
                throw QueryError(
                    .hintValue, "There is no cluster '\(name)'; there are: \(all.map(\.name).joined(separator: ", "))")
            }
            if let engine = hints.engine, cluster.settings.engine != engine {
                throw QueryError(
                    .hintValue, "The cluster '\(name)' has the engine \(cluster.settings.engine), not '\(engine)'")
            }
            return cluster
        }
        guard let engine = hints.engine, engine != usual.settings.engine else { return usual }
        guard let cluster = all.first(where: { $0.settings.engine == engine }) else {
            let engines = Set(all.map(\.settings.engine)).sorted().joined(separator: ", ")
            throw QueryError(.hintValue, "No cluster has the engine '\(engine)'; there are: \(engines)")
        }
        return cluster
    }
}
