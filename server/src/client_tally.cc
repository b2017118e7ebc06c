#include "client_tally.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kv {

void ClientTally::answered(Instant now, const ClientReply& reply) {
  const auto asked = open_.find(reply.id);
  if (asked == open_.end()) return;
  waits_ns_.push_back((now - asked->second).ns);
  open_.erase(asked);
  const auto* refusal = std::get_if<Refusal>(&reply.body);
  if (refusal == nullptr) {
    ++served_.ok;
  } else if (refusal->code == RefusalCode::kUnknownOutcome) {
    ++served_.unknown;
  } else {
    ++served_.refused;
  }
}

ClientsServed ClientTally::take() {
  ClientsServed served = std::exchange(served_, {});
  if (waits_ns_.empty()) return served;
  const auto middle = waits_ns_.begin() + static_cast<std::ptrdiff_t>((waits_ns_.size() - 1) / 2);
  std::nth_element(waits_ns_.begin(), middle, waits_ns_.end());
  served.median_ns = *middle;
  served.slowest_ns = *std::max_element(middle, waits_ns_.end());
  waits_ns_.clear();
  return served;
}

}  // namespace kv
