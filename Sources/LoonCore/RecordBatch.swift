/// A column of a batch in Arrow's layout (https://arrow.apache.org/docs/format/Columnar.html): pointers that the engine
/// owns and that are valid only while the batch is being handed over.
package struct ColumnView {
    package let type: ColumnType
    /// Rows of this view.
    package let length: Int
    /// Where this view begins in its buffers.
    package let offset: Int
    /// One bit a row, least significant first, 0 for NULL; `nil` where no row is NULL.
    package let validity: UnsafePointer<UInt8>?
    /// Values, or the 32-bit offsets of text, binary, list and map.
    package let values: UnsafeRawPointer?
    /// The bytes of text and binary.
    package let data: UnsafePointer<UInt8>?
    /// The elements of a list, the fields of a structure, key and value of a map.
    package let children: [ColumnView]
    /// Where values are indices into another column (an ENUM): that column.
    package let dictionary: [ColumnView]

    package init(
        type: ColumnType, length: Int, offset: Int, validity: UnsafePointer<UInt8>?, values: UnsafeRawPointer?,
        data: UnsafePointer<UInt8>?, children: [ColumnView], dictionary: [ColumnView] = []
    ) {
        self.type = type
        self.length = length
        self.offset = offset
        self.validity = validity
        self.values = values
        self.data = data
        self.children = children
        self.dictionary = dictionary
    }

    package func isNull(_ row: Int) -> Bool {
        if case .null = type { return true }
        guard let validity else { return false }
        let position = offset + row
        return validity[position >> 3] & (1 << UInt8(position & 7)) == 0
    }

    @inline(__always)
    func value<T: BitwiseCopyable>(_ row: Int, as: T.Type) -> T? {
        values?.loadUnaligned(fromByteOffset: (offset + row) * MemoryLayout<T>.stride, as: T.self)
    }

    /// The bytes of a text or binary value.
    @inline(__always)
    func bytes(_ row: Int) -> UnsafeBufferPointer<UInt8> {
        guard let start = value(row, as: Int32.self), let end = value(row + 1, as: Int32.self), end > start, let data
        else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(start: data + Int(start), count: Int(end - start))
    }

    /// The elements of a list or map value, as positions in the child.
    func elements(_ row: Int) -> Range<Int> {
        guard let start = value(row, as: Int32.self), let end = value(row + 1, as: Int32.self), end >= start else {
            return 0..<0
        }
        return Int(start)..<Int(end)
    }
}

/// Rows of a result, column by column. Valid only during the call that hands it over.
package struct RecordBatch {
    package let rowCount: Int
    package let columns: [ColumnView]

    package init(rowCount: Int, columns: [ColumnView]) {
        self.rowCount = rowCount
        self.columns = columns
    }
}
