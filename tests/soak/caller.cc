#include "soak/caller.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <thread>

namespace kv::soak {
namespace {

/// A node that is stopped costs a client this.
constexpr Duration kTimeout = seconds(1);
/// So that refused clients don't keep the machine busy.
constexpr auto kPause = std::chrono::milliseconds(20);

Ending ending_of(const RespReply& reply) {
  constexpr std::array<std::string_view, 3> kRefusals{"MOVED ", "CLUSTERDOWN ", "TRYAGAIN "};
  const auto says = [&](std::string_view code) { return reply.is_error(std::string(code)); };
  if (!reply.arrived() || says("UNCERTAIN ")) return Ending::kUnknown;
  return std::any_of(kRefusals.begin(), kRefusals.end(), says) ? Ending::kRefused : Ending::kOk;
}

}  // namespace

Caller::Caller(const ClusterConfig& cluster)
    : cluster_(cluster), connections_(cluster.members.size()) {}

bool Caller::connect(std::size_t node) {
  if (connections_[node]) return true;
  const Member& member = cluster_.members[node];
  RespConnection connection(member.host, member.port);
  if (!connection.connected() || connection.ask({"READONLY"}, kTimeout).text != "OK") return false;
  connections_[node].emplace(std::move(connection));
  return true;
}

Answered Caller::ask(std::size_t node, const Words& words) {
  if (!connect(node)) return {{}, Ending::kRefused};
  RespReply reply = connections_[node]->ask(words, kTimeout);
  const Ending ending = ending_of(reply);
  if (ending == Ending::kUnknown) connections_[node].reset();
  return {std::move(reply), ending};
}

Answered Caller::ask_primary(const Words& words) {
  Answered answered = ask(target_, words);
  if (answered.ending != Ending::kOk) turn(answered.reply);
  return answered;
}

Answered Caller::insist(const Words& words, const std::function<bool()>& give_up) {
  for (;;) {
    Answered answered = ask_primary(words);
    if (answered.ending == Ending::kOk || give_up()) return answered;
    std::this_thread::sleep_for(kPause);
  }
}

void Caller::turn(const RespReply& refusal) {
  const auto& members = cluster_.members;
  target_ = (target_ + 1) % members.size();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const bool named = refusal.text.ends_with(" " + members[i].address());
    if (refusal.is_error("MOVED ") && named) target_ = i;
  }
}

}  // namespace kv::soak
