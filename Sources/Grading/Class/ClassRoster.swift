import Foundation
import Lab

/// Who handed in: the subfolders of a folder, one a student.
public struct ClassRoster: Sendable {
    public struct Student: Sendable, Equatable {
        /// The folder's name.
        public var name: String
        /// Where the hand-in lies.
        public var folder: String
        /// Why it cannot be looked at; nil if it can.
        public var fault: String?
    }

    /// By name, in the order of bytes.
    public var students: [Student]
    /// Names of entries that are no folders, such as archives that nobody unpacked.
    public var passedOver: [String]

    /// Reads the folder.
    /// - Throws: `ConfigurationError` if it cannot be read or holds no folder.
    public static func read(_ folder: String) throws -> ClassRoster {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw ConfigurationError(file: folder, message: "no such folder, or it cannot be read")
        }
        var roster = ClassRoster(students: [], passedOver: [])
        for name in entries.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
            let path = folder + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: roster.students.append(Student(name: name, folder: path, fault: nil))
            case S_IFLNK:
                // Behind a link could be somebody else's work.
                roster.students.append(
                    Student(name: name, folder: path, fault: "is a symbolic link; hand in the folder itself"))
            default: roster.passedOver.append(name)
            }
        }
        guard !roster.students.isEmpty else {
            throw ConfigurationError(
                file: folder,
                message: roster.passedOver.isEmpty
                    ? "is empty; each subfolder is one student's hand-in"
                    : "holds no folder; each subfolder is one student's hand-in, and archives must be unpacked first")
        }
        return roster
    }
}

extension ClassRoster.Student {
    /// A file's name for the student's verdict: the folder's own where it is harmless, else with other bytes as `%41`.
    var fileName: String {
        var result = ""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + SHA256.hexadecimal(of: [byte]).uppercased()
            }
        }
        // A name of 255 bytes is legal for a folder; with an ending, or escaped, it would be too long.
        if result.utf8.count > 200 {
            result = String(result.prefix(120)) + "-" + String(SHA256.hexadecimal(name.utf8).prefix(32))
        }
        return result + ".json"
    }
}
