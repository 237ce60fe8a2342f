import LoonCore
import MySQLRows
import QueryEngine
import Testing

/// The protocol between the daemon and its workers: each side reads what the other wrote, and nothing else.
@Suite struct FrameTests {
    private static let nobody = AccountIdentity(name: "", number: 0)
    private static let types: [ColumnType] = [
        .null, .boolean, .int8, .uint64, .float32, .decimal(precision: 38, scale: 0), .text, .binary, .date, .time,
        .timestamp(.nanosecond), .interval, .list(.list(.int32)),
        .structure([ResultColumn(name: "a", type: .text), ResultColumn(name: "ä", type: .list(.null))]),
        .map(key: .text, value: .structure([])),
    ]

    private static func query() throws -> EngineQuery {
        var layout = TextLayout(serDe: .regex, delimiter: "|", quote: "'", escape: "\\", nullText: "", headerLines: 2)
        (layout.pattern, layout.encoding, layout.footerLines) = ("(.*)", "GBK", 3)
        let table = ExternalTable(
            schema: "s", name: "t",
            columns: [
                TableColumn(name: "a", type: .map(key: .varchar(3), value: .array(.decimal(precision: 9, scale: 2)))),
                TableColumn(name: "b", type: .structure([.init(name: "x", type: .char(1))])),
            ], partitionColumns: [TableColumn(name: "p", type: .date)], format: .text(layout),
            location: "oss://lake/t/", properties: ["k": "v"], creator: nobody)
        return EngineQuery(
            sql: "SELECT 'ä\u{0}'", schema: "s",
            tables: [
                TableBinding(
                    table: table, name: "t\u{1}1",
                    files: [
                        .init(.object(try ObjectKey("oss://lake/t/p=1/a.csv")), partition: 0, size: 7, modified: -1),
                        .init(.staged("x/1.txt"), partition: 1),
                    ], partitions: [["1"], [nil]], needsCare: true, columnsRead: ["a"], ranges: ["a": .min...5])
            ],
            views: [ViewBinding(schema: "s", name: "v", columns: ["c"], queryColumns: ["d"], sql: "SELECT 1 AS d")],
            valueTables: [
                ValueTable(schema: "i", name: "w", columns: [ResultColumn(name: "n", type: .int64)]) { _ in }
            ],
            results: [
                StoredResult(
                    schema: "query_result", name: "q", source: .staged("r"), form: .kept,
                    columns: types.map { ResultColumn(name: "c", type: $0) }, rowBytesMax: 9)
            ], isProfiled: true, timeZoneOffsetMinutes: -480, account: nobody)
    }

    private static func requests() throws -> [EngineRequest] {
        let query = try query()
        let column = TableColumn(name: "p", type: .int)
        let target = ExportTarget(
            folder: .staged("f"), columns: [column], sources: [nil, 3], partitionCount: 1, format: .parquet,
            compression: "zstd", fileBytesMax: 1 << 40)
        var rewriting = TextRewriting(.staged("a"), to: .staged("b"))
        (rewriting.encoding, rewriting.quotes) = ("UTF-16", QuoteRules(quote: 34, escape: 92, delimiter: 44))
        let limits = ResultLimits(rowsMax: 5, bytesMax: 0)
        let operations: [EngineRequest.Operation] = [
            .parse(""), .rows([["a", nil]], of: [column], matching: [ScanCondition(columns: ["p"], tree: [0, 255])]),
            .describe(query), .explain(query, isAnalyze: true), .export(query, to: target),
            .keepRows(query, in: .staged("k"), isShown: false, rowsMax: nil), .volatileFunctions,
            .inferColumns(of: [.staged("z")], format: .orc), .textTraits(of: [.staged("z")], quotes: nil),
            .rewrite([rewriting]), .run(query, as: .spool, rowsMax: 1),
            .run(query, as: .file(.json, limits, kept: [ResultColumn(name: "n", type: .int8)]), rowsMax: nil),
        ]
        return operations.enumerated().map {
            EngineRequest(number: Int64($0.offset), threads: 2, memoryBytes: 1 << 33, $0.element)
        }
    }

