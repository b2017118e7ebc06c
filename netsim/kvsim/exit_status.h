#pragma once

#include <cstdio>
#include <string>

namespace kv::sim {

inline constexpr int kExitPassed = 0;
/// An expectation or a promise was not kept, or two runs differ.
inline constexpr int kExitFailed = 1;
/// The command line or a file makes no sense.
inline constexpr int kExitBadInput = 2;
/// By Ctrl-C; as shells have it: 128 + SIGINT.
inline constexpr int kExitInterrupted = 130;

/// The message on standard error, behind what was printed so far. Returns `status`.
inline int complain(const std::string& message, int status = kExitBadInput) {
  std::fflush(stdout);
  std::fputs((message + "\n").c_str(), stderr);
  return status;
}

}  // namespace kv::sim
