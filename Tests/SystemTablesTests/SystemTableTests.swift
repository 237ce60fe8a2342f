import Testing

@testable import SystemTables

/// The tables that MySQL describes itself with.
@Suite struct SystemTableTests {
    /// A line that was broken without a backslash would be passed over, with the columns that it has.
    @Test func everyLineOfTheColumnsIsATable() {
        for line in SystemTableColumns.text.split(separator: "\n") {
            #expect(line.wholeMatch(of: /[a-z_]+\.\w+: \w+ [^;]+(; \w+ [^;]+)*/) != nil, "\(line)")
        }
    }

    @Test func theLastColumnOfATableIsThere() throws {
        let table = try #require(SystemCatalog.table(schema: "information_schema", name: "USER_PRIVILEGES"))
        #expect(table.columns.last?.name == "IS_GRANTABLE")
    }
}
