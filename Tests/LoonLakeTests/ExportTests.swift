import DuckDBEngine
import Foundation
import LoonCore
import QueryEngine
import Testing

/// Files of partitions are bounded, and hold what was written.
@Suite struct ExportTests {
    private static let text = TextLayout(serDe: .lazySimple, delimiter: ",", headerLines: 1)

    @Test(
        arguments: [
            (TableFormat.parquet, nil), (.parquet, "zstd"), (.json, nil), (.json, "gzip"),
            (.text(ExportTests.text), nil), (.text(ExportTests.text), "gzip"),
        ] as [(TableFormat, String?)])
    func partitionsAreWrittenAsSeveralFiles(_ format: TableFormat, _ compression: String?) throws {
        let (engine, folder) = try WallTests.engine()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let columns = [
            TableColumn(name: "id", type: .bigint), TableColumn(name: "word", type: .string),
            TableColumn(name: "part", type: .int),
        ]
        let target = ExportTarget(
            folder: .staged("x"), columns: columns, sources: [0, 1, 2], partitionCount: 1, format: format,
            compression: compression,
            fileBytesMax: 2_000_000)
        let sql = "SELECT i, CASE WHEN i % 5 > 0 THEN md5(i::VARCHAR) END, i % 2 FROM range(600000) t(i)"
        let profile = try engine.export(
            EngineQuery(sql: sql, schema: nil, tables: [], isProfiled: false, account: nobody), to: target,
            cancellation: Cancellation())
        #expect(profile.rowCount == 600_000)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder + "/staging/x").filter {
            !$0.hasSuffix("part=0") && !$0.hasSuffix("part=1")
        }
        #expect(files.count >= 4 && files.allSatisfy { $0.hasPrefix("part=") && !$0.contains(".parts") }, "\(files)")
        for part in [0, 1] { #expect(files.count { $0.hasPrefix("part=\(part)/") } >= 2) }
        // Read back by the engine, as what they are.
        let place = "\(folder)/staging/x/*/*"
        let reader =
            switch format {
            case .parquet: "read_parquet('\(place)', hive_partitioning = true)"
            case .json:
                "read_json('\(place)', format = 'newline_delimited', hive_partitioning = true, compression = "
                    + "'\(compression ?? "auto_detect")')"
            default:
                "read_csv('\(place)', header = true, nullstr = '\\N', hive_partitioning = true, compression = "
                    + "'\(compression ?? "none")')"
            }
        let sums =
            "SELECT count(*) AS a, count(DISTINCT id) AS b, count(word) AS c, sum(id) AS d, min(length(word)) "
            + "AS e FROM \(reader) WHERE part = id % 2"
        let check =
            "SELECT 1 FROM (\(sums)) WHERE a = 600000 AND b = 600000 AND c = 480000 AND d = 179999700000 AND e = 32"
        let rows = WallTests.Rows()
        _ = try engine.run(
            EngineQuery(sql: check, schema: nil, tables: [], isProfiled: false, account: nobody),
            cancellation: Cancellation(),
            sink: rows)
        #expect(rows.count == 1, "every row is there once")
    }
}
