#include "sources/supervised.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>

#include <sys/types.h>

namespace kv::viz {
namespace {

struct Process {
  std::string name{};
  std::uint64_t parent{0};
};

/// From /proc/PID/stat: "123 (name) S 77 …" (proc(5)). Nothing: there is no such process.
std::optional<Process> look_up(std::uint64_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  const std::size_t open = line.find('(');
  const std::size_t close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 4 >= line.size())
    return std::nullopt;
  Process process;
  process.name = line.substr(open + 1, close - open - 1);
  for (std::size_t at = close + 4; at < line.size() && line[at] >= '0' && line[at] <= '9'; ++at) {
    process.parent = process.parent * 10 + static_cast<std::uint64_t>(line[at] - '0');
  }
  return process;
}

}  // namespace

bool is_supervised(std::uint64_t pid) {
  if (pid == 0) return false;
  const std::optional<Process> process = look_up(pid);
  if (!process || process->name != "kvnode") return false;
  const std::optional<Process> parent = look_up(process->parent);
  return parent && parent->name == "kvctl";
}

Outcome signal_process(std::uint64_t pid, int signal) {
  if (pid == 0 || pid > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max()))
    return Error{"There is no process " + std::to_string(pid) + "."};
  if (::kill(static_cast<pid_t>(pid), signal) == 0) return success();
  return Error{"Process " + std::to_string(pid) + " can't be sent a signal: " +
               std::strerror(errno) + ". Is it yours, and does it still run?"};
}

}  // namespace kv::viz
