import Foundation
import Lab
import Simulation

/// What tells one build of the program from another.
public enum BinaryFingerprint {
    /// A hash over the bytes of the running program, in hexadecimal digits; empty if it cannot be read.
    public static let own: String = of("/proc/self/exe")

    static func of(_ path: String) -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
        defer { try? handle.close() }
        var digest = Digest()
        while let part = try? handle.read(upToCount: 4 << 20), !part.isEmpty { digest.fold([UInt8](part)) }
        return digest.description
    }
}
