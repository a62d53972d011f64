// Two threads count in one place, under a lock, or, with an argument, without: what the thread sanitizer must pass, and must find.
import Foundation
import Synchronization

final class Counter: @unchecked Sendable {
  let lock = Mutex(())
  var counted = 0
}

let counter = Counter()
let arrived = Atomic(0)
let locked = CommandLine.arguments.count == 1
DispatchQueue.concurrentPerform(iterations: 2) { _ in
  arrived.wrappingAdd(1, ordering: .relaxed)
  while arrived.load(ordering: .relaxed) < 2 {}
  for _ in 0..<100_000 {
    if locked { counter.lock.withLock { _ in counter.counted += 1 } } else { counter.counted += 1 }
  }
}
print(counter.counted)
