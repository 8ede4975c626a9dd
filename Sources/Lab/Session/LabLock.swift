import Foundation

/// The right to change a lab, held by one process at a time and given back by the kernel if it dies.
///
/// An advisory lock (`flock`) on the lab's own file, so that nothing is left behind in the learner's folder. It is
/// apart from SQLite's locks, which protect single transactions: this one is held from reading the present to
/// committing what follows from it.
final class LabLock: Sendable {
    private let descriptor: Int32

    /// Waits its turn.
    /// - Throws: `LabStoreError.busy` when the other one has not finished after `patience` seconds.
    init(_ path: String, patience: Double) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw fileExists(path) ? LabStoreError.readOnly(path) : LabStoreError.missing(path)
        }
        let pause: UInt32 = 10_000
        var waited = 0.0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard waited < patience, errno == EWOULDBLOCK || errno == EINTR else {
                close(descriptor)
                throw LabStoreError.busy(path)
            }
            usleep(pause)
            waited += Double(pause) / 1e6
        }
    }

    deinit { close(descriptor) }
}
