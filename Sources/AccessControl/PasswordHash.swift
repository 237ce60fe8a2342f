import Crypto
import CryptoExtras
import Foundation
package import LoonCore

/// A password as it is stored for `caching_sha2_password`: `scrypt$<N>$<r>$<p>$<salt>$<hash>`, the last two in base64.
/// Slow to try, on purpose.
package struct PasswordHash: Sendable {
    private static let rounds = 1 << 14
    private static let blockSize = 8
    private static let parallelism = 1
    private static let byteCount = 32

    /// Of an account that does not exist: to check against it takes as long as against any other.
    package static let decoy =
        "scrypt$\(rounds)$\(blockSize)$\(parallelism)$AAAAAAAAAAAAAAAAAAAAAA=="
        + "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    /// Hashes a new password with a fresh salt.
    package static func make(_ password: [UInt8]) throws(QueryError) -> String {
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        let hash = try derive(password, salt: salt, rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        let texts = [salt, hash].map { Data($0).base64EncodedString() }
        return "scrypt$\(rounds)$\(blockSize)$\(parallelism)$\(texts[0])$\(texts[1])"
    }

    /// Whether `password` is the one that `stored` was made of. Takes some tens of milliseconds: not for an event loop.
    package static func matches(_ password: [UInt8], stored: String) throws(QueryError) -> Bool {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let rounds = Int(parts[1]), let blockSize = Int(parts[2]),
            let parallelism = Int(parts[3]), let salt = Data(base64Encoded: String(parts[4])),
            let expected = Data(base64Encoded: String(parts[5]))
        else { throw QueryError(.storage, "A stored password is damaged; set it again") }
        let hash = try derive(
            password, salt: Array(salt), rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        return zip(hash, expected).reduce(UInt8(hash.count == expected.count ? 0 : 1)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func derive(
        _ password: [UInt8], salt: [UInt8], rounds: Int, blockSize: Int, parallelism: Int
    ) throws(QueryError) -> [UInt8] {
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: password, salt: salt, outputByteCount: byteCount, rounds: rounds, blockSize: blockSize,
                parallelism: parallelism)
            return key.withUnsafeBytes(Array.init)
        } catch { throw QueryError(.internalFault, "A password cannot be hashed", detail: "\(error)") }
    }
}
