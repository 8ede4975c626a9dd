import Cluster
import KubernetesAPI
import Simulation
import Workloads

/// The commands that simulated containers have, in the words of the usual ones (GNU's, procps', BusyBox' wget).
enum ShellCommands {
    /// One command with what it may look at.
    struct Call {
        var words: [String]
        var environment: [(name: String, value: String)]
        var folder: String
        var surroundings: ContainerSurroundings

        var name: String { words.first ?? "" }
        var arguments: ArraySlice<String> { words.dropFirst() }

        /// A path as the file system knows it.
        func path(_ text: String) -> String {
            var parts: [Substring] = []
            for part in ((text.hasPrefix("/") ? "" : folder + "/") + text).split(separator: "/") where part != "." {
                if part == ".." { _ = parts.popLast() } else { parts.append(part) }
            }
            return "/" + parts.joined(separator: "/")
        }
    }

    /// What a command does.
    enum Outcome {
        case ended(Int32, [UInt8], String)
        /// Leaves the script.
        case exit(Int32)
        case sleep(Duration, status: Int32, says: String)
        case copyInput
        case request(ExchangeRequest, WebRequest)
        case signal(Int)
        /// A shell's script, or nil for one that reads its commands.
        case script(String?, arguments: [String])

        static func text(_ text: String, _ status: Int32 = 0) -> Outcome { .ended(status, Array(text.utf8), "") }
        static func failed(_ status: Int32, _ complaint: String) -> Outcome { .ended(status, [], complaint + "\n") }
    }

    private static let binaries: [String: @Sendable (Call) -> Outcome] = [
        "env": env, "printenv": printenv, "cat": cat, "ls": ls, "ps": ps, "curl": WebRequest.curl,
        "wget": WebRequest.wget, "kill": kill, "sleep": sleep, "echo": echo, "hostname": hostname, "id": id,
        "whoami": { call in .text((call.surroundings.user.uid == 0 ? "root" : "\(call.surroundings.user.uid)") + "\n")
        },
        "pwd": { call in .text(call.folder + "\n") }, "date": date, "uname": uname, "true": { _ in .text("") },
        "false": { _ in .text("", 1) }, "test": test, "[": test, "getent": getent, "sh": sh, "bash": sh, "dash": sh,
        // kubectl cp runs it.
        "tar": { _ in
            .failed(
                2,
                "tar: kubelab: simulated containers have no files to copy; change the ConfigMap, Secret or image that a file comes from"
            )
        },
    ]

    /// The name of the command that a word runs; nil if the image has none of that name.
    static func binary(_ word: String) -> String? {
        guard word.contains("/") else { return binaries[word] == nil ? nil : word }
        let parts = word.split(separator: "/", omittingEmptySubsequences: true)
        guard ["/bin", "/usr/bin", "/usr/local/bin"].contains("/" + parts.dropLast().joined(separator: "/")),
            let last = parts.last, binaries[String(last)] != nil
        else { return nil }
        return String(last)
    }

    /// Runs a program of the image.
    static func run(_ call: Call) -> Outcome {
        guard let name = binary(call.name), let command = binaries[name] else {
            return .failed(127, "sh: 1: \(call.name): not found")
        }
        return command(call)
    }

    /// What a shell does itself; nil for everything else.
    static func builtIn(_ call: Call, frame: inout ContainerShell.Frame) -> Outcome? {
        switch call.name {
        case ":": return .text("")
        case "exit":
            guard let word = call.arguments.first else { return .exit(frame.status) }
            guard let status = Int32(word), status >= 0 else {
                return .failed(2, "sh: 1: exit: Illegal number: \(word)")
            }
            return .exit(status & 0xff)
        case "cd":
            let path = call.path(call.arguments.first ?? call.environment.first { $0.name == "HOME" }?.value ?? "/")
            guard call.surroundings.names(in: path) != nil else {
                return .failed(2, "sh: 1: cd: can't cd to \(call.arguments.first ?? path)")
            }
            frame.folder = path
            return .text("")
        case "export":
            for word in call.arguments {
                let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                if parts.count == 2 { frame.set(parts[0], parts[1]) }
                if let place = frame.variables.firstIndex(where: { $0.name == parts[0] }) {
                    frame.variables[place].isExported = true
                }
            }
            return .text("")
        case "unset":
            frame.variables.removeAll { call.arguments.contains($0.name) }
            return .text("")
        case "set": return .text("")
        default: return nil
        }
    }

