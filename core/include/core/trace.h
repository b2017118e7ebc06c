#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/event.h"
#include "core/message.h"
#include "core/types.h"

namespace kv {

enum class OperationKind : std::uint8_t {
  kSet,
  kGet,
  kDelete,
  kIncrement,  ///< through kOnce: carried out once, however often it is asked for
};
/// "set", "get", "delete", "increment".
std::string_view to_string(OperationKind kind);

/// How a client's operation ended.
enum class Ending : std::uint8_t {
  kPending,  ///< not yet
  kOk,       ///< took effect, or found (or didn't find) the value
  kRefused,  ///< took no effect: a definite refusal
  kUnknown,  ///< may have taken effect, may still do so, may never
};
/// "pending", "ok", "refused", "unknown".
std::string_view to_string(Ending ending);

// What a driver (a server, a simulator) adds to core's events. `message` numbers a message, from 1;
// one that is delivered twice keeps its number. It is sent by Record::node, and delivered to or
// dropped on its way to Record::node.

struct MessageSent {
  std::uint64_t message{0};
  std::shared_ptr<const Message> content{};  ///< never null
};
struct MessageDelivered {
  std::uint64_t message{0};
  NodeId from{kNoNode};
};
enum class DropReason : std::uint8_t {
  kLoss,      ///< lost at random
  kCut,       ///< the link is cut
  kNodeDown,  ///< nobody is there to receive it
  kDamaged,   ///< the checksum of its frame is wrong
};
std::string_view to_string(DropReason reason);
struct MessageDropped {
  std::uint64_t message{0};
  NodeId from{kNoNode};
  DropReason reason{};
};

struct NodeStarted {
  Incarnation incarnation{0};
  Term term{0};
  LogIndex last_index{0};
  LogIndex snapshot_index{0};
};
enum class StopCause : std::uint8_t { kCrash, kPowerCut, kDiskFailure, kRefusedToStart, kShutdown };
std::string_view to_string(StopCause cause);
struct NodeStopped {
  StopCause cause{};
  std::string detail{};  ///< a sentence for a person, may be empty
};
/// What a node is when somebody begins to watch it, or after records of it were lost.
struct NodeObserved {
  Role role{};
  Term term{0};
  NodeId leader{kNoNode};
  bool serving{false};
  Incarnation incarnation{0};
  LogIndex first_index{0};  ///< of the entries in its log; before it, a snapshot
  LogIndex last_index{0};
  Term last_term{0};
  LogIndex persisted{0};
  LogIndex commit{0};
  LogIndex applied{0};
};
/// So many records of this node were not kept, since whoever watches it was too slow.
struct RecordsLost {
  std::uint64_t count{0};
};
/// What a node did for its clients since the last such record: too much to tell one by one.
struct ClientsServed {
  std::uint64_t ok{0};
  std::uint64_t refused{0};
  std::uint64_t unknown{0};
  std::int64_t median_ns{0};   ///< of the time until the answer; 0: no answer
  std::int64_t slowest_ns{0};  ///< the longest
};
struct NodePaused {};
struct NodeResumed {};
/// The data directory is lost.
struct DiskWiped {};

/// From now on messages of some kind don't get through from one node to another, or all do again.
/// Record::node is kNoNode.
struct LinkChanged {
  NodeId from{kNoNode};  ///< kNoNode: the clients
  NodeId to{kNoNode};    ///< kNoNode: the clients
  bool cut{false};
};

/// Record::node is the node that the client talks to.
struct ClientCalled {
  std::uint64_t operation{0};
  std::uint32_t client{0};
  OperationKind kind{};
  std::string key{};
  std::string value{};  ///< of a set; of an increment what it must give
};
struct ClientAnswered {
  std::uint64_t operation{0};
  std::uint32_t client{0};
  Ending ending{};
  std::string detail{};                ///< the refusal's code, "connection reset", "timeout" …
  std::optional<std::string> found{};  ///< of a get that ended well
};

/// A scenario's step was done. Record::node is the node it was done to, if there is one.
struct StepTaken {
  /// Of a step that no file holds (chaos).
  static constexpr std::uint32_t kDrawn = 0xFFFFFFFF;

  std::uint32_t step{0};  ///< position in the scenario, from 0
  std::string caption{};
  std::string words{};  ///< "crashes node1"
  std::string verb{};   ///< as in the scenario language: "crash"
};
/// An expectation of the scenario is met, or no longer can be.
struct ExpectationDecided {
  std::uint32_t expectation{0};  ///< position in the scenario, from 0
  bool met{false};
  std::string words{};
};
struct ViolationFound {
  std::string checker{};
  std::string words{};
};

using Fact = std::variant<Event, MessageSent, MessageDelivered, MessageDropped, NodeStarted,
                          NodeStopped, NodeObserved, RecordsLost, ClientsServed, NodePaused,
                          NodeResumed, DiskWiped, LinkChanged, ClientCalled, ClientAnswered,
                          StepTaken, ExpectationDecided, ViolationFound>;

/// One line of a trace: what happened, when, at which node. Log text, trace files, stories and
/// pictures are all readers of these. Fields and words of each fact: trace_fields.h.
struct Record {
  std::uint64_t sequence{0};  ///< from 1, without gaps
  Instant at{};               ///< the driver's time, never decreasing; virtual time starts at 0
  NodeId node{kNoNode};       ///< kNoNode: the cluster as a whole
  Fact fact{};
};
/// A MessageSent counts by its content.
bool operator==(const Record& a, const Record& b);

/// The seed's word for a message: "HEARTBEAT" (without entries) or "REPLICATE", "REPLICATE_REPLY",
/// "ELECTION", "ELECTION_REPLY", "SYNC", "SYNC_REPLY"; and "HANDOVER", "READ_INDEX",
/// "READ_INDEX_REPLY".
std::string_view form_of(const MessageBody& body);

/// Chains the record onto `hash`. The content of a MessageSent counts with its header and body's
/// fields; entries by index, term and size, snapshot chunks by size.
std::uint64_t hash_record(const Record& record, std::uint64_t hash);

/// One line for a person, in the field's terms; nodes are called "node 1" as in describe(Event).
std::string describe(const Fact& fact);

}  // namespace kv
