import Foundation
import LoonCore
import SQLFrontend
import Testing

@testable import SQLDialect

@Suite struct FunctionCatalogTests {
    private let catalog = FunctionCatalog.of(.mysql)

    @Test func callsAreNamedByTheirArguments() {
        #expect(catalog.engineName(of: "week", argumentCount: 1) == "loon_mysql_own_week")
        #expect(catalog.engineName(of: "datediff", argumentCount: 2) == "loon_mysql_own_datediff")
        #expect(catalog.engineName(of: "datediff", argumentCount: 3) == nil, "the engine's own")
        #expect(catalog.engineName(of: "std", argumentCount: 1) == "stddev_pop")
        #expect(catalog.engineName(of: "no_such_function", argumentCount: 1) == nil)
    }

    @Test func aMacroNamesEachParameterOnce() throws {
        let macros = FunctionCatalog.macros()
        #expect(macros.count > 90)
        let datediff = try #require(macros.first { $0.hasPrefix("loon_mysql_own_datediff") })
        #expect(!datediff.contains("loon_v"))
        let strcmp = try #require(macros.first { $0.hasPrefix("loon_mysql_strcmp") })
        #expect(strcmp.contains("[{'p_a': a, 'p_b': b}], loon_v ->") && strcmp.contains("loon_v.p_a < loon_v.p_b"))
        #expect(catalog.engineName(of: "strcmp", argumentCount: 2, callsNothing: true) == "loon_mysql_strcmp_direct")
        // A text in quotes names nothing.
        let sha2 = try #require(macros.first { $0.hasPrefix("loon_mysql_sha2") })
        #expect(sha2.contains("'sha2() of '"))
    }

    @Test func noTwoMacrosShareAName() {
        let names = FunctionCatalog.macros().map { $0.prefix { $0 != "(" } }
        #expect(Set(names).count == names.count)
        // Each dialect's own stands beside what all have.
        #expect(FunctionCatalog.of(.presto).engineName(of: "repeat", argumentCount: 2) == "loon_presto_own_repeat")
        #expect(FunctionCatalog.of(.mysql).engineName(of: "repeat", argumentCount: 2) == nil)
    }

    @Test func argumentsAreCountedByTheirOwnCommas() throws {
        for (text, count) in [
            ("select f()", 0), ("select f(1)", 1), ("select f([1, 2], g(3, 4))", 2), ("select f({'a': 1, 'b': 2})", 1),
            ("select f(a, (b, c), d)", 3), ("select f('a, b', `c, d`)", 2),
        ] {
            let parsed = try ParsedStatement(Array(text.utf8), mode: LexicalMode())
            #expect(parsed.lexer.arguments(ofCallAt: 1).count == count, "\(text)")
        }
    }

    @Test func theDocumentNamesEachFunction() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/functions.md"), encoding: .utf8)
        for table in [
            FunctionTable.mysql, FunctionTable.mysqlOwn, FunctionTable.presto, FunctionTable.prestoOwn,
        ] {
            for line in table.split(separator: "\n") {
                guard !line.contains(" ! ") || line.contains(" = ") else { continue }
                let name = line.drop { $0 == " " }.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                #expect(name.hasPrefix("_") || page.contains("`\(name)`"), "\(name)")
            }
        }
    }
}
