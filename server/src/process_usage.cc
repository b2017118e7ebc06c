#include "process_usage.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace kv {
namespace {

std::uint64_t microseconds_of(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(time.tv_usec);
}

std::uint64_t system_value(int name) {
  const long value = ::sysconf(name);
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

std::uint64_t resident_pages() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  file >> all >> resident;
  return file ? resident : 0;
}

}  // namespace

ProcessUsage process_usage() {
  ProcessUsage usage;
  const std::uint64_t page_bytes = system_value(_SC_PAGESIZE);
  usage.resident_bytes = resident_pages() * page_bytes;
  usage.machine_bytes = system_value(_SC_PHYS_PAGES) * page_bytes;
  rusage times{};
  if (::getrusage(RUSAGE_SELF, &times) == 0) {
    usage.user_us = microseconds_of(times.ru_utime);
    usage.system_us = microseconds_of(times.ru_stime);
  }
  if (::getrusage(RUSAGE_THREAD, &times) == 0) {
    usage.thread_user_us = microseconds_of(times.ru_utime);
    usage.thread_system_us = microseconds_of(times.ru_stime);
  }
  return usage;
}

std::string system_name() {
  utsname name{};
  if (::uname(&name) != 0) return {};
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

std::string executable_path() {
  std::error_code problem;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", problem);
  return problem ? std::string() : path.string();
}

}  // namespace kv
