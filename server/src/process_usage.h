#pragma once

#include <cstdint>
#include <string>

namespace kv {

/// What the system says of this process and its machine.
struct ProcessUsage {
  std::uint64_t resident_bytes{0};
  std::uint64_t machine_bytes{0};  ///< memory of the whole machine
  /// Times in microseconds.
  std::uint64_t user_us{0};
  std::uint64_t system_us{0};
  std::uint64_t thread_user_us{0};
  std::uint64_t thread_system_us{0};
};

ProcessUsage process_usage();
/// "Linux 6.1.0 x86_64"
std::string system_name();
/// Of the running program; empty if the system doesn't tell.
std::string executable_path();

}  // namespace kv
