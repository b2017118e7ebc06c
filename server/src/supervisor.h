#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "child_process.h"
#include "ctl_options.h"
#include "ctl_status.h"
#include "terminal.h"

namespace kv {

/// Runs the nodes of a cluster as child processes, starts those again that die, and reports what
/// happens. One thread; it must be the process's first, since the children die with it.
class Supervisor {
 public:
  Supervisor(const CtlOptions& options, const StartCommand& command);

  /// Sees to the server program and the folders, and that no such cluster runs yet.
  Outcome prepare();
  /// Until Ctrl-C or until all nodes were stopped. Returns the exit status.
  int run();

 private:
  using Clock = std::chrono::steady_clock;

  enum class State {
    kRunning,  ///< `pid` is alive, or was not yet seen dead
    kWaiting,  ///< until `restart_at`
    kDown,     ///< stopped on purpose, given up, or never to be restarted
  };
  struct Node {
    Member member{};
    std::string data_dir{};
    std::string log_path{};
    State state{State::kDown};
    pid_t pid{0};
    Clock::time_point started{};
    Clock::time_point ended{};
    Clock::time_point restart_at{};
    std::uint64_t log_begin{0};  ///< where the log of this run begins in the file
    bool coming_back{false};     ///< restarted, and not heard of since
  };

  bool launch(Node& node, bool as_first_primary);
  bool reap();
  bool node_ended(Node& node, const ProcessEnding& ending);
  void restart_due();
  bool any_alive() const;

  void poll();
  Answers ask_own_nodes() const;
  void note_primary(const Answers& answers);
  void note_returns(const Answers& answers);
  void announce_when_up(const Answers& answers);
  std::string overview(const Answers& answers) const;
  std::string suggestions(const Answers& answers) const;

  int stop_all(int exit_status);
  void wait_until_gone(const std::vector<Node*>& nodes);

  void say(const std::string& text) const;

  const CtlOptions& options_;
  const StartCommand& command_;
  Terminal terminal_;
  SignalWait signals_{};
  std::string kvnode_{};
  std::vector<Node> nodes_{};
  Clock::time_point start_deadline_{};
  Clock::time_point next_poll_{};
  bool up_{false};          ///< announced
  bool any_failed_{false};  ///< a node ended otherwise than on purpose and stays down
  bool killing_{false};     ///< a second Ctrl-C came
  std::string primary_{};   ///< the last one known
  std::optional<Clock::time_point> primary_lost_{};
};

}  // namespace kv
