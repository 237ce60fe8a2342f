/// A part of a WHERE that speaks of one table's columns and of nothing else: it must be true for the table's row.
package struct ScanCondition: Sendable, Equatable {
    /// In lower case.
    package let columns: Set<String>
    /// The expression as the engine's parser has it, in JSON, its columns without qualifiers.
    package let tree: [UInt8]

    package init(columns: Set<String>, tree: [UInt8]) {
        self.columns = columns
        self.tree = tree
    }
}
