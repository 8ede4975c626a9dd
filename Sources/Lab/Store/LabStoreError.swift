import Foundation
import GRDB

/// Why a lab's file could not be used.
public enum LabStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    case missing(String)
    case exists(String)
    case notALab(String)
    case newer(String, found: Int, known: Int)
    case otherBehaviour(String, found: Int, known: Int)
    case busy(String)
    case changedMeanwhile(String)
    case readOnly(String)
    case full(String)
    case damaged(String, String)
    case other(String, String)

    init(_ error: any Error, path: String) {
        guard let error = error as? DatabaseError else {
            self = .other(path, "\(error)")
            return
        }
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path)
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: self = .readOnly(path)
        case .SQLITE_FULL, .SQLITE_IOERR: self = .full(path)
        case .SQLITE_NOTADB: self = .notALab(path)
        case .SQLITE_CORRUPT: self = .damaged(path, error.message ?? "SQLite calls it malformed")
        default: self = .other(path, error.message ?? "SQLite error \(error.resultCode.rawValue)")
        }
    }

    public var description: String {
        switch self {
        case .missing(let path):
            "there is no lab at \(path). Begin one with 'kubelab start EXERCISE', or name another with --lab FILE."
        case .exists(let path):
            "\(path) exists already; it was left as it is. Choose another name with --lab FILE, or remove it yourself."
        case .notALab(let path):
            "\(path) is not a lab of kubelab (not a SQLite file, or without kubelab's tables)."
        case .newer(let path, let found, let known):
            "\(path) was written by a newer kubelab (file format \(found), this one knows \(known)). Use the newer program."
        case .otherBehaviour(let path, let found, let known):
            "\(path) was made by a kubelab whose world behaves differently (behaviour \(found), this one has \(known)). Run 'kubelab status --replay' to replay its inputs with this version; what happened may differ."
        case .busy(let path):
            "another kubelab is working on \(path). Nothing was changed; try again when it has finished."
        case .changedMeanwhile(let path):
            "another kubelab changed \(path) meanwhile. Nothing was changed by this command; run it again."
        case .readOnly(let path):
            "\(path) cannot be opened for writing: check that the folder exists and that you may write to it."
        case .full(let path):
            "\(path) could not be written: the disk is full or failing. What was acknowledged before is safe."
        case .damaged(let path, let why):
            "\(path) is damaged: \(why). Restore a copy (kubelab fork makes them), or start again."
        case .other(let path, let why):
            "\(path): \(why)"
        }
    }
}

func fileExists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
