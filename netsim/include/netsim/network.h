#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "core/rng.h"
#include "core/trace.h"
#include "core/types.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// A set of message kinds, one bit each: what a fault strikes.
using MessageKinds = std::uint32_t;
inline constexpr MessageKinds kAllMessages = ~MessageKinds{0};
/// The bit of a message's kind.
MessageKinds kind_bit(const Message& message);
/// The bit of "HEARTBEAT", "REPLICATE", "ELECTION", "SYNC", "HANDOVER" or "READ_INDEX" (a reply
/// counts with what it answers, that to a heartbeat as REPLICATE) or of all "replies"; nothing for
/// another word.
std::optional<MessageKinds> kinds_named(std::string_view word);

/// How messages from one node to another fare.
struct Link {
  Latency latency{};
  Latency extra{};                   ///< added, by the `delay` verb
  MessageKinds cut{0};               ///< of these none arrives
  MessageKinds lossy{kAllMessages};  ///< of these some are lost
  Chance loss{};
  Chance duplicate{};
  Chance reorder{};
  Chance corrupt{};
};

/// What becomes of one message: it arrives at each of `arrivals`, and if there is none, `lost` says
/// why.
struct Fate {
  std::uint32_t count{0};
  Instant arrivals[2]{};
  DropReason lost{};
};

/// All links between the nodes, each with its own random stream. Messages of a link arrive in the
/// order in which they were sent, as TCP delivers them, but for those that `reorder` or `duplicate`
/// strikes.
class Network {
 public:
  Network(const Scenario& scenario, const Rng& rng);

  Fate send(Instant now, const Message& message);
  /// Whether a message that is under way still arrives.
  bool delivers(const Message& message) const;
  /// One way between a client and a node.
  Duration client_delay() { return clients_.draw(client_rng_); }

  Link& link(NodeId from, NodeId to) { return state(from, to).link; }
  const Link& link(NodeId from, NodeId to) const { return states_[place(from, to)].link; }
  /// As the scenario's `network` says.
  void heal(NodeId from, NodeId to);
  /// No message from or to the node arrives, whatever its links are like: two nodes that were
  /// isolated on their own hear each other only when both are back.
  void isolate(NodeId id, bool isolated) { isolated_[id - 1] = isolated; }
  /// Messages of every kind get through, if they aren't lost by chance.
  bool open(NodeId from, NodeId to) const { return link(from, to).cut == 0 && !parted(from, to); }
  /// The link lets every kind of message through, and loses less than a tenth of them,
  /// damaged ones included.
  bool healthy(NodeId from, NodeId to) const;
  /// The same, but it may lose up to a half: what is sent again gets through.
  bool usable(NodeId from, NodeId to) const;
  std::size_t nodes() const { return nodes_; }

 private:
  struct State {
    Link link{};
    Link normal{};
    Instant last_arrival{};
    Rng rng;
  };
  bool parted(NodeId from, NodeId to) const { return isolated_[from - 1] || isolated_[to - 1]; }
  std::size_t place(NodeId from, NodeId to) const { return (from - 1) * nodes_ + (to - 1); }
  State& state(NodeId from, NodeId to) { return states_[place(from, to)]; }

  std::size_t nodes_;
  std::vector<State> states_{};
  std::vector<bool> isolated_{};
  Latency clients_{};
  Rng client_rng_;
};

}  // namespace kv::sim
