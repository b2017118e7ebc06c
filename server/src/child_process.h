#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/types.h>

#include "core/result.h"
#include "core/types.h"

namespace kv {

/// How a process ended.
struct ProcessEnding {
  int exit_status{0};
  int signal{0};  ///< not 0: killed by it

  bool on_purpose() const { return signal == 0 && exit_status == 0; }
  std::string text() const;  ///< "was killed by signal 9 (SIGKILL)", "exited with status 1"
};

/// Starts `arguments[0]` in a process group of its own, with both outputs appended to `log_path`.
/// It gets SIGTERM when the calling thread's process dies.
Result<pid_t> spawn(const std::vector<std::string>& arguments, const std::string& log_path);

/// Nothing as long as the child runs. Call it once more after that, and it is an error.
std::optional<ProcessEnding> ending_of(pid_t child);

/// What stands in the file from `offset` on, at most the last `line_count` lines: each indented,
/// and with a line break before it.
std::string last_lines(const std::string& path, std::uint64_t offset, std::size_t line_count);
std::uint64_t size_of(const std::string& path);

/// The folder of the running program, without a '/' at its end.
std::string program_folder();

/// Holds back the signals that end a supervisor, and SIGCHLD, so that they are waited for in one
/// place.
class SignalWait {
 public:
  SignalWait();
  /// The signal that came, 0 after `timeout`.
  int next(Duration timeout);

 private:
  sigset_t signals_{};
};

}  // namespace kv
