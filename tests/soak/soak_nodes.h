#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "server/cluster.h"
#include "soak/soak_network.h"

namespace kv::soak {

/// Real kvnode processes, started and ended by position in the cluster. The destructor kills what
/// still runs; the files stay. For the thread that made it: its children end with it.
class SoakNodes {
 public:
  enum class State { kDown, kRunning, kPaused };

  struct Options {
    std::string program{};  ///< path of kvnode
    std::string folder{};   ///< of data and logs
    std::size_t nodes{3};
    std::string ack{"majority"};
    std::string reads{"read-index"};
  };

  /// `network`: where they run; nullptr: on loopback, on free ports. Nothing is started yet.
  SoakNodes(Options options, const SoakNetwork* network);
  ~SoakNodes();
  SoakNodes(const SoakNodes&) = delete;
  SoakNodes& operator=(const SoakNodes&) = delete;

  const ClusterConfig& cluster() const { return cluster_; }
  std::size_t size() const { return states_.size(); }
  State state(std::size_t node) const { return states_[node]; }

  Outcome start(std::size_t node);
  void kill(std::size_t node);
  /// SIGTERM; an Error when it doesn't end well.
  Outcome terminate(std::size_t node);
  void pause(std::size_t node);
  void resume(std::size_t node);
  /// Whatever is down or paused runs again.
  Outcome revive_all();
  /// The disk of a node that is down is lost.
  void lose_data(std::size_t node);
  /// Never lost its disk: one that did is fed, but answers no reads.
  bool whole(std::size_t node) const { return whole_[node]; }

  /// All nodes answer and hold the same number of keys.
  bool in_step() const;
  /// Position of the serving primary; nothing: there is none, or it doesn't say so in time.
  std::optional<std::size_t> primary() const;
  /// A node that ended without being asked to, or whose log tells of a failed check.
  std::optional<std::string> misbehaviour();

 private:
  std::string data_dir(std::size_t node) const;
  std::string log_path(std::size_t node) const;
  std::vector<std::string> command(std::size_t node) const;

  Options options_;
  const SoakNetwork* network_;
  ClusterConfig cluster_{};
  std::vector<State> states_;
  std::vector<pid_t> pids_;
  std::vector<Instant> started_at_;
  std::vector<bool> whole_;
  std::string ended_by_itself_{};  ///< the last node that did; empty: none
};

}  // namespace kv::soak