    // MARK: Looking

    @Sendable private static func env(_ call: Call) -> Outcome {
        guard call.arguments.isEmpty else {
            return .failed(127, "env: '\(call.arguments.first ?? "")': this env only prints")
        }
        return .text(call.environment.map { "\($0.name)=\($0.value)\n" }.joined())
    }

    @Sendable private static func printenv(_ call: Call) -> Outcome {
        guard !call.arguments.isEmpty else { return env(call) }
        let found = call.arguments.map { name in call.environment.first { $0.name == name }?.value }
        return .text(found.compactMap { $0.map { $0 + "\n" } }.joined(), found.contains { $0 == nil } ? 1 : 0)
    }

    @Sendable private static func cat(_ call: Call) -> Outcome {
        let paths = call.arguments.filter { !$0.hasPrefix("-") || $0 == "-" }
        guard !paths.isEmpty, paths != ["-"] else { return .copyInput }
        var (output, complaint): ([UInt8], String) = ([], "")
        for word in paths {
            let path = call.path(word)
            if let file = call.surroundings.file(path) {
                output += file.bytes
            } else if call.surroundings.names(in: path) != nil {
                complaint += "cat: \(word): Is a directory\n"
            } else {
                complaint += "cat: \(word): No such file or directory\n"
            }
        }
        return .ended(complaint.isEmpty ? 0 : 1, output, complaint)
    }

    @Sendable private static func ls(_ call: Call) -> Outcome {
        let flags = call.arguments.filter { $0.hasPrefix("-") && $0 != "-" }.joined()
        var words = call.arguments.filter { !$0.hasPrefix("-") }
        if words.isEmpty { words = [call.folder] }
        var (output, complaint) = ("", "")
        func line(_ path: String, _ name: String) -> String {
            guard flags.contains("l") else { return name + "\n" }
            guard let file = call.surroundings.file(path) else { return "drwxr-xr-x 2 root root 4096 \(name)\n" }
            let bits = Array("rwxrwxrwx")
            let mode = bits.indices.map { file.mode >> Int32(8 - $0) & 1 == 1 ? String(bits[$0]) : "-" }.joined()
            return "-\(mode) 1 root root \(file.bytes.count) \(name)\n"
        }
        for (index, word) in words.enumerated() {
            let path = call.path(word)
            if call.surroundings.file(path) != nil {
                output += line(path, word)
            } else if let names = call.surroundings.names(in: path) {
                if words.count > 1 { output += (index > 0 ? "\n" : "") + word + ":\n" }
                for name in names { output += line(path == "/" ? "/" + name : path + "/" + name, name) }
            } else {
                complaint += "ls: cannot access '\(word)': No such file or directory\n"
            }
        }
        return .ended(complaint.isEmpty ? 0 : 2, Array(output.utf8), complaint)
    }

    @Sendable private static func ps(_ call: Call) -> Outcome {
        let flags = call.arguments.joined()
        let isLong = flags.contains("a") || flags.contains("e") || flags.contains("f")
        let surroundings = call.surroundings
        let command = surroundings.command.joined(separator: " ")
        let usage = surroundings.usage
        let workers = surroundings.world.workloads.workerCount(of: surroundings.target.run)
        func clock(_ nanoseconds: Int64) -> String {
            let seconds = nanoseconds / 1_000_000_000
            func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
            return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        }
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let user = surroundings.user.uid == 0 ? "root" : "\(surroundings.user.uid)"
        var text = isLong ? "USER         PID    RSS STAT     TIME COMMAND\n" : "    PID TTY          TIME CMD\n"
        // A server with several workers has a process for each, forked by the first.
        let processes = workers > 1 ? workers + 1 : 1
        for index in 0..<processes {
            let share = workers > 1 ? (index == 0 ? 0 : usage.cpuNanoseconds / Int64(workers)) : usage.cpuNanoseconds
            let memory = usage.workingSetBytes / Int64(processes) / 1024
            let pid = right("\(index == 0 ? 1 : 6 + index)", 7)
            text +=
                isLong
                ? user.padded(8) + right("\(index == 0 ? 1 : 6 + index)", 8) + right("\(memory)", 7) + " Ss   "
                    + right(clock(share), 8) + " " + command + "\n"
                : "\(pid) ?        \(clock(share)) "
                    + (surroundings.command.first?.split(separator: "/").last.map(String.init) ?? "") + "\n"
        }
        return .text(text)
    }

