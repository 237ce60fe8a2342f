/// The work that is left when a write has been decided: files to be moved to their places, and files that they replace.
/// Once it is stored it is carried out to its end, after a crash too; each step may be repeated.
package struct Publication: Sendable, Equatable, Codable {
    package struct Move: Sendable, Equatable, Codable {
        /// The path of a whole, synced file in the staging folder, from there on.
        package let staged: String
        /// `oss://bucket/key`
        package let target: String
        package init(staged: String, target: String) {
            self.staged = staged
            self.target = target
        }
    }

    package let schema: String
    package let table: String
    package let moves: [Move]
    /// `oss://bucket/key` of files that are no longer the table's.
    package let replaced: [String]
    package let rowCount: Int64

    package init(schema: String, table: String, moves: [Move], replaced: [String], rowCount: Int64) {
        self.schema = schema
        self.table = table
        self.moves = moves
        self.replaced = replaced
        self.rowCount = rowCount
    }
}
