// What libFuzzer offers a program that has a main function of its own (FuzzerInterface.h does not declare it all).
#include <stddef.h>
#include <stdint.h>

/// Runs the fuzzer: parses the arguments, calls `body` with inputs until it is told to stop, gives an exit status.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*body)(const uint8_t *bytes, size_t count));
/// Changes `count` bytes in a buffer of `room`, gives their new number.
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t count, size_t room);
