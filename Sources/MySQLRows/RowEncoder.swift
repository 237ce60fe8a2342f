package import LoonCore

/// How the values of a row are written.
package enum RowFormat: Sendable {
    /// Text with its length before it
    /// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html).
    case text
    /// As prepared statements answer
    /// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
    case binary
}

/// Writes rows of a batch, or of the daemon's own making, as packets.
package struct RowEncoder {
    private let format: RowFormat
    package let columns: [ResultColumn]

    /// `columns`: of the result; in the binary format a row of values is written by their types.
    package init(format: RowFormat, columns: [ResultColumn]) {
        self.format = format
        self.columns = columns
    }

    /// Writes rows of a batch, from `first` on, until there are `bytesMax` bytes. Returns the row to go on with. Throws
    /// where a row is too large to send.
    package func write(
        _ batch: RecordBatch, from first: Int, bytesMax: Int, to packets: inout PacketBuffer
    ) throws(QueryError) -> Int {
        let cells = batch.columns.map(Cell.init)
        return try cells.withUnsafeBufferPointer { (cells) throws(QueryError) in
            // Bytes of a row beside its texts.
            let fixed = cells.reduce(16) { $0 + max($1.textBytesMax, BinaryWriter.bytesMax) + 9 }
            var row = first
            while row < batch.rowCount, packets.out.count < bytesMax {
                let start = packets.open()
                // A call for each, so that each is compiled for its format alone.
                switch format {
                case .text: writeCells(row, cells, of: batch, as: .text, room: fixed, to: &packets)
                case .binary: writeCells(row, cells, of: batch, as: .binary, room: fixed, to: &packets)
                }
                guard packets.out.count - start <= Limits.rowBytesMax else {
                    packets.out.truncate(to: start)
                    throw QueryError(.resultTooLarge, "A row has more than \(Limits.rowBytesMax) bytes")
                }
                packets.close(at: start)
                row += 1
            }
            return row
        }
    }

    /// Through one pointer, moved on from cell to cell. There is always room for `room` bytes behind it: all that is
    /// short, and a text makes its own.
    @inline(__always)
    private func writeCells(
        _ row: Int, _ cells: UnsafeBufferPointer<Cell>, of batch: borrowing RecordBatch, as format: RowFormat,
        room: Int,
        to packets: inout PacketBuffer
    ) {
        let nulls = format == .binary ? openBinary(cells.count, &packets) : 0
        var base = packets.out.tail(room)
        var place = base
        var end = base + packets.out.room
        for index in cells.indices {
            if cells[index].isNull(row) {
                if format == .binary {
                    setNull(index, nulls, &packets)
                } else {
                    place.pointee = 0xFB
                    place += 1
                }
                continue
            }
            switch cells[index].kind {
            case .bytes:
                let bytes = cells[index].bytes(row)
                if end - place < bytes.count + room {
                    packets.out.advance(place - base)
                    base = packets.out.tail(bytes.count + room)
                    place = base
                    end = base + packets.out.room
                }
                place = Self.write(bytes, to: place)
            case .other:
                packets.out.advance(place - base)
                let cell = packets.openCell()
                batch.columns[index].appendText(row: row, to: &packets.out)
                packets.closeCell(cell)
                base = packets.out.tail(room)
                place = base
                end = base + packets.out.room
            default:
                var length = format == .binary ? cells[index].writeBinary(row: row, to: place) : 0
                if length == 0 {
                    length = cells[index].writeText(row: row, to: place + 1)
                    place.pointee = UInt8(truncatingIfNeeded: length)
                    length += 1
                }
                place += length
            }
        }
        packets.out.advance(place - base)
    }

    @inline(__always)
    private static func write(_ bytes: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>)
        -> UnsafeMutablePointer<UInt8>
    {
        var place = target
        if bytes.count < 0xFB {
            place.pointee = UInt8(truncatingIfNeeded: bytes.count)
            place += 1
        } else {
            let (marker, width): (UInt8, Int) =
                bytes.count < 0x1_0000 ? (0xFC, 2) : bytes.count < 0x100_0000 ? (0xFD, 3) : (0xFE, 8)
            place.pointee = marker
            for index in 0..<width { place[1 + index] = UInt8(truncatingIfNeeded: bytes.count >> (8 * index)) }
            place += 1 + width
        }
        if let start = bytes.baseAddress { copy(start, bytes.count, to: place) }
        return place + bytes.count
    }

    /// Short texts as two words that overlap: a call of memmove takes longer than they do.
    @inline(__always)
    private static func copy(_ source: UnsafePointer<UInt8>, _ count: Int, to target: UnsafeMutablePointer<UInt8>) {
        let (from, to) = (UnsafeRawPointer(source), UnsafeMutableRawPointer(target))
        @inline(__always) func copyEnds<Word: BitwiseCopyable>(_ type: Word.Type) {
            let last = from.loadUnaligned(fromByteOffset: count - MemoryLayout<Word>.size, as: type)
            to.storeBytes(of: from.loadUnaligned(as: type), as: type)
            to.storeBytes(of: last, toByteOffset: count - MemoryLayout<Word>.size, as: type)
        }
        if count > 16 { return target.update(from: source, count: count) }
        if count >= 8 { return copyEnds(UInt64.self) }
        if count >= 4 { return copyEnds(UInt32.self) }
        for index in 0..<count { target[index] = source[index] }
    }

    /// The packet's first byte, and the bitmap of NULLs, whose first two bits are not used. Returns where that begins.
    @inline(__always)
    private func openBinary(_ count: Int, _ packets: inout PacketBuffer) -> Int {
        let nulls = packets.out.count + 1
        packets.out.appendZeros(1 + (count + 7 + 2) / 8)
        return nulls
    }

    private func setNull(_ index: Int, _ nulls: Int, _ packets: inout PacketBuffer) {
        let bit = index + 2
        let place = nulls + bit >> 3
        packets.out.set(packets.out.bytes[place] | 1 << UInt8(bit & 7), at: place)
    }

    // MARK: Rows of values

    /// Writes one row, of as many values as there are columns. Its size is the caller's to bound.
    package func write(_ row: [SQLValue], to packets: inout PacketBuffer) {
        let nulls = format == .binary ? openBinary(row.count, &packets) : 0
        for (index, value) in row.enumerated() {
            if case .null = value {
                if format == .binary { setNull(index, nulls, &packets) } else { packets.out.append(0xFB) }
                continue
            }
            if format == .binary {
                let length = value.writeBinary(as: columns[index].type, to: packets.out.tail(BinaryWriter.bytesMax))
                packets.out.advance(length)
                if length > 0 { continue }
            }
            let cell = packets.openCell()
            value.appendText(to: &packets.out)
            packets.closeCell(cell)
        }
    }
}