    @Sendable private static func hostname(_ call: Call) -> Outcome {
        switch call.arguments.first {
        case "-i", "-I": .text(call.surroundings.target.address + "\n")
        case nil, "-s", "-f": .text(call.surroundings.hostname + "\n")
        default: .failed(1, "hostname: you must be root to change the host name")
        }
    }

    @Sendable private static func id(_ call: Call) -> Outcome {
        let (uid, gid) = call.surroundings.user
        switch call.arguments.first {
        case "-u": return .text("\(uid)\n")
        case "-g": return .text("\(gid)\n")
        default:
            func named(_ number: Int64) -> String { number == 0 ? "0(root)" : "\(number)" }
            return .text("uid=\(named(uid)) gid=\(named(gid)) groups=\(named(gid))\n")
        }
    }

    @Sendable private static func date(_ call: Call) -> Outcome {
        let world = call.surroundings.world
        let seconds = world.wallTime.epochSeconds
        switch call.arguments.first {
        case "+%s": return .text("\(seconds)\n")
        default: return .text(CivilTime.format(seconds: seconds) + "\n")
        }
    }

    @Sendable private static func uname(_ call: Call) -> Outcome {
        switch call.arguments.first {
        case "-n": .text(call.surroundings.hostname + "\n")
        case "-a": .text("Linux \(call.surroundings.hostname) simulated GNU/Linux\n")
        default: .text("Linux\n")
        }
    }

    @Sendable private static func getent(_ call: Call) -> Outcome {
        guard call.arguments.first == "hosts", let name = call.arguments.dropFirst().first else {
            return .failed(1, "getent: only \"getent hosts NAME\" is known here")
        }
        guard let address = NameLookup(call.surroundings).address(of: name) else { return .text("", 2) }
        return .text("\(address.padded(15)) \(name)\n")
    }

    // MARK: Doing

    @Sendable private static func echo(_ call: Call) -> Outcome {
        var words = call.arguments
        let noNewline = words.first == "-n"
        if noNewline || words.first == "-e" { words = words.dropFirst() }
        return .text(words.joined(separator: " ") + (noNewline ? "" : "\n"))
    }

    @Sendable private static func sleep(_ call: Call) -> Outcome {
        guard !call.arguments.isEmpty else {
            return .failed(1, "sleep: missing operand\nTry 'sleep --help' for more information.")
        }
        var total = Duration.zero
        for word in call.arguments {
            if word == "infinity" || word == "inf" {
                total = .seconds(10 * 365 * 86_400)
                continue
            }
            let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
            let unit = word.last.flatMap { units[$0] }
            guard let value = Double(unit == nil ? word[...] : word.dropLast()), value >= 0, value.isFinite else {
                return .failed(
                    1, "sleep: invalid time interval '\(word)'\nTry 'sleep --help' for more information.")
            }
            total += Duration(seconds: min(value * (unit ?? 1), 1e9))
        }
        return .sleep(total, status: 0, says: "")
    }

