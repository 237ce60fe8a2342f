import Crypto
import Foundation
import LoonCore
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// The certificate that clients see over TLS: the operator's, or one that the daemon signs itself at its first start.
struct ServerCertificate {
    let path: String
    /// SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    let fingerprint: String
    private let certificates: [NIOSSLCertificate]
    private let key: NIOSSLPrivateKey

    private static let certificateName = "server-cert.pem"
    private static let keyName = "server-key.pem"
    private static let years = 10.0

    init(_ configuration: Configuration, _ directory: DataDirectory) throws(QueryError) {
        let keyPath: String
        switch (configuration.certificateFile, configuration.certificateKeyFile) {
        case (let file?, let key?): (path, keyPath) = (file, key)
        case (nil, nil):
            (path, keyPath) = (directory.path + "/" + Self.certificateName, directory.path + "/" + Self.keyName)
            if directory.read(Self.certificateName) == nil || directory.read(Self.keyName) == nil {
                try Self.make(in: directory)
            }
        default:
            throw QueryError(
                .wrongVariableValue, "listen.tls-certificate and listen.tls-key are given together or not at all")
        }
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(path)
            key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
            guard let first = certificates.first else {
                throw QueryError(.startUp, "There is no certificate in '\(path)'")
            }
            fingerprint = SHA256.hash(data: try first.toDERBytes()).map { Hex.text([$0]).uppercased() }.joined(
                separator: ":")
        } catch {
            throw QueryError(.startUp, "The certificate '\(path)' or its key '\(keyPath)' cannot be used: \(error)")
        }
    }

    func context() throws(QueryError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // Most clients answer no close_notify: they would hold up a stop.
        configuration.shutdownTimeout = .milliseconds(Limits.closeMillisecondsMax)
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw QueryError(.startUp, "The certificate '\(path)' and its key do not go together: \(error)")
        }
    }

    /// Signs a certificate for this machine's names. Its clients must be given the file, as with any that no authority
    /// has signed.
    private static func make(in directory: DataDirectory) throws(QueryError) {
        do {
            let key = P256.Signing.PrivateKey()
            let signer = Certificate.PrivateKey(key)
            let name = try DistinguishedName { CommonName("loond") }
            let host = ProcessInfo.processInfo.hostName
            let now = Date()
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: signer.publicKey,
                notValidBefore: now.addingTimeInterval(-86_400),
                notValidAfter: now.addingTimeInterval(years * 365 * 86_400), issuer: name, subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    SubjectAlternativeNames([
                        .dnsName("localhost"), .dnsName(host),
                        .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                    ])
                }, issuerPrivateKey: signer)
            // The key first: a certificate whose key is lost would never work again.
            try directory.write(key.pemRepresentation + "\n", to: keyName)
            try directory.write(try certificate.serializeAsPEM().pemString + "\n", to: certificateName)
        } catch {
            throw QueryError(.startUp, "No certificate can be made for TLS: \(error)")
        }
    }
}
