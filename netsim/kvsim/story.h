#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/trace.h"

namespace kv::sim {

/// One thing that a person wants to know.
struct StoryLine {
  enum class Kind {
    kTold,
    kStep,     ///< what the scenario does
    kCaption,  ///< a step's caption; `who` is empty
    kNote,     ///< belongs to the line before, or sums up what is not told
    kGood,
    kBad,
    kViolation,
    kDetail,  ///< only told when everything is
  };
  Instant at{};
  std::string who{};  ///< a node's name, "client", or empty
  Kind kind{};
  std::string text{};  ///< one line
};

/// Whom and what a story is about.
struct StorySubject {
  std::vector<std::string> names{};   ///< of nodes, in the order of ids
  std::uint32_t workload_clients{0};  ///< clients with these first numbers are summed up
  struct Hope {
    std::string words{};  ///< its caption, or the claim
    bool captioned{false};
  };
  std::vector<Hope> hopes{};  ///< the scenario's expectations, in its order
};

/// Makes an account of records that a person enjoys reading: elections with their cause, votes,
/// primaries, what the scenario does, what its clients see. What repeats itself is folded.
class Story {
 public:
  /// With `everything`, records that give no line are told in core's words.
  Story(StorySubject subject, bool everything);

  void add(const Record& record);
  /// Lines that are complete, in the order of time. The last instant's may still change.
  std::vector<StoryLine> take();
  /// No more records: the rest, and what was folded.
  std::vector<StoryLine> finish();

 private:
  struct Teller {  ///< what is known of a node
    NodeId leader{kNoNode};
    Instant heard{};             ///< of its leader
    std::set<NodeId> granted{};  ///< votes in its present campaign
    NodeId voted_for{kNoNode};
    Term voted_in{0};
    bool leads{false};
    bool stepped_down{false};
    bool serves{false};
    std::string last{};                ///< what it said last
    std::uint64_t repeats{0};          ///< how often it said so again
    std::set<std::string> refusals{};  ///< of pre-votes, since it last voted or knew a leader
  };
  struct Call {  ///< an operation of a step
    Instant at{};
    std::string asked{};  ///< "node1"
    std::string words{};  ///< "set a = 1"
    std::uint32_t tries{1};
    bool told{false};
  };
  struct Lost {
    NodeId node{kNoNode};
    Instant at{};
    bool stepped_down{false};
  };
  struct Pending {
    StoryLine line{};
    bool process{false};  ///< tells of a process that starts or stops
  };
  using Kind = StoryLine::Kind;

  void tell(const Record& record, const Event& event);
  void tell(const Record& record, const MessageDelivered& fact);
  void tell(const Record& record, const NodeStarted& fact);
  void tell(const Record& record, const NodeStopped& fact);
  void tell(const Record& record, const NodePaused& fact);
  void tell(const Record& record, const NodeResumed& fact);
  void tell(const Record& record, const DiskWiped& fact);
  void tell(const Record& record, const ClientCalled& fact);
  void tell(const Record& record, const ClientAnswered& fact);
  void tell(const Record& record, const StepTaken& fact);
  void tell(const Record& record, const ExpectationDecided& fact);
  void tell(const Record& record, const ViolationFound& fact);

  void tell(const Record& record, const RoleChanged& event);
  void tell(const Record& record, const CampaignStarted& event);
  void tell(const Record& record, const VoteAnswered& event);
  void tell(const Record& record, const VoteReceived& event);
  void tell(const Record& record, const LeaderRecognised& event);
  void tell(const Record& record, const CommitAdvanced& event);
  void tell(const Record& record, const EntriesTruncated& event);
  void tell(const Record& record, const SnapshotSendStarted& event);
  void tell(const Record& record, const SnapshotSendEnded& event);
  void tell(const Record& record, const SnapshotInstalled& event);
  void tell(const Record& record, const TransferStarted& event);
  void tell(const Record& record, const TransferEnded& event);
  void tell(const Record& record, const PeerWiped& event);
  void tell(const Record& record, const SelfWiped& event);
  /// All others matter to those who want everything.
  template <typename Other>
  void tell(const Record&, const Other&) {}

  void push(StoryLine line, bool process = false);
  void say(const Record& record, std::string text, Kind kind = Kind::kTold);
  void tell_process(const Record& record, std::string text, Kind kind);
  void tell_call(Call& call);
  void tell_repeats(Instant at, NodeId id);
  void sum_up(Instant at);
  void lose(const Record& record);
  void release();
  Teller& teller(NodeId id);
  std::string name(NodeId id) const;
  std::string names(const std::set<NodeId>& ids) const;
  std::string with_names(std::string_view text) const;

  StorySubject subject_;
  bool everything_;
  Instant now_{};
  std::vector<Teller> tellers_;
  std::optional<Lost> lost_{};
  std::map<std::uint32_t, Call> calls_{};  ///< by client
  std::optional<std::uint32_t> called_{};  ///< the client that the last record was a new call of
  std::optional<std::uint32_t> asking_{};  ///< whose call is told with its answer, or before others
  std::map<std::string, std::uint64_t> endings_{};  ///< of the workload's operations since
  std::uint64_t lines_{0};                          ///< so far
  std::vector<Pending> pending_{};                  ///< of this instant
  std::vector<StoryLine> ready_{};
};

}  // namespace kv::sim
