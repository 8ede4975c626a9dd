import Foundation
import Synchronization

/// Whether Ctrl-C was pressed while something long goes on that can stop at a good moment.
enum Interruption {
    private static let flag = Atomic<Bool>(false)

    static var isWanted: Bool { flag.load(ordering: .relaxed) }

    /// From now on Ctrl-C and SIGTERM ask; a second one ends the process at once.
    static func listen() {
        // Whoever started the program from a thread with blocked signals handed the mask down.
        var asked = sigset_t()
        sigemptyset(&asked)
        for number in [SIGINT, SIGTERM] { sigaddset(&asked, number) }
        pthread_sigmask(SIG_UNBLOCK, &asked, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                if Interruption.flag.exchange(true, ordering: .relaxed) { _exit(128 + number) }
            }
        }
    }
}
