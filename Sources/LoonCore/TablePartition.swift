/// A registered partition of a table.
package struct TablePartition: Sendable, Equatable {
    /// In the order of the table's partition columns; `nil` for NULL.
    package let values: [String?]
    /// Where its files lie: `oss://bucket/folder/`. `nil` for the folder below the table's that its name says.
    package let location: String?

    /// Byte by byte, as folders are told apart: letters that look alike are not the same value.
    package static func isSame(_ one: String?, _ other: String?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return one.utf8.elementsEqual(other.utf8)
    }

    package func hasValues(of other: TablePartition) -> Bool {
        values.count == other.values.count && zip(values, other.values).allSatisfy { Self.isSame($0, $1) }
    }

    package init(values: [String?], location: String? = nil) {
        self.values = values
        self.location = location
    }

    /// The text for NULL in a folder's name (Hive's `hive.exec.default.partition.name`).
    package static let nullName = "__HIVE_DEFAULT_PARTITION__"

    /// `y=2018/m=12`, with the characters escaped that Hive escapes
    /// (https://github.com/apache/hive/blob/master/common/src/java/org/apache/hadoop/hive/common/FileUtils.java).
    package func name(_ columns: [TableColumn]) -> String {
        zip(columns, values).map { "\(Self.escaped($0.name.lowercased()))=\($1.map(Self.escaped) ?? Self.nullName)" }
            .joined(separator: "/")
    }

    /// Reads such a name; `nil` where it is not one of a table with these columns.
    package init?(name: String, columns: [TableColumn], location: String? = nil) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == columns.count else { return nil }
        var values: [String?] = []
        for (part, column) in zip(parts, columns) {
            guard let equals = part.firstIndex(of: "="), let key = Self.unescaped(part[..<equals]),
                key.lowercased() == column.name.lowercased(),
                let value = Self.unescaped(part[part.index(after: equals)...])
            else { return nil }
            values.append(value == Self.nullName ? nil : value)
        }
        self.init(values: values, location: location)
    }

    private static let special = Set("\"#%'*/:=?\\{}[]^".utf8)

    package static func escaped(_ text: String) -> String {
        guard !text.isEmpty else { return nullName }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F || special.contains(byte) {
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `nil` where the bytes are not UTF-8.
    package static func unescaped(_ text: some StringProtocol) -> String? {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%"), place + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[place + 1...place + 2], as: UTF8.self), radix: 16)
            {
                result.append(value)
                place += 3
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return String(validating: result, as: UTF8.self)
    }
}
