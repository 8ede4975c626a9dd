import KubernetesAPI
import Testing

@testable import Kubectl

/// kubectl's template language, with the cases of its own documentation and its error texts.
@Suite struct JSONPathTests {
    static let document = try! YAMLReader.documents(
        """
        kind: List
        items:
        - kind: None
          metadata: {name: 127.0.0.1, labels: {kubernetes.io/hostname: 127.0.0.1}}
          status: {capacity: {cpu: "4"}, addresses: [{type: LegacyHostIP, address: 127.0.0.1}]}
        - kind: None
          metadata: {name: 127.0.0.2}
          status: {capacity: {cpu: "8"}, addresses: [{type: LegacyHostIP, address: 127.0.0.2}, {type: another, address: 127.0.0.3}]}
        users:
        - name: myself
          user: {}
        - name: e2e
          user: {username: admin, password: secret}
        numbers: [1, 2, 3, 4]
        """)[0].value

    @Test(arguments: [
        ("text", "text"), ("{.kind}", "List"), ("{['kind']}", "List"), ("{$.kind}", "List"), ("{@.kind}", "List"),
        ("{..name}", "127.0.0.1 127.0.0.2 myself e2e"), ("{.items[*].metadata.name}", "127.0.0.1 127.0.0.2"),
        ("{.users[0].name}", "myself"), ("{.users[-1].name}", "e2e"),
        ("{.items[*]['metadata.name', 'status.capacity']}", ""),
        ("{.items[*].status.capacity}", "{\"cpu\":\"4\"} {\"cpu\":\"8\"}"),
        ("{.users[?(@.name==\"e2e\")].user.password}", "secret"),
        ("{.users[?(@.name=='e2e')].user.password}", "secret"), ("{.users[?(@.user.username)].name}", "e2e"),
        ("{range .items[*]}[{.metadata.name}, {.status.capacity.cpu}] {end}", "[127.0.0.1, 4] [127.0.0.2, 8] "),
        (
            "{range .items[*]}{.metadata.name}{\"\\t\"}{.status.capacity.cpu}{\"\\n\"}{end}",
            "127.0.0.1\t4\n127.0.0.2\t8\n"
        ),
        ("{.items[0].metadata.labels.kubernetes\\.io/hostname}", "127.0.0.1"), ("{.numbers[1:3]}", "2 3"),
        ("{.numbers[::2]}", "1 3"),
        ("{.numbers[0,2]}", "1 3"), ("{.numbers[?(@>2)]}", "3 4"), ("{.nothing.at.all}", ""),
        ("{.items[*].metadata['name','missing']}", "127.0.0.1 127.0.0.2"),
        (
            "{range .items[*]}{.metadata.name}:{range .status.addresses[*]}{.address},{end};{end}",
            "127.0.0.1:127.0.0.1,;127.0.0.2:127.0.0.2,127.0.0.3,;"
        ),
        ("a{.kind}b{\"{\"}c", "aListb{c"),
    ])
    func renders(template: String, wanted: String) throws {
        #expect(try JSONPathTemplate(template).render(Self.document) == wanted)
    }

    @Test(arguments: [
        ("{.items", "unclosed action"), ("{.items[0}", "unterminated array"), ("{.items[a]}", "invalid array index a"),
        ("{\"abc}", "unterminated quoted string"), ("{.users[?(@.name==\"e2e\"}", "unterminated filter"),
        ("{end}", "not in range, nothing to end"),
        ("{foo}", "unrecognized identifier foo"), ("{....x}", "invalid multiple recursive descent"),
    ])
    func refuses(template: String, wanted: String) {
        #expect(throws: JSONPathTemplate.TemplateError(wanted)) { try JSONPathTemplate(template) }
    }

    @Test(arguments: [
        ("{.nothing}", "nothing is not found"), ("{.numbers[9]}", "array index out of bounds: index 9, length 4"),
        ("{.kind[0]}", "List is not array or slice"),
    ])
    func failsOnDocuments(template: String, wanted: String) throws {
        let parsed = try JSONPathTemplate(template)
        #expect(throws: JSONPathTemplate.TemplateError(wanted)) {
            try parsed.render(Self.document, allowsMissingKeys: false)
        }
    }
}
