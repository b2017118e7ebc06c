#pragma once

namespace kv {

/// Prints the failed condition with its place on stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace kv

/// A programmer's error stops the process, in every build: going on could make a wrong state
/// durable. Never used on data from outside.
#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::kv::check_failed(#condition, __FILE__, __LINE__))