    static let signals = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "USR1": 10, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15,
        "CONT": 18, "STOP": 19,
    ]

    @Sendable private static func kill(_ call: Call) -> Outcome {
        var words = call.arguments
        var number = 15
        if words.first == "-l" {
            return .text(signals.sorted { $0.value < $1.value }.map(\.key).joined(separator: " ") + "\n")
        }
        if let first = words.first, first.hasPrefix("-"), first != "--" {
            words = words.dropFirst()
            var name = first.dropFirst()
            if name == "s" { name = (words.popFirst() ?? "")[...] }
            let plain = name.hasPrefix("SIG") ? name.dropFirst(3) : name
            guard let found = Int(plain) ?? signals[String(plain)], (0...64).contains(found) else {
                return .failed(2, "kill: \(name): invalid signal specification")
            }
            number = found
        }
        if words.first == "--" { words = words.dropFirst() }
        guard let word = words.first else {
            return .failed(
                2, "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]")
        }
        guard let pid = Int(word) else { return .failed(2, "kill: Illegal number: \(word)") }
        guard pid == 1 || pid == -1 else { return .failed(1, "kill: (\(pid)) - No such process") }
        return number == 0 ? .text("") : .signal(number)
    }

    @Sendable private static func test(_ call: Call) -> Outcome {
        var words = Array(call.arguments)
        if call.name == "[" {
            guard words.last == "]" else { return .failed(2, "sh: 1: [: missing ]") }
            words.removeLast()
        }
        var isNegated = false
        while words.first == "!", words.count > 1 {
            isNegated.toggle()
            words.removeFirst()
        }
        let holds: Bool
        switch words.count {
        case 0: holds = false
        case 1: holds = !words[0].isEmpty
        case 2:
            let path = call.path(words[1])
            switch words[0] {
            case "-n": holds = !words[1].isEmpty
            case "-z": holds = words[1].isEmpty
            case "-f", "-r": holds = call.surroundings.file(path) != nil
            case "-s": holds = !(call.surroundings.file(path)?.bytes.isEmpty ?? true)
            case "-d": holds = call.surroundings.file(path) == nil && call.surroundings.names(in: path) != nil
            case "-e": holds = call.surroundings.file(path) != nil || call.surroundings.names(in: path) != nil
            case "-x": holds = binary(words[1]) != nil
            default: return .failed(2, "sh: 1: \(call.name): \(words[0]): unexpected operator")
            }
        case 3:
            let (left, right) = (words[0], words[2])
            let operators: [String: (Int64, Int64) -> Bool] = [
                "-eq": (==), "-ne": (!=), "-lt": (<), "-le": (<=), "-gt": (>), "-ge": (>=),
            ]
            if words[1] == "=" || words[1] == "==" {
                holds = left == right
            } else if words[1] == "!=" {
                holds = left != right
            } else if let compare = operators[words[1]] {
                guard let a = Int64(left), let b = Int64(right) else {
                    return .failed(2, "sh: 1: \(call.name): Illegal number: \(Int64(left) == nil ? left : right)")
                }
                holds = compare(a, b)
            } else {
                return .failed(2, "sh: 1: \(call.name): \(words[1]): unexpected operator")
            }
        default: return .failed(2, "sh: 1: \(call.name): too many arguments")
        }
        return .text("", holds != isNegated ? 0 : 1)
    }

    @Sendable private static func sh(_ call: Call) -> Outcome {
        var words = call.arguments
        var takesScript = false
        while let first = words.first, first.hasPrefix("-") {
            words = words.dropFirst()
            guard first.dropFirst().allSatisfy({ "celiux".contains($0) }) else {
                return .failed(2, "\(call.name): 0: Illegal option \(first)")
            }
            if first.contains("c") { takesScript = true }
        }
        guard takesScript else {
            guard let file = words.first else { return .script(nil, arguments: []) }
            guard let content = call.surroundings.file(call.path(file)) else {
                return .failed(127, "\(call.name): 0: cannot open \(file): No such file")
            }
            return .script(String(decoding: content.bytes, as: UTF8.self), arguments: Array(words))
        }
        guard let script = words.popFirst() else { return .failed(2, "\(call.name): 0: -c requires an argument") }
        return .script(script, arguments: Array(words))
    }
}

extension String {
    /// The text with blanks behind it, up to a width.
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
