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

    // MARK: Numbers

    package mutating func append(decimal value: UInt64) {
        reserve(20)
        var rest = value
        var digits = 0
        repeat {
            base[count + digits] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            digits += 1
        } while rest != 0
        var low = count
        var high = count + digits - 1
        while low < high {
            swap(&base[low], &base[high])
            low += 1
            high -= 1
        }
        count += digits
    }

    package mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// `value` with leading zeros to `width` digits.
    package mutating func append(padded value: Int, width: Int) {
        reserve(width)
        var rest = value.magnitude
        for place in stride(from: width - 1, through: 0, by: -1) {
            base[count + place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += width
    }
}
