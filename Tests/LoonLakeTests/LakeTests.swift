import Foundation
import LoonCore
import Synchronization
import Testing

@testable import LoonLake
@testable import TableText

@Suite struct LakeTests {
    private let columns = [TableColumn(name: "y", type: .int), TableColumn(name: "m", type: .string)]
    private let partitions = [["1", "a"], ["2", "a"], [nil, "b"]].map { TablePartition(values: $0) }

    /// What a predicate says about each partition: kept or not.
    private func kept(_ predicate: ScanPredicate) -> [Int] {
        PartitionPruning(columns: columns, predicate: predicate).select(partitions)
    }

    @Test func pruningKnowsNullAndTheUnknown() {
        let one = ScanPredicate.compare(column: "Y", .equal, .integer(1))
        #expect(kept(one) == [0])
        #expect(kept(.not(one)) == [1])
        #expect(kept(.isNull(column: "y")) == [2])
        #expect(kept(.not(.isNull(column: "y"))) == [0, 1])
        // NULL beside what is not known is never true, and may be false below NOT.
        #expect(kept(.all([one, .unknown])) == [0])
        #expect(kept(.any([one, .unknown])) == [0, 1, 2])
        #expect(kept(.not(.all([one, .unknown]))) == [0, 1, 2])
        #expect(kept(.not(.any([one, .unknown]))) == [1])
        #expect(kept(.compare(column: "other", .equal, .integer(1))) == [0, 1, 2])
        #expect(kept(.isIn(column: "m", [.text("b"), .text("c")])) == [2])
        #expect(kept(.compare(column: "y", .equal, .text("no number"))) == [0, 1])
    }

    @Test(arguments: [
        (HiveType.int, "+007", "7"), (.bigint, "-0", "0"), (.boolean, "TRUE", "true"),
        (.decimal(precision: 5, scale: 2), "-01.5", "-1.50"),
        (.decimal(precision: 3, scale: 0), "-0", "0"), (.timestamp, "2024-01-01", "2024-01-01 00:00:00"),
        (.timestamp, "2024-01-01 01:02:03.500", "2024-01-01 01:02:03.5"),
        (.string, "01", "01"), (.date, "2024-02-29", "2024-02-29"),
    ])
    func aPartitionsValueHasOneSpelling(_ type: HiveType, _ text: String, _ expected: String) throws {
        #expect(try PartitionValue.checked(text, TableColumn(name: "c", type: type)) == expected)
    }

    @Test(arguments: [
        (HiveType.tinyint, "128"), (.date, "2023-02-29"), (.decimal(precision: 3, scale: 1), "123.4"),
        (.decimal(precision: 5, scale: 1), "1.25"),
        (.timestamp, "2024-01-01 24:00:00"),
        (.boolean, "1"), (.int, "1.5"),
    ])
    func aPartitionsValueFitsItsColumn(_ type: HiveType, _ text: String) {
        #expect(throws: QueryError.self) { try PartitionValue.checked(text, TableColumn(name: "c", type: type)) }
    }

    /// Wherever a text is cut into pieces, the same is found in it.
    @Test func scanningDoesNotDependOnThePieces() {
        var generator = SystemRandomNumberGenerator()
        let letters: [[UInt8]] = [
            [0x0A], [0x0D], [0x0D, 0x0A], Array("a".utf8), Array("ä".utf8), Array("中".utf8), Array("😀".utf8), [0x5C],
            [0xFF], [0xE4],
        ]
        for _ in 0..<3_000 {
            let text = (0..<Int.random(in: 0...8, using: &generator)).flatMap { _ in
                letters.randomElement(using: &generator) ?? []
            }
            func traits(_ size: Int) -> TextTraits {
                var scanner = TextScanner()
                for start in stride(from: 0, to: text.count, by: size) {
                    Array(text[start..<min(start + size, text.count)]).withUnsafeBufferPointer { scanner.take($0) }
                }
                return scanner.finished()
            }
            let whole = traits(100)
            #expect(whole.isNotUTF8 == (String(validating: text, as: UTF8.self) == nil), "\(text)")
            for size in 1...3 { #expect(traits(size) == whole, "\(text) by \(size)") }
        }
    }

    @Test func whatIsReadIsRemovedWhenTheLastReaderHasEnded() throws {
        let lake = TableLocks()
        let table = ExternalTable(
            schema: "s", name: "t", columns: [], format: .json, location: "oss://bucket/t/",
            creator: AccountIdentity(name: "", number: 0))
        let removed = Mutex<[String]>([])
        let old = try ObjectKey("oss://bucket/t/old")
        var leases: [ReadLease] = []
        for _ in 0..<2 { leases.append(lake.reading([TableLocks.Key(table)]) {}.1) }
        // Another table over the same place.
        let other = ExternalTable(
            schema: "s", name: "u", columns: [], format: .json, location: "oss://bucket/t/",
            creator: AccountIdentity(name: "", number: 0))
        try lake.publishing(TableLocks.Key(other), replaced: [old]) {
            removed.withLock { $0.append("first") }
        } _: {
        }
        #expect(lake.hiddenObjects == [old] && removed.withLock { $0.isEmpty })
        leases.removeFirst()
        #expect(removed.withLock { $0.isEmpty })
        leases.removeFirst()
        #expect(lake.hiddenObjects.isEmpty && removed.withLock { $0 } == ["first"])
        try lake.publishing(TableLocks.Key(table), replaced: [old]) {
            removed.withLock { $0.append("second") }
        } _: {
        }
        #expect(removed.withLock { $0 } == ["first", "second"])
    }
}
