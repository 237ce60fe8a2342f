/// A growing run of bytes that values are printed into; cleared and used again, so that a row costs no allocation.
///
/// Confined to the thread that encodes one result.
package struct TextBuffer: ~Copyable {
    package private(set) var base: UnsafeMutablePointer<UInt8>
    package private(set) var count = 0
    private var capacity: Int

    package init(capacity: Int = 4096) {
        self.capacity = max(64, capacity)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    package mutating func removeAll() { count = 0 }

    /// Drops what was written after `newCount`.
    package mutating func truncate(to newCount: Int) { count = min(count, max(0, newCount)) }

    @inline(__always)
    package mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(more) }
    }

    private mutating func grow(_ more: Int) {
        let larger = max(capacity * 2, count + more)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        moved.update(from: base, count: count)
        base.deallocate()
        base = moved
        capacity = larger
    }

    /// Room for `more` bytes, which the caller writes from `base + count` on and then counts with `advance`.
    @inline(__always)
    package mutating func tail(_ more: Int) -> UnsafeMutablePointer<UInt8> {
        reserve(more)
        return base + count
    }

    /// Bytes that may be written from `base + count` on: at least as many as were last asked for with `tail`.
    package var room: Int { capacity - count }

    @inline(__always)
    package mutating func advance(_ written: Int) { count += written }

    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    @inline(__always)
    package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        (base + count).update(from: start, count: bytes.count)
        count += bytes.count
    }

    package mutating func appendZeros(_ zeros: Int) {
        reserve(zeros)
        (base + count).update(repeating: 0, count: zeros)
        count += zeros
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// Moves everything from `index` on by `gap` bytes, leaving room for a length that is known only afterwards.
    package mutating func insertGap(_ gap: Int, at index: Int) {
        reserve(gap)
        (base + index + gap).update(from: base + index, count: count - index)
        count += gap
    }

    package mutating func set(_ byte: UInt8, at index: Int) {
        precondition(index < count)
        base[index] = byte
    }
}
