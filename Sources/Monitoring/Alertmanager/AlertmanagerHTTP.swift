import KubernetesAPI

/// A request to an Alertmanager's HTTP interface.
public struct AlertmanagerRequest: Sendable, Equatable {
    public let method: String
    /// Decoded, without what follows a question mark.
    public let path: String
    public let body: [UInt8]
    /// Path and query as they came.
    public let target: String
    let parameters: [Parameter]

    struct Parameter: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// - Parameter target: path and query as they stand in the request, such as `/api/v2/alerts?active=false`.
    public init(method: String = "GET", target: String, body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.body = body
        let bytes = Array(target.utf8)
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        path = Self.decoded(bytes[..<mark], plusIsSpace: false)
        parameters = bytes[min(mark + 1, bytes.endIndex)...].split(separator: UInt8(ascii: "&")).map { pair in
            let equal = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return Parameter(
                name: Self.decoded(pair[..<equal], plusIsSpace: true),
                value: Self.decoded(pair[equal...].dropFirst(), plusIsSpace: true))
        }
    }

    func values(_ name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

    /// A sequence that encodes nothing stands for itself.
    private static func decoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> String {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 48...57: byte - 48
            case 65...70: byte - 55
            case 97...102: byte - 87
            default: nil
            }
        }
        var out: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                out.append(high << 4 | low)
                index += 3
                continue
            }
            out.append(plusIsSpace && byte == UInt8(ascii: "+") ? 32 : byte)
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// The answer of an Alertmanager.
public struct AlertmanagerResponse: Sendable, Equatable {
    public let status: Int
    /// Empty for an answer without a body.
    public let contentType: String
    public let body: [UInt8]

    public init(status: Int, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    static let empty = AlertmanagerResponse(status: 200, contentType: "", body: [])

    static func json(_ value: JSONValue, status: Int = 200) -> AlertmanagerResponse {
        AlertmanagerResponse(status: status, contentType: "application/json", body: value.compactBytes + [10])
    }

    /// An error of the API itself, whose body is a text.
    static func text(_ status: Int, _ text: String) -> AlertmanagerResponse { .json(.string(text), status: status) }

    /// An error of the layer that checks requests against the API's description.
    static func invalid(_ status: Int, code: Int, _ message: String) -> AlertmanagerResponse {
        .json(.members([("code", .integer(Int64(code))), ("message", .string(message))]), status: status)
    }
}

/// A request that is answered with an error.
struct AlertmanagerRefusal: Error {
    let response: AlertmanagerResponse

    static func text(_ status: Int, _ text: String) -> AlertmanagerRefusal { .init(response: .text(status, text)) }

    static func missing(_ field: String) -> AlertmanagerRefusal {
        .init(response: .invalid(422, code: 602, "\(field) in body is required"))
    }

    static func type(_ field: String, _ type: String) -> AlertmanagerRefusal {
        .init(response: .invalid(422, code: 601, "\(field) in body must be of type \(type)"))
    }
}
