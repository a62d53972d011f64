import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a wish to stop; the same signal again ends the program at once.
enum StopSignal {
  private static let received = Atomic<Int32>(0)

  /// The signal that came; 0 for none.
  static var number: Int32 { received.load(ordering: .relaxed) }

  static func listen() {
    // Made before a signal can come.
    received.store(0, ordering: .relaxed)
    var all = sigset_t()
    sigemptyset(&all)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var old = sigaction()
      sigaction(number, nil, &old)
      // Under nohup a hangup stays ignored, and in the background of a script an interrupt.
      if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 1 { continue }
      signal(number) { number in
        StopSignal.received.store(number, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
      sigaddset(&all, number)
    }
    // A program that was started by a thread with blocked signals has them blocked too.
    pthread_sigmask(SIG_UNBLOCK, &all, nil)
  }
}
