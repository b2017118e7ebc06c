#include "child_process.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kv {
namespace {

/// Only async-signal-safe calls: this runs in the copy of a process that may have had threads.
[[noreturn]] void become(char* const* arguments, int log, int input, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // The parent may have died before the line above.
  if (::getppid() != parent) ::_exit(1);
  ::dup2(input, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(arguments[0], arguments);
  constexpr char kMessage[] = "the program can't be run\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  ::_exit(127);
}

std::string signal_name(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return name == nullptr ? "" : " (SIG" + std::string(name) + ")";
}

}  // namespace

std::string ProcessEnding::text() const {
  if (signal != 0) return "was killed by signal " + std::to_string(signal) + signal_name(signal);
  return "exited with status " + std::to_string(exit_status);
}

Result<pid_t> spawn(const std::vector<std::string>& arguments, const std::string& log_path) {
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return Error{"can't write to " + log_path + ": " + std::strerror(errno)};
  const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(pointers.data(), log, input, parent);
  const int error_number = errno;
  ::close(log);
  ::close(input);
  if (child < 0)
    return Error{"can't start another process: " + std::string(std::strerror(error_number))};
  return child;
}

std::optional<ProcessEnding> ending_of(pid_t child) {
  int status = 0;
  const pid_t found = ::waitpid(child, &status, WNOHANG);
  if (found != child) return std::nullopt;
  if (WIFSIGNALED(status)) return ProcessEnding{0, WTERMSIG(status)};
  return ProcessEnding{WEXITSTATUS(status), 0};
}

std::string last_lines(const std::string& path, std::uint64_t offset, std::size_t line_count) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back("\n    " + line);
  std::string text = lines.empty() ? "\n    (nothing)" : "";
  for (std::size_t i = lines.size() - std::min(lines.size(), line_count); i < lines.size(); ++i)
    text += lines[i];
  return text;
}

std::uint64_t size_of(const std::string& path) {
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(path, missing);
  return missing ? 0 : size;
}

std::string program_folder() {
  std::error_code problem;
  return std::filesystem::read_symlink("/proc/self/exe", problem).parent_path().string();
}

SignalWait::SignalWait() {
  ::sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&signals_, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int SignalWait::next(Duration timeout) {
  const std::int64_t left = std::max<std::int64_t>(timeout.ns, 0);
  const timespec time{left / 1'000'000'000, left % 1'000'000'000};
  const int signal = ::sigtimedwait(&signals_, nullptr, &time);
  return signal < 0 ? 0 : signal;
}

}  // namespace kv
