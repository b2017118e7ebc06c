#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/command.h"
#include "core/trace.h"

namespace kv {

/// What no text is: bytes that are not UTF-8, a quote, a line's end, a NUL.
inline const std::string kOddBytes = std::string("\xFF\x00\"\n\\", 5);

inline std::vector<std::string> sample_nodes() {
  return {"node1", "node2", "node3"};
}

inline Message sample_message(MessageBody body) {
  return {3, 1, 77, 0xFEDCBA9876543210, 99, std::move(body)};
}

/// At least one message of each kind and each form, with every field set somewhere.
inline std::vector<Message> sample_messages() {
  const auto entry = [](LogIndex index, const Command& command) {
    return make_entry(index, 6, EntryType::kCommand, encode_command(command));
  };
  const std::vector<Entry> entries{
      make_entry(42, 6, EntryType::kEmpty, ""),
      entry(43, set_command("user:1", "{\"name\":\"Zo\xC3\xAB\"}")),
      entry(44, set_command(kOddBytes, "")),
      entry(45, delete_command("user:1")),
      make_entry(46, 7, EntryType::kCommand, "\x09 a later program's"),
  };
  return {
      sample_message(VoteRequest{true, false, 41, 6}),
      sample_message(VoteRequest{false, true, 0, 0}),
      sample_message(VoteReply{false, true}),
      sample_message(VoteReply{true, false}),
      sample_message(AppendRequest{41, 6, 40, 5, {{1, 11}, {3, 13}}, {}}),
      sample_message(AppendRequest{41, 6, 40, 5, {}, entries}),
      sample_message(AppendReply{true, 41, 40, 39, 38, 6, 5}),
      sample_message(SnapshotRequest{41, 6, 4, 0, 4, SharedBytes(kOddBytes)}),
      sample_message(SnapshotReply{41, 3}),
      sample_message(TimeoutNow{}),
      sample_message(ReadIndexRequest{0xFEDCBA9876543210}),
      sample_message(ReadIndexReply{0xFEDCBA9876543210, 41}),
  };
}

/// At least one of each event and fact, every field with a value of its own.
inline std::vector<Fact> sample_facts() {
  std::vector<Fact> facts{
      Event{RoleChanged{Role::kFollower, Role::kPreCandidate, 4, Cause::kElectionTimeout}},
      Event{TermChanged{3, 4}},
      Event{CampaignStarted{true, 5, Cause::kLostQuorum}},
      Event{VoteAnswered{2, 5, true, false, Reason::kLogNotUpToDate}},
      Event{VoteReceived{3, 5, false, true}},
      Event{LeaderRecognised{2, 5}},
      Event{ElectionTimerSet{6'420'000'000}},
      Event{EntriesAppended{7, 9, 5}},
      Event{EntriesTruncated{8, 9}},
      Event{EntriesPersisted{9}},
      Event{CommitAdvanced{8}},
      Event{EntriesApplied{8}},
      Event{AppendRefused{2, 12}},
      Event{SnapshotTaken{8}},
      Event{LogCompacted{5}},
      Event{SnapshotSendStarted{3, 8}},
      Event{SnapshotSendEnded{3, true}},
      Event{SnapshotInstalled{8, 5}},
      Event{ReadRoundConfirmed{17}},
      Event{TransferStarted{2}},
      Event{TransferEnded{2, true}},
      Event{PeerWiped{3, 111, 222}},
      Event{SelfWiped{1, 111}},
      Event{MessageIgnored{9, name_of(AppendReply{}), Reason::kUnknownSender}},
      MessageDelivered{41, 2},
      MessageDropped{41, 2, DropReason::kCut},
      NodeStarted{0xFEDCBA9876543210, 5, 9, 8},
      NodeStopped{StopCause::kRefusedToStart, "the log is damaged"},
      NodeObserved{Role::kLeader, 5, 2, true, 77, 3, 19, 4, 18, 17, 16},
      RecordsLost{12},
      ClientsServed{100, 3, 1, 250'000, 9'000'000},
      NodePaused{},
      NodeResumed{},
      DiskWiped{},
      LinkChanged{kNoNode, 2, true},
      ClientCalled{12, 4, OperationKind::kSet, "user:1", kOddBytes},
      ClientAnswered{12, 4, Ending::kOk, "fine", "Zo\xC3\xAB"},
      ClientAnswered{13, 4, Ending::kRefused, "NOT_PRIMARY", std::nullopt},
      StepTaken{3, "1. Primary crashes", "crashes node1"},
      ExpectationDecided{2, true, "node2 becomes primary"},
      ViolationFound{"election safety", "two leaders in term 5"},
  };
  std::uint64_t number = 40;
  for (const Message& message : sample_messages()) {
    facts.emplace_back(MessageSent{++number, std::make_shared<const Message>(message)});
  }
  return facts;
}

/// The facts as the records of a trace.
inline std::vector<Record> sample_records() {
  std::vector<Record> records;
  for (const Fact& fact : sample_facts()) {
    const std::uint64_t sequence = records.size() + 1;
    const auto time = static_cast<std::int64_t>(sequence / 3) * 1'000'500;
    records.push_back({sequence, Instant{time}, static_cast<NodeId>(sequence % 4), fact});
  }
  return records;
}

}  // namespace kv
