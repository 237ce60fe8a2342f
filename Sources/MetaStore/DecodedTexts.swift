import LoonCore
import Synchronization

/// Decoded values of small texts of JSON. A text says all, so that nothing here grows old.
final class DecodedTexts<Value: Decodable & Sendable>: Sendable {
    /// By bytes: texts that Unicode holds to be alike are two.
    private let known = Mutex<[[UInt8]: Value]>([:])

    func value(_ json: String) throws -> Value {
        guard json.utf8.count <= Limits.decodedTextBytesMax else { return try MetaStore.decoded(Value.self, json) }
        let key = Array(json.utf8)
        if let found = known.withLock({ $0[key] }) { return found }
        let value = try MetaStore.decoded(Value.self, json)
        known.withLock { known in
            if known.count >= Limits.decodedTextsMax { known.removeAll() }
            known[key] = value
        }
        return value
    }
}
