import Foundation

// A reader that went away (`kubelab … | head`) ends the output, not the process.
signal(SIGPIPE, SIG_IGN)
exit(Invocation.run(Array(CommandLine.arguments.dropFirst())))
