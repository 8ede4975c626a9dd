import KubernetesAPI
import Simulation
import Workloads

/// `curl` and `wget`: what was asked of them, and what they print when the answer is there.
///
/// Programs are simulated without contents, so that the body of an answer says who answered what, and when.
struct WebRequest: Sendable {
    enum Program: Sendable { case curl, wget }

    var program = Program.curl
    var host = ""
    var port = 80
    var path = "/"
    /// `-o`, `-O`; nil for standard output.
    var savesTo: String?
    var isSilent = false
    var showsErrors = false
    var showsHead = false
    var headOnly = false
    var isVerbose = false
    var failsOnStatus = false
    /// `-w`.
    var format = ""
    var maximumTime: Duration?
    var connectTimeout: Duration?

    /// After this long the kernel gives a connection up that nobody answers.
    private static let kernelTimeout = Duration.seconds(134)

    // MARK: Command lines

    @Sendable static func curl(_ call: ShellCommands.Call) -> ShellCommands.Outcome {
        var request = WebRequest()
        var address: String?
        var words = call.arguments
        func missing(_ flag: String) -> ShellCommands.Outcome {
            .failed(
                2,
                "curl: option \(flag): requires parameter\ncurl: try 'curl --help' or 'curl --manual' for more information"
            )
        }
        while let word = words.popFirst() {
            guard word.hasPrefix("-"), word != "-" else {
                address = word
                continue
            }
            var flags: [String]
            if word.hasPrefix("--") {
                flags = [word]
            } else {
                flags = []
                var letters = word.dropFirst()
                while let letter = letters.popFirst() {
                    flags.append("-\(letter)")
                    if "omwXdHAu".contains(letter), !letters.isEmpty {
                        words = ([String(letters)] + words)[...]
                        letters = ""
                    }
                }
            }
            for flag in flags {
                switch flag {
                case "-s", "--silent": request.isSilent = true
                case "-S", "--show-error": request.showsErrors = true
                case "-i", "--include": request.showsHead = true
                case "-I", "--head": request.headOnly = true
                case "-v", "--verbose": request.isVerbose = true
                case "-f", "--fail": request.failsOnStatus = true
                case "-L", "--location", "-k", "--insecure", "-g", "-4", "-N", "--no-buffer", "--compressed": break
                case "-o", "--output", "-w", "--write-out", "-m", "--max-time", "--connect-timeout", "-X", "--request",
                    "-d",
                    "--data", "-H", "--header", "-A", "--user-agent", "-u", "--user", "--retry":
                    guard let value = words.popFirst() else { return missing(flag) }
                    switch flag {
                    case "-o", "--output": request.savesTo = value
                    case "-w", "--write-out": request.format = value
                    case "-m", "--max-time", "--connect-timeout":
                        guard let seconds = Double(value), seconds >= 0 else {
                            return .failed(
                                2,
                                "curl: option \(flag): expected a proper numerical parameter\ncurl: try 'curl --help' or 'curl --manual' for more information"
                            )
                        }
                        let span = Duration(seconds: min(seconds, 1e6))
                        if flag == "--connect-timeout" {
                            request.connectTimeout = span
                        } else {
                            request.maximumTime = span
                        }
                    default: break
                    }
                default:
                    return .failed(
                        2,
                        "curl: option \(flag): is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information"
                    )
                }
            }
        }
        guard let address else { return .failed(2, "curl: try 'curl --help' or 'curl --manual' for more information") }
        guard request.read(address) else {
            return .failed(3, "curl: (3) URL rejected: Malformed input to a URL function")
        }
        if let path = request.savesTo, path != "/dev/null", path != "-" {
            return .failed(
                23, "curl: (23) Failure writing output to destination: \(path) is on a read-only file system")
        }
        return request.begin(call)
    }

