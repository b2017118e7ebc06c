#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "server/client.h"

namespace kv {

/// Real kvnode processes on loopback, on free ports, with data in a temporary folder. The
/// destructor kills what still runs and removes the data; when the test has failed it prints the
/// nodes' logs.
class LiveCluster {
 public:
  struct Options {
    std::size_t nodes{3};
    std::string timing{"lan"};
    std::vector<std::string> more_arguments{};
    std::string bootstrap{"node1"};  ///< started with --primary
    bool start{true};                ///< start all, wait for a primary and all answers
    std::string folder{};  ///< another cluster's folder, to fight for its data; empty: an own one
  };

  LiveCluster() : LiveCluster(Options{}) {}
  explicit LiveCluster(Options options);
  ~LiveCluster();
  LiveCluster(const LiveCluster&) = delete;
  LiveCluster& operator=(const LiveCluster&) = delete;

  const ClusterConfig& config() const { return config_; }
  const Member& member(const std::string& node) const { return *config_.find(node); }
  std::vector<std::string> names() const;
  const std::string& folder() const { return folder_; }
  std::string data_dir(const std::string& node) const {
    return (options_.folder.empty() ? folder_ : options_.folder) + "/" + node;
  }
  std::string log_of(const std::string& node) const;

  /// The command line that start() runs.
  std::vector<std::string> command(const std::string& node) const;
  void start(const std::string& node);
  void start_all();
  void kill(const std::string& node);
  void kill_all();
  /// SIGTERM; the exit status, -1 if it had to be killed after 10 s.
  int stop(const std::string& node);
  void signal(const std::string& node, int number);
  bool running(const std::string& node);
  /// Waits for the node to end by itself; its exit status, or -1.
  int exit_status(const std::string& node);

  Result<NodeStatus> status(const std::string& node) const;
  /// One command to one node.
  Reply ask(const std::string& node, const std::string& line) const;
  /// One command to the primary, whoever it is.
  Reply execute(const std::string& line, Duration timeout = seconds(15)) const;
  /// Name of the serving primary; waits for one.
  std::string primary(Duration timeout = seconds(15)) const;
  std::vector<std::string> secondaries() const;
  /// All running nodes have applied the same, last entry.
  bool in_step() const;

 private:
  std::string folder_;
  ClusterConfig config_{};
  Options options_;
  std::map<std::string, pid_t> pids_{};
};

/// Polls until `condition` holds; false when it doesn't within `timeout`.
bool eventually(const std::function<bool()>& condition, Duration timeout = seconds(15));

}  // namespace kv
