package import AccessControl
package import Logging
package import LoonCore
package import MetaStore
package import ObjectStore
package import QueryEngine

/// The parts that reading and writing tables share. Made once, by the daemon.
package struct LakeContext: Sendable {
    package let store: MetaStore
    package let objects: any ObjectStorage
    package let accounts: any AccountRegister
    /// The engine that reads statements and describes results, whoever runs them.
    package let engine: any QueryEngine
    /// The bucket of results, which holds no tables.
    package let resultBucket: String
    package let clock: WallClock
    package let log: Logger
    package let locks = TableLocks()
    package let openPublications = OpenPublications()
    let textTraits = KnownTextTraits()
    let examinations = Examinations()

    package init(
        store: MetaStore, objects: any ObjectStorage, accounts: any AccountRegister, engine: any QueryEngine,
        resultBucket: String, clock: WallClock, log: Logger
    ) {
        self.store = store
        self.objects = objects
        self.accounts = accounts
        self.engine = engine
        self.resultBucket = resultBucket
        self.clock = clock
        self.log = log
    }

    package var planner: QueryPlanner { QueryPlanner(context: self) }
}

/// Tables that the daemon makes (information_schema and its like), as the planner asks for them.
package protocol SystemTableSource: Sendable {
    /// The rows of a table for a query. `schema` is one of `SystemSchema.names`; `predicates` are those of the query's
    /// scans of the table, of which each may be all that is asked for. Throws where there is no such table, or where
    /// it cannot be read here.
    func valueTable(schema: String, name: String, predicates: [ScanPredicate]) throws -> ValueTable
}
