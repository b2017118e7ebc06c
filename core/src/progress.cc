#include "core/progress.h"

#include <algorithm>

#include "core/check.h"

namespace kv {

bool Progress::window_open(const Limits& limits) const {
  return inflight.size() < std::min<std::size_t>(window, limits.max_inflight_appends) &&
         inflight_bytes < limits.max_inflight_bytes;
}

void Progress::sent(LogIndex last, std::size_t bytes) {
  CHECK(last >= next);
  next = last + 1;
  inflight.push_back({last, bytes});
  inflight_bytes += bytes;
}

void Progress::to_probe(LogIndex next_index) {
  CHECK(next_index > match);
  feed = Feed::kProbe;
  next = next_index;
  probe_outstanding = false;
  inflight.clear();
  inflight_bytes = 0;
  inflight_chunks.clear();
}

void Progress::step_back(LogIndex next_index) {
  to_probe(next_index);
  window = 1;
}

void Progress::to_replicate(LogIndex next_index) {
  to_probe(next_index);
  feed = Feed::kReplicate;
}

void Progress::to_snapshot() {
  to_probe(match + 1);
  feed = Feed::kSnapshot;
  shard_acked = 0;
  shard_next = 0;
}

void Progress::free_inflight() {
  while (!inflight.empty() && inflight.front().last <= match) {
    inflight_bytes -= inflight.front().bytes;
    inflight.pop_front();
    window = std::min(window + 1, kWideOpen);
  }
}

}  // namespace kv
