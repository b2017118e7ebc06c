#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"
#include "server/cluster.h"

namespace spdlog {
class logger;
}

namespace kv {

/// The node's log for people, on stderr. What core reports as events becomes sentences with node
/// names. record() is for the loop's thread; any thread may write text.
class EventLog {
 public:
  /// `level` is "debug", "info", "warning" or "error".
  EventLog(const ClusterConfig& cluster, NodeId self, std::string_view level);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  void record(const Event& event);
  void debug(std::string_view text);
  void info(std::string_view text);
  void warning(std::string_view text);
  void error(std::string_view text);
  void critical(std::string_view text);

 private:
  std::string name_of(NodeId node) const;
  /// What everybody should see; empty: only for those who debug.
  std::string headline(const Event& event);
  std::string alarm(const Event& event) const;

  ClusterConfig cluster_;
  std::string self_;
  std::optional<Term> asked_in_{};  ///< of the last pre-vote that made a headline
  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace kv
