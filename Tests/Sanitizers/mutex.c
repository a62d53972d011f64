/* Tells the thread sanitizer of Swift's Mutex, when loaded before libswiftSynchronization.

   The short way of locking is compiled into the caller, where the sanitizer sees it; where threads wait for each other, the library, which
   is not instrumented, does the locking, and the sanitizer would report what the lock guards as races. These two stand before the
   library's functions and call them. */
#include <dlfcn.h>
#include <stdint.h>

__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);

/* Synchronization._MutexHandle._lockSlow(UInt32) and ._unlockSlow(), of Swift 6.3. */
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

SWIFT void lock(uint32_t value, SELF) __asm__(LOCK);
SWIFT void lock(uint32_t value, SELF) {
  SWIFT void (*real)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
  real(value, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock(SELF) __asm__(UNLOCK);
SWIFT void unlock(SELF) {
  SWIFT void (*real)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
  if (__tsan_release) __tsan_release(self);
  real(self);
}
