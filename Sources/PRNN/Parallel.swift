import Dispatch
import Synchronization

extension Codec {
  /// Runs `body(coders, index)` for 0 ..< count on the codec's threads; each has coders of its own for all its work.
  ///
  /// - Parameter reports: whether the samples coded are those that were asked for, and count as progress.
  /// - Throws: ``PRNNError/cancelled``; else the error of the lowest index that failed.
  func inParallel(count: Int, reports: Bool = true, _ body: @escaping @Sendable (Coders, Int) throws -> Void) throws {
    let next = Atomic<Int>(0)
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
      var index = 0
      do {
        let mine = coders(reports: reports)
        while true {
          index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if index >= count || failure.withLock({ $0 != nil }) || isCancelled() { return }
          try body(mine, index)
        }
      } catch {
        failure.withLock { if index < $0?.index ?? .max { $0 = (index, error) } }
      }
    }
    // What was made then has no end, and may have been taken for damaged.
    if isCancelled() { throw PRNNError.cancelled }
    if let error = failure.withLock({ $0?.error }) { throw error }
  }

  func coders(reports: Bool) -> Coders {
    Coders(kernels) { samples in
      if reports { progress(samples) }
      return !isCancelled()
    }
  }
}
