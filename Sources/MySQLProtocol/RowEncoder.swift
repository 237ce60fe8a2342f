import LoonCore

/// How the values of a row are written.
package enum RowFormat: Sendable {
    /// Text with its length before it
    /// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html).
    case text
    /// As prepared statements answer (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
    case binary
}

/// Packets being put together: each begins with room for its header.
struct PacketBuffer: ~Copyable {
    var out = TextBuffer(capacity: 512)
    var sequence: UInt8
    /// Row payloads of a cursor are not packets yet: they begin with their length alone, in four bytes.
    var isSpooling = false

    init(sequence: UInt8) { self.sequence = sequence }

    /// Leaves room for a packet's header.
    mutating func open() -> Int {
        let start = out.count
        out.appendZeros(4)
        return start
    }

    mutating func close(at start: Int) {
        let length = out.count - start - 4
        out.set(UInt8(truncatingIfNeeded: length), at: start)
        out.set(UInt8(truncatingIfNeeded: length >> 8), at: start + 1)
        out.set(UInt8(truncatingIfNeeded: length >> 16), at: start + 2)
        if isSpooling { return out.set(UInt8(truncatingIfNeeded: length >> 24), at: start + 3) }
        if length >= PacketDecoder.continuedLength { return split(at: start) }
        out.set(sequence, at: start + 3)
        sequence &+= 1
    }

    /// A payload that takes several packets gets a header between any two of its pieces; one of a whole number of pieces an empty packet at the end.
    private mutating func split(at start: Int) {
        var place = start
        var rest = out.count - start - 4
        while true {
            let length = min(rest, PacketDecoder.continuedLength)
            out.set(UInt8(truncatingIfNeeded: length), at: place)
            out.set(UInt8(truncatingIfNeeded: length >> 8), at: place + 1)
            out.set(UInt8(truncatingIfNeeded: length >> 16), at: place + 2)
            out.set(sequence, at: place + 3)
            sequence &+= 1
            if length < PacketDecoder.continuedLength { return }
            rest -= length
            place += 4 + length
            out.insertGap(4, at: place)
        }
    }

    mutating func append(packet payload: some Collection<UInt8>) {
        let start = open()
        if payload.withContiguousStorageIfAvailable({ out.append($0) }) == nil { for byte in payload { out.append(byte) } }
        close(at: start)
    }

    // MARK: Lengths

    /// Leaves room for a short length before a cell.
    @inline(__always)
    mutating func openCell() -> Int {
        let cell = out.count
        out.append(0)
        return cell
    }

    /// Writes the length of the cell whose first byte was left free at `cell`, moving the cell where the length takes more.
    @inline(__always)
    mutating func closeCell(_ cell: Int) {
        let length = out.count - cell - 1
        if length < 0xFB { out.set(UInt8(truncatingIfNeeded: length), at: cell) } else { closeLongCell(cell, length) }
    }

    private mutating func closeLongCell(_ cell: Int, _ length: Int) {
        let (marker, bytes): (UInt8, Int) = length < 0x1_0000 ? (0xFC, 2) : length < 0x100_0000 ? (0xFD, 3) : (0xFE, 8)
        out.insertGap(bytes, at: cell + 1)
        out.set(marker, at: cell)
        for place in 0..<bytes { out.set(UInt8(truncatingIfNeeded: length >> (8 * place)), at: cell + 1 + place) }
    }
}

/// Writes rows of a batch, or of the daemon's own making.
struct RowEncoder {
    let format: RowFormat
    let columns: [ResultColumn]

    /// Writes one row of a batch whose columns were made ready as `cells`.
    @inline(__always)
    func write(_ row: Int, _ cells: UnsafeBufferPointer<Cell>, of batch: borrowing RecordBatch, to packets: inout PacketBuffer) {
        switch format {
        case .text: writeText(row, cells, of: batch, to: &packets)
        case .binary: writeBinary(row, cells, of: batch, to: &packets)
        }
    }

    @inline(__always)
    private func writeText(_ row: Int, _ cells: UnsafeBufferPointer<Cell>, of batch: borrowing RecordBatch, to packets: inout PacketBuffer) {
        for index in cells.indices {
            if cells[index].isNull(row) {
                packets.out.append(0xFB)
                continue
            }
            let cell = packets.openCell()
            if cells[index].kind == .other {
                batch.columns[index].appendText(row: row, to: &packets.out)
            } else {
                cells[index].appendText(row: row, to: &packets.out)
            }
            packets.closeCell(cell)
        }
    }

    private func writeBinary(_ row: Int, _ cells: UnsafeBufferPointer<Cell>, of batch: borrowing RecordBatch, to packets: inout PacketBuffer) {
        let nulls = openBinary(cells.count, &packets)
        for index in cells.indices {
            if cells[index].isNull(row) {
                setNull(index, nulls, &packets)
            } else if !cells[index].appendBinary(row: row, to: &packets.out) {
                let cell = packets.openCell()
                if cells[index].kind == .other {
                    batch.columns[index].appendText(row: row, to: &packets.out)
                } else {
                    cells[index].appendText(row: row, to: &packets.out)
                }
                packets.closeCell(cell)
            }
        }
    }

    /// The packet's first byte, and the bitmap of NULLs, whose first two bits are not used. Returns where that begins.
    private func openBinary(_ count: Int, _ packets: inout PacketBuffer) -> Int {
        packets.out.append(0)
        let nulls = packets.out.count
        packets.out.appendZeros((count + 7 + 2) / 8)
        return nulls
    }

    private func setNull(_ index: Int, _ nulls: Int, _ packets: inout PacketBuffer) {
        let bit = index + 2
        let place = nulls + bit >> 3
        packets.out.set(packets.out.bytes[place] | 1 << UInt8(bit & 7), at: place)
    }

    // MARK: Rows of values

    func write(_ row: [SQLValue], to packets: inout PacketBuffer) {
        let nulls = format == .binary ? openBinary(row.count, &packets) : 0
        for (index, value) in row.enumerated() {
            if case .null = value {
                if format == .binary { setNull(index, nulls, &packets) } else { packets.out.append(0xFB) }
                continue
            }
            if format == .binary, value.appendBinary(as: columns[index].type, to: &packets.out) { continue }
            let cell = packets.openCell()
            value.appendText(to: &packets.out)
            packets.closeCell(cell)
        }
    }
}
