/// The lab's own words about the fields of the API. They are written for learning: what the field does, its default, and
/// what people get wrong with it.
public enum HelpTexts {
    /// - Parameter owner: the Go name of the message that declares the field.
    public static func text(of field: String, in owner: String) -> String? {
        fields[owner + "." + field] ?? fields["*." + field]
    }

    /// What a message as a whole is.
    public static func text(ofType name: String) -> String? { types[name] }

    /// Every `Message` and `Message.field` that has a text.
    static var names: [String] { (Array(types.keys) + Array(fields.keys)).sorted() }

    private static let all =
        podTexts + containerTexts + schedulingTexts + workloadTexts + autoscalingTexts + commonTexts

    /// `Message.field` to text; `*` stands for every message.
    private static let fields = table { $0.contains(".") }
    private static let types = table { !$0.contains(".") }

    /// Each line is `name: text`.
    private static func table(_ takes: (Substring) -> Bool) -> [String: String] {
        var table: [String: String] = [:]
        for line in all.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon]
            guard takes(name) else { continue }
            table[String(name)] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return table
    }
}
