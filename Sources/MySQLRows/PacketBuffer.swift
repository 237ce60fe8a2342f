package import LoonCore

/// Packets being put together: each begins with room for its header
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html).
package struct PacketBuffer: ~Copyable {
    /// A payload of this length goes on in the next packet.
    package static let continuedLength = 0xFF_FFFF

    package var out = TextBuffer(capacity: 512)
    /// The number of the next packet.
    package var sequence: UInt8
    /// Row payloads of a cursor are not packets yet: they begin with their length alone, in four bytes.
    package var isSpooling = false

    package init(sequence: UInt8) { self.sequence = sequence }

    /// Leaves room for a packet's header.
    package mutating func open() -> Int {
        let start = out.count
        out.appendZeros(4)
        return start
    }

    /// Writes the header of the packet that `open` began at `start`.
    package mutating func close(at start: Int) {
        let length = out.count - start - 4
        out.set(UInt8(truncatingIfNeeded: length), at: start)
        out.set(UInt8(truncatingIfNeeded: length >> 8), at: start + 1)
        out.set(UInt8(truncatingIfNeeded: length >> 16), at: start + 2)
        if isSpooling { return out.set(UInt8(truncatingIfNeeded: length >> 24), at: start + 3) }
        if length >= Self.continuedLength { return split(at: start) }
        out.set(sequence, at: start + 3)
        sequence &+= 1
    }

    /// A payload that takes several packets gets a header between any two of its pieces; one of a whole number of
    /// pieces an empty packet at the end.
    private mutating func split(at start: Int) {
        var place = start
        var rest = out.count - start - 4
        while true {
            let length = min(rest, Self.continuedLength)
            out.set(UInt8(truncatingIfNeeded: length), at: place)
            out.set(UInt8(truncatingIfNeeded: length >> 8), at: place + 1)
            out.set(UInt8(truncatingIfNeeded: length >> 16), at: place + 2)
            out.set(sequence, at: place + 3)
            sequence &+= 1
            if length < Self.continuedLength { return }
            rest -= length
            place += 4 + length
            out.insertGap(4, at: place)
        }
    }

    /// A whole packet.
    package mutating func append(packet payload: some Collection<UInt8>) {
        let start = open()
        if payload.withContiguousStorageIfAvailable({ out.append($0) }) == nil {
            for byte in payload { out.append(byte) }
        }
        close(at: start)
    }

    /// A text behind its length.
    package mutating func append(_ text: String) {
        let cell = openCell()
        out.append(text)
        closeCell(cell)
    }

    /// Packets that another encoder has made, whole ones, which get their numbers here; rows of a cursor as they are.
    /// False, and nothing is added, where the bytes are not that.
    package mutating func append(encoded bytes: UnsafeRawBufferPointer) -> Bool {
        let start = out.count
        let number = sequence
        out.append(bytes.bindMemory(to: UInt8.self))
        var place = start
        while place < out.count {
            guard out.count - place >= 4 else { break }
            let header = out.bytes
            var length = Int(header[place]) | Int(header[place + 1]) << 8 | Int(header[place + 2]) << 16
            if isSpooling { length |= Int(header[place + 3]) << 24 }
            guard length <= out.count - place - 4 else { break }
            if !isSpooling {
                out.set(sequence, at: place + 3)
                sequence &+= 1
            }
            place += 4 + length
        }
        guard place == out.count else {
            out.truncate(to: start)
            sequence = number
            return false
        }
        return true
    }

    // MARK: Lengths

    /// Leaves room for a short length before a cell.
    @inline(__always)
    mutating func openCell() -> Int {
        let cell = out.count
        out.append(0)
        return cell
    }

    /// Writes the length of the cell whose first byte was left free at `cell`, moving the cell where the length takes
    /// more.
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
