import LoonCore

/// Limits of a result, in rows and in bytes of its file; 0 for no bound.
package struct ResultLimits: Sendable {
    package let rowsMax: Int
    package let bytesMax: Int

    package init(rowsMax: Int, bytesMax: Int) {
        self.rowsMax = rowsMax
        self.bytesMax = bytesMax
    }

    /// Throws where there are more rows.
    package func check(rows: Int64) throws {
        guard rowsMax == 0 || rows <= Int64(rowsMax) else {
            throw QueryError(
                .limitExceeded,
                "The limit max-result-rows = \(rowsMax) is exceeded; ask for fewer rows, or insert them into a table")
        }
    }

    /// Throws where there are more bytes.
    package func check(bytes: Int64) throws {
        guard bytesMax == 0 || bytes <= Int64(bytesMax) else {
            throw QueryError(
                .limitExceeded,
                "The limit max-result-bytes = \(bytesMax) is exceeded; ask for less, or insert the rows into a table")
        }
    }
}
