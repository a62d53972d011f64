import Glibc
import Synchronization

/// Files and folders that a run has made and that go when it does not come to its end, a signal included.
enum Unfinished {
  /// Those that stay or go together.
  final class Group: Sendable {}

  struct Entry {
    let path: String
    /// nil: a file by itself.
    var group: Group?
  }

  /// In the order they were made.
  private static let paths = Mutex<[Entry]>([])

  /// Runs what makes, names or removes such files; a signal ends the program before it or after it.
  static func change<Result>(_ body: (inout [Entry]) throws -> Result) rethrows -> Result {
    listen()
    return try paths.withLock { try body(&$0) }
  }

  /// Catches the signals that end a program, from the first time on.
  static func listen() { _ = isListening }

  /// Removes all of a group; folders only when they are empty.
  static func takeBack(_ group: Group) {
    change { entries in
      remove(entries.filter { $0.group === group })
      entries.removeAll { $0.group === group }
    }
  }

  /// All of a group stay.
  static func keep(_ group: Group) { change { $0.removeAll { $0.group === group } } }

  private static func remove(_ entries: [Entry]) {
    // Folders after what is in them.
    for entry in entries.reversed() where unlink(entry.path) != 0 { rmdir(entry.path) }
  }

  /// Removes all and ends the program by a signal: a shell sees 128 and its number.
  static func end(by number: Int32) -> Never {
    // Nothing is made after this.
    paths.withLock { paths in
      remove(paths)
      signal(number, SIG_DFL)
      var only = sigset_t()
      sigemptyset(&only)
      sigaddset(&only, number)
      pthread_sigmask(SIG_UNBLOCK, &only, nil)
      kill(getpid(), number)
      // A signal that does not come at once, or is blocked elsewhere.
      usleep(100_000)
      _exit(128 + number)
    }
  }
}

extension Unfinished {
  /// The pipe through which the handler wakes the thread that cleans up: it must not do so itself, in the middle of anything.
  nonisolated(unsafe) private static var alarm: [Int32] = [-1, -1]
  /// The end of it that is written to; a handler must not touch an array.
  private static let bell = Atomic<Int32>(-1)

  private static let isListening: Bool = {
    // A reader that is gone, and a file that may not grow, are errors of write.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    guard pipe(&alarm) == 0 else { return false }
    for end in alarm { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    bell.store(alarm[1], ordering: .relaxed)
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { _ in
        Unfinished.wait()
        return nil
      }, nil)
    guard failure == 0 else { return false }
    for number in numbers {
      var old = sigaction()
      sigaction(number, nil, &old)
      // Under nohup a hangup stays ignored, and in the background of a script an interrupt.
      if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 1 { continue }
      signal(number) { number in
        let before = errno
        var byte = UInt8(number)
        write(Unfinished.bell.load(ordering: .relaxed), &byte, 1)
        // The same again ends the program at once.
        signal(number, SIG_DFL)
        errno = before
      }
    }
    return true
  }()

  private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU]

  private static func wait() {
    // A program that was started by a thread with blocked signals has them blocked, too.
    var all = sigset_t()
    sigemptyset(&all)
    for number in numbers { sigaddset(&all, number) }
    pthread_sigmask(SIG_UNBLOCK, &all, nil)
    var byte: UInt8 = 0
    while read(alarm[0], &byte, 1) != 1 { if errno != EINTR { return } }
    end(by: Int32(byte))
  }
}
