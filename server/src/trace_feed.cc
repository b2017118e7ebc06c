#include "trace_feed.h"

#include <utility>

namespace kv {
namespace {

constexpr std::size_t kMostUnsentBytes = 1 << 20;
/// Not at the first byte of room: each new beginning costs a gap.
constexpr std::size_t kResumeBytes = kMostUnsentBytes / 2;

}  // namespace

TraceFeed::TraceFeed(const ClusterConfig& cluster) {
  header_.program = std::string("kvnode ") + KV_VERSION;
  for (const Member& member : cluster.members) header_.nodes.push_back(member.node_id);
}

void TraceFeed::append(std::string& out, const TraceBatch& batch, std::size_t unsent_bytes) {
  if (unsent_bytes >= kMostUnsentBytes) behind_ = true;
  if (!behind_) {
    for (const Record& record : batch.records) append(out, record);
    return;
  }
  if (greeted_) lost_ += batch.records.size();
  if (unsent_bytes > kResumeBytes) return;
  if (!std::exchange(greeted_, true)) out += to_json_line(header_) + "\n";
  const Record& present = batch.present;
  if (lost_ > 0) append(out, {0, present.at, present.node, RecordsLost{lost_}});
  append(out, present);
  lost_ = 0;
  behind_ = false;
}

void TraceFeed::append(std::string& out, Record record) {
  record.sequence = ++sequence_;
  append_json(out, record, header_.nodes);
  out += '\n';
}

}  // namespace kv
