import Glibc
import Synchronization

/// A bar on stderr with the rate and the time left; shown when it is a terminal, after the first second.
final class ProgressBar: Sendable {
  private struct State {
    var done = 0
    var drawn = 0.0
    var isShown = false
  }

  private let label: String
  private let total: Int
  private let isEnabled: Bool
  private let start = now()
  private let state = Mutex(State())

  /// - Parameter total: samples to code.
  init(_ label: String, total: Int, quiet: Bool) {
    self.label = label
    self.total = max(1, total)
    isEnabled = !quiet && isatty(STDERR_FILENO) == 1
  }

  /// Counts samples as coded. From any thread.
  func advance(_ samples: Int) {
    guard isEnabled else { return }
    state.withLock { s in
      s.done += samples
      let time = now() - start
      guard time > 1, time - s.drawn > 0.1 else { return }
      s.drawn = time
      s.isShown = true
      writeError("\r\u{1B}[K" + line(done: s.done, seconds: time))
    }
  }

  /// Takes the bar away.
  func finish() {
    state.withLock { if $0.isShown { writeError("\r\u{1B}[K") } }
  }

  private func line(done: Int, seconds: Double) -> String {
    let part = min(1, Double(done) / Double(total))
    let rate = Double(done) / seconds / 1e6
    let left = clock((seconds / max(part, 1e-6)) * (1 - part))
    return "\(label) \(drawnBar(part)) \(Int(part * 100)) %  \(decimals(rate, 2)) Msamples/s  \(left) left"
  }
}

/// A bar of files on stderr, for many at once; shown when it is a terminal, after the first second.
final class FilesBar: Sendable {
  private struct State {
    var done = 0
    var drawn = 0.0
    var isShown = false
  }

  private let total: Int
  private let isEnabled: Bool
  private let start = now()
  private let state = Mutex(State())

  init(total: Int, quiet: Bool) {
    self.total = max(1, total)
    isEnabled = !quiet && total > 1 && isatty(STDERR_FILENO) == 1
  }

  /// Counts a file. From any thread.
  func advance() {
    guard isEnabled else { return }
    state.withLock { s in
      s.done += 1
      let time = now() - start
      guard time > 1, time - s.drawn > 0.1 else { return }
      (s.drawn, s.isShown) = (time, true)
      let rate = Double(s.done) / time
      writeError(
        "\r\u{1B}[K\(drawnBar(Double(s.done) / Double(total))) \(s.done) of \(total) files  \(decimals(rate, 1)) files/s  \(clock(Double(total - s.done) / rate)) left"
      )
    }
  }

  /// Takes the bar away.
  func finish() { state.withLock { if $0.isShown { writeError("\r\u{1B}[K") } } }
}

/// `part` of 24 places.
private func drawnBar(_ part: Double) -> String {
  let filled = Int(min(1, part) * 24)
  return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled) + "]"
}

/// Seconds as minutes and seconds.
private func clock(_ seconds: Double) -> String {
  let whole = Int(seconds + 0.5)
  return "\(whole / 60):\(whole % 60 < 10 ? "0" : "")\(whole % 60)"
}

/// Seconds of the monotonic clock.
func now() -> Double {
  var t = timespec()
  clock_gettime(CLOCK_MONOTONIC, &t)
  return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}

/// A number with so many digits behind the point.
func decimals(_ x: Double, _ digits: Int) -> String {
  let scale = pow(10, Double(digits))
  guard (x * scale).magnitude < 0x1p62 else { return "\(x)" }
  let whole = Int((x.magnitude * scale).rounded())
  let text = String(whole)
  let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
  let sign = x < 0 && whole > 0 ? "-" : ""
  return digits == 0 ? sign + padded : sign + padded.dropLast(digits) + "." + padded.suffix(digits)
}
