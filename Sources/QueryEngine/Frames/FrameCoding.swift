/// A frame that is not as the protocol has it: whoever sent it is not trusted any further.
package struct MalformedFrame: Error {
    package init() {}
}

/// A value of the protocol between the daemon and an engine's process (docs/workers.md): the writer and the reader of
/// each stand together, and read what the other wrote.
package protocol FrameValue {
    func write(to frame: inout FrameWriter)
    init(from frame: inout FrameReader) throws(MalformedFrame)
}

/// Puts a frame's bytes together. Numbers have eight bytes, the least significant first; texts and lists begin with
/// their length.
package struct FrameWriter: ~Copyable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func write(byte: UInt8) { bytes.append(byte) }

    package mutating func write<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: UInt64(truncatingIfNeeded: number).littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    package mutating func write(_ text: String) {
        write(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func write(_ data: [UInt8]) {
        write(data.count)
        bytes.append(contentsOf: data)
    }

    package mutating func write(_ value: some FrameValue) { value.write(to: &self) }

    package mutating func write<Value>(
        optional value: Value?, _ body: (inout FrameWriter, Value) -> Void
    ) {
        write(value != nil)
        if let value { body(&self, value) }
    }

    package mutating func write<Value: Sequence>(
        list values: Value, _ body: (inout FrameWriter, Value.Element) -> Void
    ) {
        let place = bytes.count
        write(0)
        var count: UInt64 = 0
        for value in values {
            body(&self, value)
            count += 1
        }
        withUnsafeBytes(of: count.littleEndian) { bytes.replaceSubrange(place..<place + 8, with: $0) }
    }

    package mutating func write(list values: [some FrameValue]) { write(list: values) { $0.write($1) } }
    package mutating func write(optional text: String?) { write(optional: text) { $0.write($1) } }
}

/// Takes a frame's bytes apart. Whatever they are, reading ends in a value or an error, and takes no more memory than
/// some multiple of them.
package struct FrameReader: ~Copyable {
    /// How deep types may stand in types.
    private static let depthMax = 1_000

    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func take(_ count: Int) throws(MalformedFrame) -> Range<Int> {
        guard count >= 0, count <= bytes.count - place else { throw MalformedFrame() }
        defer { place += count }
        return place..<place + count
    }

    package mutating func byte() throws(MalformedFrame) -> UInt8 { bytes[try take(1).lowerBound] }

    private mutating func bits() throws(MalformedFrame) -> UInt64 {
        let range = try take(8)
        return bytes.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self))
        }
    }

    package mutating func number() throws(MalformedFrame) -> Int64 { Int64(bitPattern: try bits()) }
    package mutating func integer() throws(MalformedFrame) -> Int { Int(try number()) }
    package mutating func unsigned() throws(MalformedFrame) -> UInt64 { try bits() }

    /// A number that is none below zero.
    package mutating func count() throws(MalformedFrame) -> Int64 {
        let number = try number()
        guard number >= 0 else { throw MalformedFrame() }
        return number
    }

    package mutating func flag() throws(MalformedFrame) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        default: throw MalformedFrame()
        }
    }

    package mutating func text() throws(MalformedFrame) -> String {
        let range = try take(try integer())
        guard let text = String(validating: bytes[range], as: UTF8.self) else { throw MalformedFrame() }
        return text
    }

    package mutating func data() throws(MalformedFrame) -> [UInt8] { Array(bytes[try take(try integer())]) }

    package mutating func value<Value: FrameValue>(_ type: Value.Type = Value.self) throws(MalformedFrame) -> Value {
        depth += 1
        guard depth <= Self.depthMax else { throw MalformedFrame() }
        defer { depth -= 1 }
        return try Value(from: &self)
    }

    package mutating func optional<Value>(
        _ body: (inout FrameReader) throws(MalformedFrame) -> Value
    ) throws(MalformedFrame) -> Value? { try flag() ? try body(&self) : nil }

    package mutating func list<Value>(
        _ body: (inout FrameReader) throws(MalformedFrame) -> Value
    ) throws(MalformedFrame) -> [Value] {
        let count = try integer()
        // An element has a byte at least.
        guard count >= 0, count <= bytes.count - place else { throw MalformedFrame() }
        var values: [Value] = []
        for _ in 0..<count { values.append(try body(&self)) }
        return values
    }

    package mutating func list<Value: FrameValue>(of type: Value.Type = Value.self) throws(MalformedFrame) -> [Value] {
        try list { (frame) throws(MalformedFrame) in try frame.value(type) }
    }

    package mutating func texts() throws(MalformedFrame) -> [String] {
        try list { (frame) throws(MalformedFrame) in try frame.text() }
    }

    package mutating func optionalText() throws(MalformedFrame) -> String? {
        try optional { (frame) throws(MalformedFrame) in try frame.text() }
    }

    /// Throws where something is left.
    package func end() throws(MalformedFrame) { guard place == bytes.count else { throw MalformedFrame() } }
}

extension FrameValue {
    /// The value alone, as bytes.
    package var frameBytes: [UInt8] {
        var frame = FrameWriter()
        write(to: &frame)
        return frame.bytes
    }

    /// The value that bytes are, all of them.
    package init(frameBytes: [UInt8]) throws(MalformedFrame) {
        var frame = FrameReader(frameBytes)
        try self.init(from: &frame)
        try frame.end()
    }
}
