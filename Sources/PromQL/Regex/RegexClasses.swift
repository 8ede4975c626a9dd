/// The named character classes of RE2.
enum RegexClasses {
    private static let digit = CharacterRanges(ranges: [48...57])
    private static let space = CharacterRanges(ranges: [9...10, 12...13, 32...32])
    private static let word = CharacterRanges(ranges: [48...57, 65...90, 95...95, 97...122])

    static let perl: [Unicode.Scalar: CharacterRanges] = [
        "d": digit, "D": digit.inverted, "s": space, "S": space.inverted, "w": word, "W": word.inverted,
    ]

    /// `[:alpha:]` and its kin, `[:^alpha:]` too.
    static func posix(_ name: String) -> CharacterRanges? {
        if name.hasPrefix("^") { return posix(String(name.dropFirst()))?.inverted }
        let ranges: [ClosedRange<UInt32>]
        switch name {
        case "alnum": ranges = [48...57, 65...90, 97...122]
        case "alpha": ranges = [65...90, 97...122]
        case "ascii": ranges = [0...127]
        case "blank": ranges = [9...9, 32...32]
        case "cntrl": ranges = [0...31, 127...127]
        case "digit": ranges = [48...57]
        case "graph": ranges = [33...126]
        case "lower": ranges = [97...122]
        case "print": ranges = [32...126]
        case "punct": ranges = [33...47, 58...64, 91...96, 123...126]
        case "space": ranges = [9...13, 32...32]
        case "upper": ranges = [65...90]
        case "word": ranges = word.ranges
        case "xdigit": ranges = [48...57, 65...70, 97...102]
        default: return nil
        }
        return CharacterRanges(ranges: ranges)
    }

    /// `\p{L}`: a general category by its one or two letters, or a few scripts by name.
    static func unicode(_ name: String) -> CharacterRanges? {
        switch name {
        case "Any": return .everything
        case "Latin":
            return CharacterRanges(ranges: [65...90, 97...122, 170...170, 186...186, 192...214, 216...246, 248...696])
        case "Greek":
            return CharacterRanges(ranges: [
                0x370...0x373, 0x375...0x377, 0x37A...0x37D, 0x37F...0x37F, 0x384...0x384, 0x386...0x386, 0x388...0x3E1,
                0x3F0...0x3FF,
            ])
        case "Cyrillic": return CharacterRanges(ranges: [0x400...0x484, 0x487...0x52F])
        case "Han":
            return CharacterRanges(ranges: [
                0x2E80...0x2FD5, 0x3005...0x3005, 0x3007...0x3007, 0x3021...0x3029, 0x3400...0x4DBF, 0x4E00...0x9FFF,
                0xF900...0xFAFF, 0x20000...0x323AF,
            ])
        default: break
        }
        if let set = categories[name] { return set }
        // A letter alone is all categories that begin with it.
        let parts = name.count == 1 ? categories.filter { $0.key.hasPrefix(name) }.sorted { $0.key < $1.key } : []
        return parts.isEmpty ? nil : CharacterRanges(ranges: parts.flatMap(\.value.ranges)).normalised
    }

    /// The characters of each general category, found once.
    private static let categories: [String: CharacterRanges] = {
        var ranges: [String: [ClosedRange<UInt32>]] = [:]
        var begin: UInt32 = 0
        var current = "Cn"
        for value: UInt32 in 0...0x30000 {
            let name = value < 0x30000 ? Unicode.Scalar(value).map(abbreviation) ?? "Cn" : "Cn"
            if name == current { continue }
            if current != "Cn" { ranges[current, default: []].append(begin...(value - 1)) }
            (begin, current) = (value, name)
        }
        return ranges.mapValues { CharacterRanges(ranges: $0) }
    }()

    private static func abbreviation(_ scalar: Unicode.Scalar) -> String {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}
