import Crypto
import CryptoExtras
import LoonCore

/// A password as a client sent it in full authentication.
package enum PasswordProof: Sendable {
    case clear([UInt8])
    /// Under the server's public key.
    case encrypted([UInt8], nonce: Nonce)
}

/// The key pair that clients without TLS encrypt their password with, in `caching_sha2_password`'s full authentication.
package struct PasswordKey: Sendable {
    /// Bytes of a text encrypted with 2048 bits.
    static let cipherBytes = 256

    /// As it is stored: `-----BEGIN PRIVATE KEY-----` … The library's key type is not Sendable, so it is made of this
    /// at each use.
    package let privatePEM: String
    /// The key as a client is sent it: `-----BEGIN PUBLIC KEY-----` …
    package let publicPEM: String

    /// A new key of 2048 bits; takes some tenths of a second.
    package init() throws {
        self.init(try _RSA.Encryption.PrivateKey(keySize: .bits2048))
    }

    /// A key that was stored.
    package init(privatePEM: String) throws {
        self.init(try _RSA.Encryption.PrivateKey(pemRepresentation: privatePEM))
    }

    private init(_ key: _RSA.Encryption.PrivateKey) {
        privatePEM = key.pemRepresentation
        publicPEM = key.publicKey.pemRepresentation
    }

    /// The password that a client sent, `nil` where it is none. To decrypt takes about a millisecond: not for an event
    /// loop.
    package func password(_ proof: PasswordProof) -> [UInt8]? {
        switch proof {
        case .clear(let password): password
        case .encrypted(let bytes, let nonce): password(from: bytes, nonce: nonce)
        }
    }

    /// The password out of RSA-OAEP(SHA-1) of (password ‖ NUL) XOR nonce, the nonce repeated; `nil` where it is none.
    func password(from encrypted: [UInt8], nonce: Nonce) -> [UInt8]? {
        guard let key = try? _RSA.Encryption.PrivateKey(pemRepresentation: privatePEM),
            let masked = try? key.decrypt(encrypted, padding: .PKCS1_OAEP)
        else { return nil }
        let plain = masked.enumerated().map { $1 ^ nonce.bytes[$0 % nonce.bytes.count] }
        guard plain.last == 0 else { return nil }
        return plain.dropLast()
    }
}
