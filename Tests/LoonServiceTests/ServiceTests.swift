import LoonCore
import Testing

@testable import LoonService

@Suite struct TextTests {
    @Test func logValuesCannotLookLikeAnythingElse() {
        #expect(EventLogHandler.escaped("plain-1.2/x:y") == "plain-1.2/x:y")
        #expect(EventLogHandler.escaped("") == "\"\"")
        #expect(
            EventLogHandler.escaped("a b=\"c\"\n\u{2028}\u{202E}\\") == "\"a b=\\\"c\\\"\\n\\u{2028}\\u{202e}\\\\\"")
    }
}

@Suite struct HostPathsTests {
    @Test func hidesPathsOfTheHostAndNothingElse() throws {
        var configuration = Configuration()
        configuration.dataDirectory = "/data"
        configuration.spillDirectory = "/tmp"
        let paths = HostPaths(configuration, root: "/data/oss")
        func shown(_ text: String) -> String { paths.hidden(in: QueryError(.engine, text)).message }
        #expect(shown("IO Error: /data/oss/lake/a.csv is gone") == "IO Error: oss://lake/a.csv is gone")
        #expect(shown("'/data/staging/x/0.csv'") == "'staging/x/0.csv'")
        #expect(shown("oss://lake/data/x.csv, oss://lake/tmp/x") == "oss://lake/data/x.csv, oss://lake/tmp/x")
        #expect(shown("failed\n\nStack Trace:\n/x.so(+0x1) [0x7f00]") == "failed\n\n")
        #expect(shown("at 0x7f9c721967eb") == "at 0x…")
    }
}
