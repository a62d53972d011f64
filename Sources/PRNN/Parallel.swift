import Dispatch
import Synchronization

/// Runs `body(context, index)` for 0 ..< count on up to `threads` threads; each makes one context for all its work.
/// Rethrows the error of the lowest index that failed.
func parallel<Context>(
  count: Int, threads: Int, context: @autoclosure @escaping @Sendable () throws -> Context,
  body: @escaping @Sendable (Context, Int) throws -> Void
) throws {
  let next = Atomic<Int>(0)
  let failure = Mutex<(index: Int, error: any Error)?>(nil)
  DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
    var index = 0
    do {
      let mine = try context()
      while true {
        index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count || failure.withLock({ $0 != nil }) { return }
        try body(mine, index)
      }
    } catch {
      failure.withLock { if index < $0?.index ?? .max { $0 = (index, error) } }
    }
  }
  if let error = failure.withLock({ $0?.error }) { throw error }
}