    @Sendable static func wget(_ call: ShellCommands.Call) -> ShellCommands.Outcome {
        var request = WebRequest()
        request.program = .wget
        request.savesTo = "index.html"
        var address: String?
        var words = call.arguments
        while let word = words.popFirst() {
            switch word {
            case "-q", "--quiet": request.isSilent = true
            case "-S", "--server-response": request.showsHead = true
            case "--spider": request.savesTo = "/dev/null"
            case "-qO-", "-O-", "-q0-":
                request.isSilent = request.isSilent || word.hasPrefix("-q")
                request.savesTo = nil
            case "-O", "-qO", "-T", "--timeout", "-t", "--tries", "--header", "--post-data":
                guard let value = words.popFirst() else {
                    return .failed(1, "wget: option requires an argument -- '\(word.last ?? " ")'")
                }
                if word == "-O" || word == "-qO" { request.savesTo = value == "-" ? nil : value }
                if word == "-T" || word == "--timeout" {
                    guard let seconds = Double(value), seconds >= 0 else {
                        return .failed(1, "wget: invalid number '\(value)'")
                    }
                    request.maximumTime = Duration(seconds: min(seconds, 1e6))
                }
            default:
                if word.hasPrefix("--timeout="), let seconds = Double(word.dropFirst(10)), seconds >= 0 {
                    request.maximumTime = Duration(seconds: min(seconds, 1e6))
                } else if word.hasPrefix("-T"), let seconds = Double(word.dropFirst(2)), seconds >= 0 {
                    request.maximumTime = Duration(seconds: min(seconds, 1e6))
                } else if word.hasPrefix("-") {
                    return .failed(1, "wget: unrecognized option '\(word)'")
                } else {
                    address = word
                }
            }
        }
        guard let address else { return .failed(1, "wget: missing URL") }
        guard request.read(address) else { return .failed(1, "wget: bad address '\(address)'") }
        if let path = request.savesTo, path != "/dev/null" {
            return .failed(1, "wget: can't open '\(path)': Read-only file system")
        }
        return request.begin(call)
    }

