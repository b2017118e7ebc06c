#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/invariants.h"
#include "core/replica.h"

namespace kv {

/// A few replicas whose clock, network and disks are moved by hand: for stories told step by step
/// and for random walks. After every input it checks each node's invariants, that a term has one
/// leader, and that no two nodes commit different entries at one index; what is broken is in
/// `violations`.
class Lab {
 public:
  struct Options {
    std::uint32_t nodes{3};
    Timing timing{milliseconds(50), milliseconds(300), milliseconds(600)};
    AckMode ack{AckMode::kMajority};
    ReadMode reads{ReadMode::kReadIndex};
    Limits limits{};
    std::uint64_t seed{1};
    NodeId bootstrap{kNoNode};
    Duration disk_delay{};  ///< of a write, in settle() and run_for()
  };

  /// A crash leaves a prefix of the pending writes.
  struct Disk {
    HardState hard_state{};
    SnapshotPtr snapshot{};
    std::vector<Entry> entries{};
    std::deque<Write> pending{};
    std::deque<Instant> durable_at{};  ///< of each pending write, for settle() and run_for()
    SnapshotPtr saving{};
    void apply(const Write& write);
  };
  struct Node {
    Config config{};
    std::optional<Replica> replica{};
    Disk disk{};
    std::uint64_t starts{0};
  };

  explicit Lab(Options options);

  Node& node(NodeId id) { return nodes_.at(id); }
  Replica& replica(NodeId id) { return *nodes_.at(id).replica; }
  bool alive(NodeId id) const { return nodes_.at(id).replica.has_value(); }
  std::size_t size() const { return nodes_.size(); }
  /// The leader of the latest term, or kNoNode.
  NodeId leader() const;

  // --- inputs to one node ---
  void tick(NodeId id);
  void deliver(const Message& message);
  void submit(NodeId id, ClientRequest request);
  /// Does the first `count` pending writes, durably.
  void persist(NodeId id, std::size_t count = 1);
  void save_snapshot(NodeId id);
  /// `kept_writes` of the pending writes reach the disk.
  void crash(NodeId id, std::size_t kept_writes = 0);
  void start(NodeId id);
  /// The data directory is lost; the next start has another incarnation.
  void wipe(NodeId id);

  // --- everything at once, nothing lost ---
  /// Persists and delivers all that is under way, without time passing, until nothing is left.
  /// Messages to or from `cut` nodes are lost.
  void settle(const std::set<NodeId>& cut = {});
  /// Lets `span` pass, firing every deadline when it comes, settling in between.
  void run_for(Duration span, const std::set<NodeId>& cut = {});
  /// run_for() until a leader serves; false if none does within `span`.
  bool run_until_serving(Duration span, const std::set<NodeId>& cut = {});

  /// Submits at `id`, lets things run, gives the reply.
  ClientReply write(NodeId id, std::string_view key, std::string_view value,
                    const std::set<NodeId>& cut = {});
  ClientReply read(NodeId id, std::string_view key, const std::set<NodeId>& cut = {});
  /// Of any node, if the leader can be asked how far it must be.
  ClientReply read_anywhere(NodeId id, std::string_view key, const std::set<NodeId>& cut = {});
  std::optional<ClientReply> reply_to(RequestId id) const;
  RequestId next_request() { return ++last_request_; }

  /// How often `id` (kNoNode: any node) reported a Fact that `matches`.
  template <typename Fact>
  std::size_t count(NodeId id, const std::function<bool(const Fact&)>& matches = nullptr) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const auto& event) {
          const auto* fact = std::get_if<Fact>(&event.second);
          return fact != nullptr && (id == kNoNode || id == event.first) &&
                 (!matches || matches(*fact));
        }));
  }

  Instant now{seconds(1).ns};
  std::vector<Message> network{};
  std::vector<std::pair<NodeId, Event>> events{};
  std::vector<ClientReply> replies{};
  std::vector<std::string> violations{};
  /// Messages for which it is true are lost by settle() and all that settles.
  std::function<bool(const Message&)> loses{};

 private:
  template <typename Input>
  void feed(NodeId id, Input input);
  void check(NodeId id, const Footprint& before);
  ClientReply await(NodeId id, ClientRequest request, const std::set<NodeId>& cut);

  std::map<NodeId, Node> nodes_{};
  std::map<Term, NodeId> leaders_{};
  std::map<LogIndex, SharedBytes> committed_{};
  Options options_;
  RequestId last_request_{0};
};

ClientRequest set_request(RequestId id, std::string_view key, std::string_view value);
ClientRequest get_request(RequestId id, std::string_view key, bool anywhere = false);

}  // namespace kv
