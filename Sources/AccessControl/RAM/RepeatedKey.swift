import Foundation

/// Finds a key that an object of JSON has twice. Readers keep one of the two, each its own (RFC 8259, section 4): in a
/// policy the other may be the denial.
enum RepeatedKey {
    /// `json` is well-formed.
    static func first(in json: [UInt8]) -> String? {
        /// The keys of the objects that are open; `nil` for a list.
        var open: [Set<String>?] = []
        var place = 0
        var last: String?
        while place < json.count {
            switch json[place] {
            case UInt8(ascii: "{"): open.append([])
            case UInt8(ascii: "["): open.append(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
            case UInt8(ascii: "\""):
                let start = place
                place += 1
                while place < json.count, json[place] != UInt8(ascii: "\"") {
                    place += json[place] == UInt8(ascii: "\\") ? 2 : 1
                }
                // Escapes are another way to write the same key.
                let text = Data(json[start..<min(place + 1, json.count)])
                last = (try? JSONSerialization.jsonObject(with: text, options: .fragmentsAllowed)) as? String
            case UInt8(ascii: ":"):
                if let key = last, open.last?.map({ $0.contains(key) }) == true { return key }
                if let key = last, !open.isEmpty { open[open.count - 1]?.insert(key) }
            default: break
            }
            place += 1
        }
        return nil
    }
}
