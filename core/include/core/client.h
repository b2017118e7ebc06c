#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/answer.h"
#include "core/types.h"

namespace kv {

/// A driver's name for one request of one client; the reply carries it back. Unique in a process.
using RequestId = std::uint64_t;

/// An encoded read (command.h).
struct ReadRequest {
  std::string command{};
  bool anywhere{false};  ///< a follower may answer it, after asking the leader how far it must be
};
/// An encoded command to be put into the log; a read in the log is done at its place among the
/// writes.
struct WriteRequest {
  std::string command{};
};
/// Hand leadership to `to`, or with kNoNode to the best follower.
struct TransferRequest {
  NodeId to{kNoNode};
};

struct ClientRequest {
  RequestId id{0};
  std::variant<ReadRequest, WriteRequest, TransferRequest> body{};
};

/// Stable codes; the words in to_string() are what clients see.
enum class RefusalCode : std::uint8_t {
  kNotPrimary,      ///< `primary` says who is
  kNoPrimary,       ///< an election is under way
  kNoQuorum,        ///< too few members can be reached
  kUnknownOutcome,  ///< the write may or may not take effect
  kOverloaded,      ///< too much is uncommitted
  kShuttingDown,
};
std::string_view to_string(RefusalCode code);

/// This node no longer leads.
struct TransferDone {};
/// All but kUnknownOutcome are definite: the request took no effect.
struct Refusal {
  RefusalCode code{};
  NodeId primary{kNoNode};
  std::vector<NodeId> unreachable{};  ///< with kNoQuorum
};

/// With an Answer the command was carried out.
struct ClientReply {
  RequestId id{0};
  std::variant<Answer, TransferDone, Refusal> body{};
  LogIndex index{0};  ///< of the entry, for a command that went through the log
};

}  // namespace kv
