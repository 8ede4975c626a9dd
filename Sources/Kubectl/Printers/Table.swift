import KubernetesAPI

/// The answer to a `get` as the API server makes it for kubectl: columns and rows (`meta.k8s.io/v1 Table`).
public struct Table: Sendable, Equatable {
    public struct Column: Sendable, Equatable {
        public enum Kind: String, Sendable { case string, integer, boolean, date }

        public var name: String
        public var kind: Kind
        /// 0 is always shown, 1 only with `-o wide`.
        public var priority: Int
        /// `name` for the first column, else empty.
        public var format: String

        public init(_ name: String, _ kind: Kind = .string, priority: Int = 0) {
            self.name = name
            self.kind = kind
            self.priority = priority
            format = name == "Name" ? "name" : ""
        }
    }

    public enum Cell: Sendable, Equatable {
        case string(String)
        case integer(Int64)
        case boolean(Bool)

        /// As kubectl prints it.
        public var text: String {
            switch self {
            case .string(let text): text
            case .integer(let number): "\(number)"
            case .boolean(let flag): flag ? "true" : "false"
            }
        }
    }

    public struct Row: Sendable, Equatable {
        public var cells: [Cell]
        /// The object that the row is about.
        public var object: JSONValue
    }

    public var columns: [Column]
    public var rows: [Row]

    public init(columns: [Column], rows: [Row]) {
        self.columns = columns
        self.rows = rows
    }
}

/// How objects of one kind become rows: the columns of `table-columns.json`, each with what stands in it.
public struct TableDefinition: Sendable {
    /// What columns need besides the object.
    public struct Context: Sendable {
        /// Ages are relative to it.
        public var now: Time
        public init(now: Time) { self.now = now }
    }

    public let resource: ResourceType
    public let columns: [Table.Column]
    private let cells: @Sendable (JSONValue, Context) -> [Table.Cell]?
    /// The same for an object that need not be read first; nil for kinds without a type of their own.
    private let typedCells: (@Sendable (any KubernetesObject, Context) -> [Table.Cell]?)?

    /// One column of a kind.
    struct Field<Object: KubernetesObject>: Sendable {
        let column: Table.Column
        let cell: @Sendable (Object, Context) -> Table.Cell

        init(_ name: String, priority: Int = 0, _ text: @escaping @Sendable (Object, Context) -> String) {
            column = Table.Column(name, priority: priority)
            cell = { .string(text($0, $1)) }
        }

        init(integer name: String, _ number: @escaping @Sendable (Object) -> Int64) {
            column = Table.Column(name, .integer)
            cell = { object, _ in .integer(number(object)) }
        }

        init(boolean name: String, _ flag: @escaping @Sendable (Object) -> Bool) {
            column = Table.Column(name, .boolean)
            cell = { object, _ in .boolean(flag(object)) }
        }

        init(date name: String, _ text: @escaping @Sendable (Object) -> String) {
            column = Table.Column(name, .date)
            cell = { object, _ in .string(text(object)) }
        }

        static var name: Field { Field("Name") { object, _ in object.metadata.name } }
        static var age: Field {
            Field("Age") { object, context in HumanDuration.since(object.metadata.creationTimestamp, now: context.now) }
        }
        static var createdAt: Field {
            Field(date: "Created At") { object in object.metadata.creationTimestamp?.jsonValue.string ?? "<unknown>" }
        }
    }

    init<Object: KubernetesObject>(_ type: Object.Type, _ fields: [Field<Object>]) {
        resource = Object.resource
        columns = fields.map(\.column)
        cells = { value, context in
            guard let object = try? Object.decode(json: value).object else { return nil }
            return fields.map { $0.cell(object, context) }
        }
        typedCells = { object, context in
            guard let object = object as? Object else { return nil }
            return fields.map { $0.cell(object, context) }
        }
    }

    /// The cells of an object that need not be read first.
    public func cells(of object: any KubernetesObject, _ context: Context) -> [Table.Cell] {
        typedCells?(object, context) ?? row(object.jsonValue, context)
    }

    /// The definition of a kind that a CustomResourceDefinition adds: the name, and its printer columns, or the age if it
    /// has none (`apiextensions-apiserver/pkg/registry/customresource/tableconvertor`).
    public init(custom kind: CustomKind) {
        let age = CustomKind.Column(name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", priority: 0)
        let printed = kind.columns.isEmpty ? [age] : kind.columns
        resource = kind.resource
        columns =
            [Table.Column("Name")]
            + printed.map {
                Table.Column($0.name, Table.Column.Kind(rawValue: $0.type) ?? .string, priority: $0.priority)
            }
        typedCells = nil
        let fields = printed.map {
            (template: try? JSONPathTemplate(relaxed: $0.jsonPath), isDate: $0.type == "date")
        }
        cells = { value, context in
            [.string(value["metadata"]?["name"]?.string ?? "")]
                + fields.map { field in
                    let found = (try? field.template?.values(in: value))?.first
                    switch found {
                    case .integer(let number)?: return .integer(number)
                    case .bool(let flag)?: return .boolean(flag)
                    case .string(let text)? where field.isDate:
                        let time = CivilTime.parse(text).map { Time(epochSeconds: $0.seconds) }
                        return .string(HumanDuration.since(time, now: context.now))
                    case .null?, nil: return .string("")
                    case .some(let other): return .string(JSONPathTemplate.print(other))
                    }
                }
        }
    }

    /// The definition of a kind that has none of its own: name and age.
    init(anyKind resource: ResourceType) {
        self.resource = resource
        columns = [Table.Column("Name"), Table.Column("Age")]
        typedCells = nil
        cells = { value, context in
            let metadata = value["metadata"]
            let created = metadata?["creationTimestamp"]?.string.flatMap(CivilTime.parse).map {
                Time(epochSeconds: $0.seconds)
            }
            return [.string(metadata?["name"]?.string ?? ""), .string(HumanDuration.since(created, now: context.now))]
        }
    }

    /// The table of some objects, each with apiVersion and kind.
    public func table(of objects: [JSONValue], _ context: Context) -> Table {
        Table(columns: columns, rows: objects.map { Table.Row(cells: row($0, context), object: $0) })
    }

    private func row(_ object: JSONValue, _ context: Context) -> [Table.Cell] {
        cells(object, context)
            ?? columns.enumerated().map {
                .string($0.offset == 0 ? object["metadata"]?["name"]?.string ?? "" : "<unknown>")
            }
    }

    /// The table of a kind, columns as the API server of Kubernetes 1.36 has them.
    public static func of(_ resource: ResourceType) -> TableDefinition {
        all.first { $0.resource == resource } ?? AddedKinds.kind(of: resource).map(TableDefinition.init(custom:))
            ?? TableDefinition(anyKind: resource)
    }

    /// Every kind with a table of its own.
    public static let all: [TableDefinition] =
        coreTables + workloadTables + jobTables + policyTables + networkTables + accessTables
}
