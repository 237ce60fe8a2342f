import Crypto

/// The password proofs of the two plugins.
package enum Scramble {
    /// `mysql_native_password`: the answer is SHA1(p) XOR SHA1(nonce ‖ SHA1(SHA1(p))); what is stored is SHA1(SHA1(p))
    /// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html).
    static func nativeMatches(answer: [UInt8], nonce: Nonce, doubleSHA1: [UInt8]) -> Bool {
        guard answer.count == Insecure.SHA1.byteCount, doubleSHA1.count == Insecure.SHA1.byteCount else { return false }
        let mask = Insecure.SHA1.hash(data: nonce.bytes + doubleSHA1)
        let single = zip(answer, mask).map { $0 ^ $1 }
        return constantTimeEqual(Array(Insecure.SHA1.hash(data: single)), doubleSHA1)
    }

    /// `caching_sha2_password`, fast: the answer is SHA256(p) XOR SHA256(SHA256(SHA256(p)) ‖ nonce); what is remembered
    /// is SHA256(SHA256(p))
    /// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html).
    static func sha2Matches(answer: [UInt8], nonce: Nonce, doubleSHA256: [UInt8]) -> Bool {
        guard answer.count == SHA256.byteCount, doubleSHA256.count == SHA256.byteCount else { return false }
        let mask = SHA256.hash(data: doubleSHA256 + nonce.bytes)
        let single = zip(answer, mask).map { $0 ^ $1 }
        return constantTimeEqual(Array(SHA256.hash(data: single)), doubleSHA256)
    }

    package static func doubleSHA1(_ password: [UInt8]) -> [UInt8] {
        Array(Insecure.SHA1.hash(data: Array(Insecure.SHA1.hash(data: password))))
    }

    package static func doubleSHA256(_ password: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Array(SHA256.hash(data: password))))
    }

    /// Compares without telling by its time where the two differ.
    package static func constantTimeEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard one.count == other.count else { return false }
        return zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
