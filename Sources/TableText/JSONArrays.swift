import Foundation
import LoonCore

/// JSON files that are one array, or several: their elements a line each, as the engine reads them.
enum JSONArrays {
    /// Writes the elements of the arrays of a text, and what stands beside them, a line each, a megabyte at a time.
    /// Line breaks within an element become spaces, which JSON takes for the same.
    static func writeLines(_ text: UnsafeBufferPointer<UInt8>, to write: (Data) throws -> Void) rethrows {
        var out = Data()
        var depth = 0
        var isText = false
        var isEscaped = false
        // The outermost mark opened an array, and no object that stands beside them.
        var isArray = false
        for byte in text {
            if out.count >= Limits.rewrittenPieceBytes {
                try write(out)
                out.removeAll(keepingCapacity: true)
            }
            if isText {
                out.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth == 1 { isArray = byte == UInt8(ascii: "[") }
                // The array itself goes.
                if depth == 1, isArray { continue }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth == 0, isArray {
                    out.append(0x0A)
                    continue
                }
            case UInt8(ascii: ",") where depth == 1 && isArray:
                out.append(0x0A)
                continue
            case UInt8(ascii: "\""): isText = true
            case 0x0A, 0x0D:
                out.append(depth == 0 ? 0x0A : 0x20)
                continue
            default: break
            }
            out.append(byte)
        }
        try write(out)
    }
}
