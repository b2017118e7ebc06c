#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/types.h"

namespace kv {

/// A driver's name for one request of one client; the reply carries it back. Unique in a process.
using RequestId = std::uint64_t;

struct ReadRequest {
  std::string key{};
};
/// An encoded command (command.h) to be put into the log.
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

/// The write took effect.
struct WriteDone {
  bool existed{false};
};
/// Value of the key; nothing if absent.
struct ReadDone {
  std::optional<std::string> value{};
};
/// This node no longer leads.
struct TransferDone {};
/// All but kUnknownOutcome are definite: the request took no effect.
struct Refusal {
  RefusalCode code{};
  NodeId primary{kNoNode};
  std::vector<NodeId> unreachable{};  ///< with kNoQuorum
};

struct ClientReply {
  RequestId id{0};
  std::variant<WriteDone, ReadDone, TransferDone, Refusal> body{};
};

}  // namespace kv
