import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// The authority of one served lab and the certificate that the server shows, made anew whenever it begins.
struct ServerCertificates {
    /// PEM of the authority, which clients trust.
    let authority: String
    private let chain: [NIOSSLCertificateSource]
    private let key: NIOSSLPrivateKey

    /// How long they are good: a lab is not served for longer than its kubeconfig is kept.
    static let lifetime: TimeInterval = 30 * 86_400

    /// - Parameters:
    ///   - names: host names and addresses under which the server is called.
    ///   - now: the wall clock.
    /// - Throws: what the libraries throw.
    init(names: [String], now: Date) throws {
        let authorityKey = P256.Signing.PrivateKey()
        let authorityName = try DistinguishedName {
            OrganizationName("kubelab")
            CommonName("kubelab authority")
        }
        // Clocks of clients may be behind.
        let (begin, end) = (now.addingTimeInterval(-3_600), now.addingTimeInterval(Self.lifetime))
        let root = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(authorityKey.publicKey), notValidBefore: begin,
            notValidAfter: end, issuer: authorityName, subject: authorityName, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(authorityKey))
        let serverKey = P256.Signing.PrivateKey()
        let server = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(serverKey.publicKey), notValidBefore: begin,
            notValidAfter: end, issuer: authorityName,
            subject: try DistinguishedName {
                OrganizationName("kubelab")
                CommonName("kubelab apiserver")
            },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names.map(Self.generalName))
            },
            issuerPrivateKey: .init(authorityKey))
        authority = try root.serializeAsPEM().pemString
        let bytes = Array(try server.serializeAsPEM().pemString.utf8)
        chain = try NIOSSLCertificate.fromPEMBytes(bytes).map { .certificate($0) }
        key = try NIOSSLPrivateKey(bytes: Array(serverKey.pemRepresentation.utf8), format: .pem)
    }

    private static func generalName(_ name: String) -> GeneralName {
        let numbers = name.split(separator: ".").compactMap { UInt8($0) }
        if numbers.count == 4 { return .ipAddress(.init(contentBytes: numbers[...])) }
        if name == "::1" { return .ipAddress(.init(contentBytes: ([UInt8](repeating: 0, count: 15) + [1])[...])) }
        return .dnsName(name)
    }

    /// What the server's connections are made with.
    func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}