    @Test func requestsComeAsTheyWereSent() throws {
        for request in try Self.requests() {
            let bytes = request.frameBytes
            let read = try EngineRequest(frameBytes: bytes)
            #expect(read.frameBytes == bytes && read.number == request.number && read.memoryBytes == 1 << 33)
        }
    }

    @Test func answersComeAsTheyWereSent() throws {
        let columns = Self.types.map { ResultColumn(name: "c", type: $0) }
        for column in columns { #expect(try ResultColumn(frameBytes: column.frameBytes) == column) }
        let error = QueryError(.engineDied, "died", detail: nil)
        let failure = try Failure(frameBytes: Failure(error: error, isLast: true).frameBytes)
        #expect(failure.error.code == .engineDied && failure.error.message == "died" && failure.isLast)
        var profile = QueryProfile(rowCount: 3, scannedRowCount: nil, malformedCount: 2)
        profile.peakMemoryBytes = 9
        let kept = try KeptRows(frameBytes: KeptRows(profile: profile, columns: columns).frameBytes)
        #expect(kept.columns == columns && kept.profile.peakMemoryBytes == 9 && kept.profile.scannedRowCount == nil)
        for value in [SQLValue.null, .integer(.min), .unsigned(.max), .real(-0.0), .text("ä")] {
            #expect(try SQLValue(frameBytes: value.frameBytes) == value)
        }
    }

    /// Any bytes end in a value or an error, and take no more memory than they are worth.
    @Test func brokenFramesAreErrors() throws {
        var generator = SystemRandomNumberGenerator()
        let column = ResultColumn(name: "c", type: .map(key: .text, value: .list(.decimal(precision: 3, scale: 1))))
        let good = try Self.requests().map(\.frameBytes) + [column.frameBytes]
        for bytes in good {
            for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 60)) {
                #expect(throws: MalformedFrame.self) { try EngineRequest(frameBytes: Array(bytes.prefix(length))) }
            }
            for _ in 0..<200 {
                var broken = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    broken[Int.random(in: broken.indices, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                _ = try? EngineRequest(frameBytes: broken)
                _ = try? ResultColumn(frameBytes: broken)
                _ = try? KeptRows(frameBytes: broken)
                _ = try? Failure(frameBytes: broken)
                _ = try? ForkReport(frameBytes: broken)
                _ = try? TextTraits(frameBytes: broken)
            }
        }
        // A list that claims 2^60 elements, a type a million deep, a flag that is none, something left over.
        #expect(throws: MalformedFrame.self) { try KeptRows(frameBytes: [0] + Array(repeating: 0x10, count: 64)) }
        let deep = Array(repeating: UInt8(101), count: 1_000_000)
        #expect(throws: MalformedFrame.self) { try ColumnType(frameBytes: deep) }
        #expect(throws: MalformedFrame.self) { try SQLValue(frameBytes: [0, 0]) }
    }

    @Test func packetsOfAnotherAreNumberedOrRefused() {
        func packet(_ length: Int) -> [UInt8] {
            [UInt8(length & 255), UInt8(length >> 8 & 255), UInt8(length >> 16), 77]
                + Array(repeating: 1, count: length)
        }
        func appended(_ bytes: [UInt8], isSpooling: Bool = false) -> [UInt8]? {
            var packets = PacketBuffer(sequence: 254)
            packets.isSpooling = isSpooling
            let isGood = bytes.withUnsafeBytes { packets.append(encoded: $0) }
            return isGood ? Array(packets.out.bytes) : nil
        }
        let numbers = appended(packet(3) + packet(0) + packet(300)).map { [$0[3], $0[10], $0[14]] }
        #expect(numbers == [254, 255, 0])
        #expect(appended([]) == [])
        for broken in [[1], [0, 0, 0], [2, 0, 0, 0, 9], packet(3) + [255, 255, 255, 0], Array(packet(9).dropLast())] {
            #expect(appended(broken) == nil, "\(broken)")
            #expect(appended(broken, isSpooling: true) == nil, "\(broken)")
        }
        #expect(appended([0xFF, 0xFF, 0xFF, 0xFF, 1], isSpooling: true) == nil)
        #expect(appended([1, 0, 0, 0, 9, 0, 0, 0, 0], isSpooling: true) == [1, 0, 0, 0, 9, 0, 0, 0, 0])
    }
}
