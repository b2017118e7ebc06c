#include "netsim/network.h"

#include <algorithm>
#include <array>

namespace kv::sim {
namespace {

constexpr std::uint32_t kMillion = 1'000'000;
constexpr MessageKinds kReplies = 1U << 16;

struct KindName {
  std::string_view word;
  MessageKinds kinds;
};
constexpr MessageKinds kElection = 1;
constexpr MessageKinds kHeartbeat = 2;
constexpr MessageKinds kReplicate = 4;
constexpr MessageKinds kSync = 8;
constexpr MessageKinds kHandover = 16;
constexpr MessageKinds kReadIndex = 32;
constexpr auto kKindNames = std::to_array<KindName>({{"ELECTION", kElection},
                                                     {"HEARTBEAT", kHeartbeat},
                                                     {"REPLICATE", kReplicate},
                                                     {"SYNC", kSync},
                                                     {"HANDOVER", kHandover},
                                                     {"READ_INDEX", kReadIndex},
                                                     {"replies", kReplies}});

/// How much later than its turn a reordered message comes, in latencies; a very late copy counts in
/// seconds.
constexpr std::int64_t kReorderLatencies = 10;
constexpr std::int64_t kLateCopySeconds = 10;
constexpr Duration kLongestLatency = seconds(3600);

bool strikes(Chance chance, Rng& rng) {
  return chance.per_million != 0 && rng.below(kMillion) < chance.per_million;
}

}  // namespace

MessageKinds kind_bit(const Message& message) {
  switch (message.body.index()) {
    case 0:
      return kElection;
    case 1:
      return kElection | kReplies;
    case 2:
      return std::get<AppendRequest>(message.body).entries.empty() ? kHeartbeat : kReplicate;
    case 3:
      return kReplicate | kReplies;
    case 4:
      return kSync;
    case 5:
      return kSync | kReplies;
    case 6:
      return kHandover;
    case 7:
      return kReadIndex;
    default:
      return kReadIndex | kReplies;
  }
}

std::optional<MessageKinds> kinds_named(std::string_view word) {
  for (const KindName& name : kKindNames) {
    if (name.word == word) return name.kinds;
  }
  return std::nullopt;
}

Network::Network(const Scenario& scenario, const Rng& rng)
    : nodes_(scenario.nodes.size()),
      isolated_(nodes_),
      clients_(scenario.network.clients.value_or(scenario.network.latency)),
      client_rng_(rng.fork("clients")) {
  const NetworkSpec& spec = scenario.network;
  for (const NodeSpec& from : scenario.nodes) {
    for (const NodeSpec& to : scenario.nodes) {
      Link link;
      link.latency =
          from.zone == to.zone ? spec.latency : spec.between_zones.value_or(spec.latency);
      link.loss = spec.loss;
      link.duplicate = spec.duplicate;
      link.reorder = spec.reorder;
      link.corrupt = spec.corrupt;
      states_.push_back({link, link, {}, rng.fork(from.name + " to " + to.name)});
    }
  }
}

Fate Network::send(Instant now, const Message& message) {
  State& way = state(message.from, message.to);
  const Link& link = way.link;
  Fate fate;
  // Drawn before the link is looked at: a cut takes messages out, and leaves the others as they
  // were.
  const Duration latency = link.latency.draw(way.rng) + link.extra.draw(way.rng);
  const bool lost = strikes(link.loss, way.rng);
  const bool damaged = strikes(link.corrupt, way.rng);
  const bool doubled = strikes(link.duplicate, way.rng);
  const bool late = strikes(link.reorder, way.rng);
  const MessageKinds kind = kind_bit(message);
  if ((link.cut & kind) != 0 || parted(message.from, message.to)) {
    fate.lost = DropReason::kCut;
    return fate;
  }
  if (damaged || (lost && (link.lossy & kind) != 0)) {
    // A damaged frame fails its checksum at the receiver, which closes the connection.
    fate.lost = damaged ? DropReason::kDamaged : DropReason::kLoss;
    return fate;
  }
  Instant arrival = now + latency;
  if (late) {
    arrival = arrival + way.rng.between({}, std::min(latency, kLongestLatency) * kReorderLatencies);
  } else {
    arrival = std::max(arrival, way.last_arrival);
    way.last_arrival = arrival;
  }
  fate.arrivals[fate.count++] = arrival;
  if (doubled) {
    // Most copies come soon; some come so late that the receiver has been restarted since.
    const Duration latest = way.rng.below(8) == 0
                                ? seconds(kLateCopySeconds)
                                : std::min(latency, kLongestLatency) * kReorderLatencies;
    fate.arrivals[fate.count++] = arrival + way.rng.between({}, latest);
  }
  return fate;
}

bool Network::delivers(const Message& message) const {
  return (link(message.from, message.to).cut & kind_bit(message)) == 0 &&
         !parted(message.from, message.to);
}

void Network::heal(NodeId from, NodeId to) {
  State& way = state(from, to);
  way.link = way.normal;
}

bool Network::healthy(NodeId from, NodeId to) const {
  const Link& way = link(from, to);
  return open(from, to) && way.loss.per_million + way.corrupt.per_million < kMillion / 10;
}

bool Network::usable(NodeId from, NodeId to) const {
  const Link& way = link(from, to);
  return open(from, to) && way.loss.per_million + way.corrupt.per_million < kMillion / 2;
}

}  // namespace kv::sim
