import PromQL

/// A request to `/api/v1/write` as it came: what its headers say and its compressed body.
public struct RemoteWriteRequest: Sendable, Equatable {
    /// Bytes that a body may have when it is unpacked.
    public static let maximumBytes = 16 << 20

    public var contentType: String
    public var contentEncoding: String
    public var body: [UInt8]

    public init(contentType: String, contentEncoding: String, body: [UInt8]) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.body = body
    }

    /// Why a request is not taken: an HTTP status and the text that the sender gets.
    public struct Refusal: Error, Equatable {
        public var status: Int
        public var message: String

        static func bad(_ message: String) -> Refusal { Refusal(status: 400, message: message) }
    }

    private static let mediaType = "application/x-protobuf"
    private static let versionOne = "prometheus.WriteRequest"
    private static let versionTwo = "io.prometheus.write.v2.Request"

    /// The message in the body. The order of the checks is that of Prometheus' handler.
    public func message() throws(Refusal) -> WriteRequest {
        try checkType()
        if !contentEncoding.isEmpty, contentEncoding.lowercased() != "snappy" {
            throw Refusal(
                status: 415,
                message: "\(contentEncoding) encoding (compression) is not accepted by this server; only snappy is "
                    + "acceptable")
        }
        let bytes: [UInt8]
        do { bytes = try SnappyBlock.decode(body, limit: Self.maximumBytes) } catch { throw .bad("\(error)") }
        do { return try WriteRequest(bytes) } catch { throw .bad("\(error)") }
    }

    /// A request without a type is one of version 1.0.
    private func checkType() throws(Refusal) {
        guard !contentType.isEmpty else { return }
        let type = contentType.trimmingSpace
        let parts = type.split(separator: ";", omittingEmptySubsequences: false)
        func unsupported(_ message: String) -> Refusal { Refusal(status: 415, message: message) }
        guard parts.first.map({ $0 == Self.mediaType }) == true else {
            throw unsupported("expected \(Self.mediaType) as the first (media) part, got \(type) content-type")
        }
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2 else {
                throw unsupported(
                    "as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got "
                        + "\(part) in \(type) content-type")
            }
            guard pair[0].trimmingSpace == "proto" else { continue }
            switch pair[1] {
            case Self.versionOne: return
            case Self.versionTwo:
                throw unsupported(
                    "\(Self.versionTwo) protobuf message is not accepted by this server; accepted \(Self.versionOne)")
            default:
                throw unsupported(
                    "got \(type) content type; unknown type for remote write protobuf message \(pair[1]), supported: "
                        + "\(Self.versionOne), \(Self.versionTwo)")
            }
        }
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmingSpace: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
