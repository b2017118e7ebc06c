#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/trace.h"
#include "server/cluster.h"
#include "server/resp_connection.h"

namespace kv::soak {

using Words = std::vector<std::string>;

/// A reply, and what it says about the command: an error of the command's own ended "ok" too.
struct Answered {
  RespReply reply{};
  Ending ending{Ending::kUnknown};

  bool ok() const { return ending == Ending::kOk && reply.mark != '-'; }
};

/// Sends commands to nodes, one attempt each, and keeps a connection to every node that may read
/// everywhere (READONLY). For one thread.
class Caller {
 public:
  explicit Caller(const ClusterConfig& cluster);

  Answered ask(std::size_t node, const Words& words);
  /// To the node that is taken for the primary. When it isn't, the next call goes to another one.
  Answered ask_primary(const Words& words);
  /// Again and again until the command is answered or `give_up` says so; the last answer.
  Answered insist(const Words& words, const std::function<bool()>& give_up);

 private:
  bool connect(std::size_t node);
  void turn(const RespReply& refusal);

  const ClusterConfig& cluster_;
  std::size_t target_{0};
  std::vector<std::optional<RespConnection>> connections_;  ///< by position in the cluster
};

}  // namespace kv::soak
