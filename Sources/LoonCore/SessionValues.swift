/// The dialect of SQL that a text is written in: what its quotes are, and what a function's name means that several
/// dialects have.
package enum SourceDialect: String, Sendable, Hashable, Codable, CaseIterable { case mysql, presto, duckdb }

/// The values that a statement's text asked of its session, written down while it was checked: with the text they are
/// all that a task needs to run without a session.
package struct SessionValues: Sendable, Equatable, Codable {
    /// By what was asked for: `@@name`, `@@global.name`, `@name` or `name()`, in lower case.
    package private(set) var values: [String: SQLValue]
    /// The offset of the time zone SYSTEM, minutes east of UTC.
    package let systemTimeZoneOffsetMinutes: Int

    package init(_ values: [String: SQLValue] = [:], systemTimeZoneOffsetMinutes: Int = 0) {
        self.values = values
        self.systemTimeZoneOffsetMinutes = systemTimeZoneOffsetMinutes
    }
}
