import LoonCore
import SQLDialect
import SQLFrontend
import SystemTables
import Testing

@testable import LoonSessions

@Suite struct SessionVariablesTests {
    private let evaluator = Evaluator(
        DialectContext(now: 0, timeZoneOffsetMinutes: 0, variable: { _, _ in nil }, function: { _ in .null }))

    private func set(_ text: String, in variables: inout SessionVariables) throws {
        guard case .set(let assignments) = try ParsedStatement(Array(text.utf8), mode: LexicalMode()).statement else {
            throw QueryError(.syntax, "\(text) is no SET")
        }
        for assignment in assignments { try variables.set(assignment, evaluator: evaluator, isAdmin: false) }
    }

    private var fresh: SessionVariables { SessionVariables(SystemVariables([:]), isInteractive: false) }

    @Test func theModeSaysHowQuotesAreRead() throws {
        var variables = fresh
        #expect(variables.lexicalMode == LexicalMode())
        try set("SET sql_mode = 'ansi_quotes,NO_BACKSLASH_ESCAPES'", in: &variables)
        #expect(variables.lexicalMode == LexicalMode(ansiQuotes: true, noBackslashEscapes: true))
        #expect(throws: QueryError.self) { try set("SET sql_mode = 'NO_SUCH_MODE'", in: &variables) }
    }

    @Test func hintsAreVariablesOfTheSession() throws {
        var variables = fresh
        try set("SET run_async = true, mq_topic = 't'", in: &variables)
        #expect(variables.hints == ["run_async": "true", "mq_topic": "t"])
        try set("SET mq_topic = NULL", in: &variables)
        #expect(variables.hints == ["run_async": "true"])
        for wrong in ["SET run_async = 'perhaps'", "SET GLOBAL run_async = 1", "SET priority = 11"] {
            #expect(throws: QueryError.self, "\(wrong)") { try set(wrong, in: &variables) }
        }
    }

    @Test func limitsAreReadOutOfThem() throws {
        var variables = fresh
        #expect(variables.selectLimit == nil && variables.executionMillisecondsMax == 0)
        try set("SET sql_select_limit = 5, max_execution_time = 1000, @a = 'x', time_zone = '+02:00'", in: &variables)
        #expect(variables.selectLimit == 5 && variables.executionMillisecondsMax == 1_000)
        #expect(variables.userVariables == ["@a": .text("x")])
        #expect(variables.timeZoneOffsetMinutes(service: 480, now: 0) == 120)
        #expect(throws: QueryError.self) { try set("SET no_such_variable = 1", in: &variables) }
    }
}