    /// Reads `http://host:port/path`.
    private mutating func read(_ address: String) -> Bool {
        var rest = address[...]
        port = 80
        if rest.hasPrefix("http://") {
            rest = rest.dropFirst(7)
        } else if rest.hasPrefix("https://") {
            rest = rest.dropFirst(8)
            port = 443
        } else if rest.contains("://") {
            return false
        }
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<slash]
        path = String(rest[slash...])
        if !path.hasPrefix("/") { path = "/" + path }
        if let fragment = path.firstIndex(of: "#") { path = String(path[..<fragment]) }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2, !name.contains(" ") else { return false }
        host = String(name).lowercased()
        if parts.count == 2 {
            guard let number = Int(parts[1]), (1...65_535).contains(number) else { return false }
            port = number
        }
        return true
    }

    // MARK: Sending

    private func begin(_ call: ShellCommands.Call) -> ShellCommands.Outcome {
        switch NameLookup(call.surroundings).place(host, port: port) {
        case .target(let target):
            return .request(ExchangeRequest(target: target, path: path, timeout: maximumTime), self)
        case .unknownName:
            return program == .curl
                ? complaint(6, "Could not resolve host: \(host)") : .failed(1, "wget: bad address '\(host)'")
        case .refused:
            return program == .curl ? complaint(7, refusal(after: .milliseconds(1))) : .failed(1, wgetRefusal)
        case .silent:
            let limits = [connectTimeout, maximumTime].compactMap { $0 }
            let span = min(limits.min() ?? Self.kernelTimeout, Self.kernelTimeout)
            if program == .wget { return .sleep(span, status: 1, says: "wget: download timed out\n") }
            let why = span == Self.kernelTimeout ? "Couldn't connect to server" : "Timeout was reached"
            return .sleep(
                span, status: 28,
                says: isQuiet
                    ? ""
                    : "curl: (28) Failed to connect to \(host) port \(port) after \(Self.milliseconds(span)) ms: \(why)\n"
            )
        }
    }

    private var isQuiet: Bool { isSilent && !showsErrors }

    private func complaint(_ code: Int32, _ text: String) -> ShellCommands.Outcome {
        .ended(code, Array(written(status: 0, after: .zero).utf8), isQuiet ? "" : "curl: (\(code)) \(text)\n")
    }

    private func refusal(after span: Duration) -> String {
        "Failed to connect to \(host) port \(port) after \(Self.milliseconds(span)) ms: Couldn't connect to server"
    }

    private var wgetRefusal: String { "wget: can't connect to remote host (\(host)): Connection refused" }

    // MARK: Answering

    /// What is printed when an exchange has ended.
    func answer(to exchange: Exchange) -> (status: Int32, output: [UInt8], error: String) {
        guard let end = exchange.end else { return (1, [], "") }
        let span = end.time - exchange.began
        switch program {
        case .curl: return curlAnswer(exchange, end.how, span)
        case .wget: return wgetAnswer(exchange, end.how, span)
        }
    }

    private func curlAnswer(_ exchange: Exchange, _ how: Exchange.Ending, _ span: Duration) -> (Int32, [UInt8], String)
    {
        func failed(_ code: Int32, _ text: String) -> (Int32, [UInt8], String) {
            (code, Array(written(status: 0, after: span).utf8), isQuiet ? "" : "curl: (\(code)) \(text)\n")
        }
        switch how {
        case .refused: return failed(7, refusal(after: max(span, .milliseconds(1))))
        case .reset: return failed(56, "Recv failure: Connection reset by peer")
        case .timedOut:
            return failed(28, "Operation timed out after \(Self.milliseconds(span)) milliseconds with 0 bytes received")
        case .answered(let status):
            if failsOnStatus, status >= 400 {
                return failed(22, "The requested URL returned error: \(status)")
            }
            var text = ""
            if showsHead || headOnly { text += head(exchange, status) }
            if savesTo != "/dev/null", !headOnly { text += exchange.body(status: status) }
            text += written(status: status, after: span)
            let trace =
                isVerbose
                ? "* Connected to \(host) port \(port)\n> GET \(path) HTTP/1.1\n> Host: \(host)\n>\n< HTTP/1.1 \(status) \(Exchange.reason(status))\n<\n"
                : ""
            return (0, Array(text.utf8), trace)
        }
    }

    private func wgetAnswer(_ exchange: Exchange, _ how: Exchange.Ending, _ span: Duration) -> (Int32, [UInt8], String)
    {
        switch how {
        case .refused: return (1, [], wgetRefusal + "\n")
        case .reset: return (1, [], "wget: error getting response: Connection reset by peer\n")
        case .timedOut: return (1, [], "wget: download timed out\n")
        case .answered(let status):
            let connecting = isSilent ? "" : "Connecting to \(host) (\(host):\(port))\n"
            let head = showsHead ? "  HTTP/1.1 \(status) \(Exchange.reason(status))\n" : ""
            guard status < 400 else {
                return (
                    1, [],
                    connecting + head + "wget: server returned error: HTTP/1.1 \(status) \(Exchange.reason(status))\n"
                )
            }
            return (0, savesTo == nil ? Array(exchange.body(status: status).utf8) : [], connecting + head)
        }
    }

    private func head(_ exchange: Exchange, _ status: Int) -> String {
        "HTTP/1.1 \(status) \(Exchange.reason(status))\r\ncontent-type: text/plain\r\n\r\n"
    }

    /// What `-w` prints.
    private func written(status: Int, after span: Duration) -> String {
        guard !format.isEmpty else { return "" }
        let micros = span.nanoseconds / 1000
        let total = "\(micros / 1_000_000)." + String("\(1_000_000 + micros % 1_000_000)".dropFirst())
        let code = String("\(1000 + status)".suffix(3))
        return format.replacing("%{http_code}", with: code).replacing("%{response_code}", with: code)
            .replacing("%{time_total}", with: total).replacing("%{time_starttransfer}", with: total)
            .replacing("\\n", with: "\n").replacing("\\t", with: "\t")
    }

    private static func milliseconds(_ span: Duration) -> Int64 { (span.nanoseconds + 500_000) / 1_000_000 }
}
