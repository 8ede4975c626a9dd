import Lab

/// What a kind of Kubelab's own documents has under `spec`.
protocol DocumentSpec: Decodable {
    /// What such a document says as its `kind`.
    static var kind: String { get }
}

/// A document of Kubelab's own that is handed in, laid out as Kubernetes' objects are: `apiVersion`, `kind`, `metadata`, which
/// is the author's to fill in, and `spec`.
struct HandInDocument<Spec: DocumentSpec>: Decodable {
    var spec: Spec

    enum CodingKeys: String, CodingKey, CaseIterable { case apiVersion, kind, metadata, spec }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        let version = try container.decode(String.self, forKey: .apiVersion)
        let kind = try container.decode(String.self, forKey: .kind)
        try container.require(
            version == ProductionSpecification.apiVersion, .apiVersion, "must be \(ProductionSpecification.apiVersion)")
        try container.require(kind == Spec.kind, .kind, "must be \(Spec.kind)")
        spec = try container.decode(Spec.self, forKey: .spec)
    }
}

extension ConfigurationSource {
    /// What the document has under `spec`.
    /// - Throws: `ConfigurationError` with file, line and field path.
    func spec<Spec: DocumentSpec>(_ type: Spec.Type) throws -> Spec { try decode(HandInDocument<Spec>.self).spec }
}
