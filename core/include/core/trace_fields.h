#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "core/command.h"
#include "core/message.h"
#include "core/trace.h"
#include "core/trace_json.h"

/// The fields and words of all that stands in a trace, defined once: hash, comparison, JSON writer
/// and JSON reader follow them. A new event or fact is one more kShape, an enumerator one more
/// word. A change of a name here is a change of the file format (TraceHeader::kVersion).
namespace kv::trace {

/// One field. kNode: it holds a node's number, which people know by name.
template <typename Struct, typename Value, bool kNode>
struct Field {
  std::string_view name{};
  Value Struct::*member{};
};
template <typename Struct, typename Value>
constexpr Field<Struct, Value, false> field(std::string_view name, Value Struct::*member) {
  return {name, member};
}
template <typename Struct>
constexpr Field<Struct, NodeId, true> node(std::string_view name, NodeId Struct::*member) {
  return {name, member};
}

/// A struct's name and fields.
template <typename... Fields>
struct Shape {
  std::string_view name{};
  std::tuple<Fields...> fields{};
};
template <typename... Fields>
constexpr Shape<Fields...> shape(std::string_view name, Fields... fields) {
  return {name, {fields...}};
}

/// Calls visitor.value(name, field), or visitor.node(name, field) for a node, for each field of
/// `object`, which may be const, in the order of `shape`.
template <typename Object, typename Visitor, typename... Fields>
void visit_fields(Object& object, const Shape<Fields...>& shape, Visitor& visitor) {
  const auto visit_one =
      [&]<typename Struct, typename Value, bool kNode>(const Field<Struct, Value, kNode>& field) {
        if constexpr (kNode) {
          visitor.node(field.name, object.*field.member);
        } else {
          visitor.value(field.name, object.*field.member);
        }
      };
  std::apply([&](const auto&... field) { (visit_one(field), ...); }, shape.fields);
}

/// A type without a shape can't be visited: it doesn't compile.
template <typename Struct>
inline constexpr std::nullptr_t kShape = nullptr;

template <typename Object, typename Visitor>
void visit_fields(Object& object, Visitor& visitor) {
  visit_fields(object, kShape<std::remove_const_t<Object>>, visitor);
}

// --- words of the enums, in the order of their values ---

template <typename Enum>
inline constexpr std::nullptr_t kWords = nullptr;
template <>
inline constexpr auto kWords<Role> = std::to_array<std::string_view>({"follower", "pre_candidate",
                                                                      "candidate", "leader"});
template <>
inline constexpr auto kWords<Cause> = std::to_array<std::string_view>(
    {"bootstrap", "election_timeout", "campaign_timeout", "transfer", "won_pre_vote",
     "won_election", "higher_term", "leader_found", "lost_quorum", "refused", "granted_vote",
     "wiped"});
template <>
inline constexpr auto kWords<Reason> = std::to_array<std::string_view>(
    {"none", "unknown_sender", "not_for_me", "wiped", "stale_term", "leader_alive", "already_voted",
     "log_not_up_to_date", "not_expected"});
template <>
inline constexpr auto kWords<OperationKind> =
    std::to_array<std::string_view>({"set", "get", "delete", "increment"});
template <>
inline constexpr auto kWords<Ending> = std::to_array<std::string_view>({"pending", "ok", "refused",
                                                                        "unknown"});
template <>
inline constexpr auto kWords<DropReason> =
    std::to_array<std::string_view>({"loss", "cut", "node_down", "damaged"});
template <>
inline constexpr auto kWords<StopCause> = std::to_array<std::string_view>(
    {"crash", "power_cut", "disk_failure", "refused_to_start", "shutdown"});

// --- core's events ---

template <>
inline constexpr auto kShape<RoleChanged> = shape("RoleChanged", field("from", &RoleChanged::from),
                                                  field("to", &RoleChanged::to),
                                                  field("term", &RoleChanged::term),
                                                  field("cause", &RoleChanged::cause));
template <>
inline constexpr auto kShape<TermChanged> = shape("TermChanged", field("from", &TermChanged::from),
                                                  field("term", &TermChanged::term));
template <>
inline constexpr auto kShape<CampaignStarted> = shape("CampaignStarted",
                                                      field("pre", &CampaignStarted::pre),
                                                      field("term", &CampaignStarted::term),
                                                      field("cause", &CampaignStarted::cause));
template <>
inline constexpr auto kShape<VoteAnswered> = shape("VoteAnswered",
                                                   node("candidate", &VoteAnswered::candidate),
                                                   field("term", &VoteAnswered::term),
                                                   field("pre", &VoteAnswered::pre),
                                                   field("granted", &VoteAnswered::granted),
                                                   field("reason", &VoteAnswered::reason));
template <>
inline constexpr auto kShape<VoteReceived> = shape("VoteReceived",
                                                   node("voter", &VoteReceived::voter),
                                                   field("term", &VoteReceived::term),
                                                   field("pre", &VoteReceived::pre),
                                                   field("granted", &VoteReceived::granted));
template <>
inline constexpr auto kShape<LeaderRecognised> = shape("LeaderRecognised",
                                                       node("leader", &LeaderRecognised::leader),
                                                       field("term", &LeaderRecognised::term));
template <>
inline constexpr auto kShape<ElectionTimerSet> =
    shape("ElectionTimerSet", field("timeout_ns", &ElectionTimerSet::timeout_ns));
template <>
inline constexpr auto kShape<EntriesAppended> = shape("EntriesAppended",
                                                      field("first", &EntriesAppended::first),
                                                      field("last", &EntriesAppended::last),
                                                      field("term", &EntriesAppended::term));
template <>
inline constexpr auto kShape<EntriesTruncated> = shape("EntriesTruncated",
                                                       field("from", &EntriesTruncated::from),
                                                       field("old_last",
                                                             &EntriesTruncated::old_last));
template <>
inline constexpr auto kShape<EntriesPersisted> = shape("EntriesPersisted",
                                                       field("last", &EntriesPersisted::last));
template <>
inline constexpr auto kShape<CommitAdvanced> = shape("CommitAdvanced",
                                                     field("commit", &CommitAdvanced::commit));
template <>
inline constexpr auto kShape<EntriesApplied> = shape("EntriesApplied",
                                                     field("last", &EntriesApplied::last));
template <>
inline constexpr auto kShape<AppendRefused> = shape("AppendRefused",
                                                    node("leader", &AppendRefused::leader),
                                                    field("previous_index",
                                                          &AppendRefused::previous_index));
template <>
inline constexpr auto kShape<SnapshotTaken> =
    shape("SnapshotTaken", field("last_index", &SnapshotTaken::last_index));
template <>
inline constexpr auto kShape<LogCompacted> = shape("LogCompacted",
                                                   field("first", &LogCompacted::first));
template <>
inline constexpr auto kShape<SnapshotSendStarted> = shape("SnapshotSendStarted",
                                                          node("to", &SnapshotSendStarted::to),
                                                          field("last_index",
                                                                &SnapshotSendStarted::last_index));
template <>
inline constexpr auto kShape<SnapshotSendEnded> = shape("SnapshotSendEnded",
                                                        node("to", &SnapshotSendEnded::to),
                                                        field("done", &SnapshotSendEnded::done));
template <>
inline constexpr auto kShape<SnapshotInstalled> =
    shape("SnapshotInstalled", field("last_index", &SnapshotInstalled::last_index),
          field("last_term", &SnapshotInstalled::last_term));
template <>
inline constexpr auto kShape<ReadRoundConfirmed> =
    shape("ReadRoundConfirmed", field("round", &ReadRoundConfirmed::round));
template <>
inline constexpr auto kShape<TransferStarted> = shape("TransferStarted",
                                                      node("to", &TransferStarted::to));
template <>
inline constexpr auto kShape<TransferEnded> = shape("TransferEnded", node("to", &TransferEnded::to),
                                                    field("done", &TransferEnded::done));
template <>
inline constexpr auto kShape<PeerWiped> = shape("PeerWiped", node("peer", &PeerWiped::peer),
                                                field("known", &PeerWiped::known),
                                                field("seen", &PeerWiped::seen));
template <>
inline constexpr auto kShape<SelfWiped> = shape("SelfWiped", node("told_by", &SelfWiped::told_by),
                                                field("known", &SelfWiped::known));
template <>
inline constexpr auto kShape<MessageIgnored> = shape("MessageIgnored",
                                                     node("from", &MessageIgnored::from),
                                                     field("type", &MessageIgnored::type),
                                                     field("reason", &MessageIgnored::reason));

// --- the driver's facts ---

template <>
inline constexpr auto kShape<MessageSent> = shape("MessageSent",
                                                  field("message", &MessageSent::message),
                                                  field("content", &MessageSent::content));
template <>
inline constexpr auto kShape<MessageDelivered> = shape("MessageDelivered",
                                                       field("message", &MessageDelivered::message),
                                                       node("from", &MessageDelivered::from));
template <>
inline constexpr auto kShape<MessageDropped> = shape("MessageDropped",
                                                     field("message", &MessageDropped::message),
                                                     node("from", &MessageDropped::from),
                                                     field("reason", &MessageDropped::reason));
template <>
inline constexpr auto kShape<NodeStarted> =
    shape("NodeStarted", field("incarnation", &NodeStarted::incarnation),
          field("term", &NodeStarted::term), field("last_index", &NodeStarted::last_index),
          field("snapshot_index", &NodeStarted::snapshot_index));
template <>
inline constexpr auto kShape<NodeStopped> = shape("NodeStopped",
                                                  field("cause", &NodeStopped::cause),
                                                  field("detail", &NodeStopped::detail));
template <>
inline constexpr auto kShape<NodeObserved> = shape(
    "NodeObserved", field("role", &NodeObserved::role), field("term", &NodeObserved::term),
    node("leader", &NodeObserved::leader), field("serving", &NodeObserved::serving),
    field("incarnation", &NodeObserved::incarnation),
    field("first_index", &NodeObserved::first_index),
    field("last_index", &NodeObserved::last_index), field("last_term", &NodeObserved::last_term),
    field("persisted", &NodeObserved::persisted), field("commit", &NodeObserved::commit),
    field("applied", &NodeObserved::applied));
template <>
inline constexpr auto kShape<RecordsLost> = shape("RecordsLost",
                                                  field("count", &RecordsLost::count));
template <>
inline constexpr auto kShape<ClientsServed> = shape(
    "ClientsServed", field("ok", &ClientsServed::ok), field("refused", &ClientsServed::refused),
    field("unknown", &ClientsServed::unknown), field("median_ns", &ClientsServed::median_ns),
    field("slowest_ns", &ClientsServed::slowest_ns));
template <>
inline constexpr auto kShape<NodePaused> = shape("NodePaused");
template <>
inline constexpr auto kShape<NodeResumed> = shape("NodeResumed");
template <>
inline constexpr auto kShape<DiskWiped> = shape("DiskWiped");
template <>
inline constexpr auto kShape<LinkChanged> = shape("LinkChanged", node("from", &LinkChanged::from),
                                                  node("to", &LinkChanged::to),
                                                  field("cut", &LinkChanged::cut));
template <>
inline constexpr auto kShape<ClientCalled> = shape("ClientCalled",
                                                   field("operation", &ClientCalled::operation),
                                                   field("client", &ClientCalled::client),
                                                   field("kind", &ClientCalled::kind),
                                                   field("key", &ClientCalled::key),
                                                   field("value", &ClientCalled::value));
template <>
inline constexpr auto kShape<ClientAnswered> = shape("ClientAnswered",
                                                     field("operation", &ClientAnswered::operation),
                                                     field("client", &ClientAnswered::client),
                                                     field("ending", &ClientAnswered::ending),
                                                     field("detail", &ClientAnswered::detail),
                                                     field("found", &ClientAnswered::found));
template <>
inline constexpr auto kShape<StepTaken> = shape("StepTaken", field("step", &StepTaken::step),
                                                field("caption", &StepTaken::caption),
                                                field("words", &StepTaken::words),
                                                field("verb", &StepTaken::verb));
template <>
inline constexpr auto kShape<ExpectationDecided> =
    shape("ExpectationDecided", field("expectation", &ExpectationDecided::expectation),
          field("met", &ExpectationDecided::met), field("words", &ExpectationDecided::words));
template <>
inline constexpr auto kShape<ViolationFound> = shape("ViolationFound",
                                                     field("checker", &ViolationFound::checker),
                                                     field("words", &ViolationFound::words));

// --- messages: what precedes every body, then the bodies; names are their type in JSON ---

template <>
inline constexpr auto kShape<Message> = shape("", node("from_node", &Message::from),
                                              node("to_node", &Message::to),
                                              field("term", &Message::term),
                                              field("from_incarnation", &Message::from_incarnation),
                                              field("to_incarnation", &Message::to_incarnation));
/// The same of an ELECTION, where the first document calls the sender by another name.
inline constexpr auto kElectionHeader =
    shape("", node("candidate_id", &Message::from), node("to_node", &Message::to),
          field("term", &Message::term), field("from_incarnation", &Message::from_incarnation),
          field("to_incarnation", &Message::to_incarnation));

template <>
inline constexpr auto kShape<VoteRequest> = shape("ELECTION", field("pre", &VoteRequest::pre),
                                                  field("transfer", &VoteRequest::transfer),
                                                  field("last_index", &VoteRequest::last_index),
                                                  field("last_term", &VoteRequest::last_term));
template <>
inline constexpr auto kShape<VoteReply> = shape("ELECTION_REPLY", field("pre", &VoteReply::pre),
                                                field("granted", &VoteReply::granted));
/// Without entries its type is kHeartbeat.
template <>
inline constexpr auto kShape<AppendRequest> = shape(
    "REPLICATE", field("previous_index", &AppendRequest::previous_index),
    field("previous_term", &AppendRequest::previous_term), field("commit", &AppendRequest::commit),
    field("read_round", &AppendRequest::read_round),
    field("incarnations", &AppendRequest::incarnations), field("entries", &AppendRequest::entries));
inline constexpr std::string_view kHeartbeat = "HEARTBEAT";
template <>
inline constexpr auto kShape<AppendReply> =
    shape("REPLICATE_REPLY", field("accepted", &AppendReply::accepted),
          field("received", &AppendReply::received), field("durable", &AppendReply::durable),
          field("refused_index", &AppendReply::refused_index),
          field("conflict_index", &AppendReply::conflict_index),
          field("conflict_term", &AppendReply::conflict_term),
          field("read_round", &AppendReply::read_round));
template <>
inline constexpr auto kShape<SnapshotRequest> =
    shape("SYNC", field("last_index", &SnapshotRequest::last_index),
          field("last_term", &SnapshotRequest::last_term),
          field("shard_count", &SnapshotRequest::shard_count),
          field("first_shard", &SnapshotRequest::first_shard),
          field("end_shard", &SnapshotRequest::end_shard), field("data", &SnapshotRequest::data));
template <>
inline constexpr auto kShape<SnapshotReply> = shape("SYNC_REPLY",
                                                    field("last_index", &SnapshotReply::last_index),
                                                    field("next_shard",
                                                          &SnapshotReply::next_shard));
template <>
inline constexpr auto kShape<TimeoutNow> = shape("HANDOVER");
template <>
inline constexpr auto kShape<ReadIndexRequest> = shape("READ_INDEX",
                                                       field("number", &ReadIndexRequest::number));
template <>
inline constexpr auto kShape<ReadIndexReply> = shape("READ_INDEX_REPLY",
                                                     field("number", &ReadIndexReply::number),
                                                     field("index", &ReadIndexReply::index));

// --- commands in entries ---

/// How a command is shown: by the word for its operation, and with its key or value even where they
/// are empty. Everything else is left out where it is zero or empty.
struct CommandFields {
  std::string_view word{};
  bool key{false};
  bool value{false};
};
CommandFields fields_of(Operation operation);
std::optional<Operation> operation_named(std::string_view word);

// --- the first line ---

template <>
inline constexpr auto kShape<TraceHeader> = shape("understudy",
                                                  field("program", &TraceHeader::program),
                                                  field("nodes", &TraceHeader::nodes),
                                                  field("seed", &TraceHeader::seed),
                                                  field("scenario", &TraceHeader::scenario),
                                                  field("settings", &TraceHeader::settings));

}  // namespace kv::trace
