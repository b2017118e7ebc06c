#include "sources/stream_merge.h"

#include <algorithm>
#include <utility>

namespace kv::viz {

void StreamMerge::opened(NodeId node) {
  Stream& stream = streams_[node - 1];
  stream.open = true;
  stream.correction.reset();
}

void StreamMerge::closed(NodeId node) {
  streams_[node - 1].open = false;
}

void StreamMerge::put(Stream& stream, Record record) {
  record.at = std::max(record.at, stream.told);
  stream.told = record.at;
  stream.waiting.push_back(std::move(record));
}

void StreamMerge::arrived(NodeId node, Record record, Instant now) {
  if (!origin_) origin_ = now;
  Stream& stream = streams_[node - 1];
  if (!stream.correction) {
    const Duration off = now - record.at;
    const bool right = off < kTolerance && Duration{} - kTolerance < off;
    stream.correction = right ? Duration{} : off;
  }
  record.at = record.at + *stream.correction;
  number(record, node);
  put(stream, std::move(record));
  stream.lag = std::max(Duration{}, now - stream.told);
}

void StreamMerge::found(NodeId node, Fact fact, Instant now) {
  if (!origin_) origin_ = now;
  put(streams_[node - 1], Record{0, now, node, std::move(fact)});
}

// Each node counts its messages from 1.
void StreamMerge::number(Record& record, NodeId node) const {
  if (auto* sent = std::get_if<MessageSent>(&record.fact)) {
    sent->message = sent->message * streams_.size() + (node - 1);
  } else if (auto* dropped = std::get_if<MessageDropped>(&record.fact)) {
    const NodeId sender = dropped->from;
    dropped->message = dropped->message * streams_.size() + (sender == kNoNode ? 0 : sender - 1);
  }
}

std::vector<Record> StreamMerge::take(Instant now) {
  Instant until = now;
  for (const Stream& stream : streams_) {
    if (stream.open) until = std::min(until, stream.told);
  }
  until = std::max(until, now - kPatience);
  std::vector<Record> due;
  while (true) {
    Stream* next = nullptr;
    for (Stream& stream : streams_) {
      if (stream.waiting.empty() || stream.waiting.front().at > until) continue;
      if (next == nullptr || stream.waiting.front().at < next->waiting.front().at) next = &stream;
    }
    if (next == nullptr) return due;
    Record record = std::move(next->waiting.front());
    next->waiting.pop_front();
    record.sequence = ++sequence_;
    given_ = std::max(given_, Instant{} + (record.at - *origin_));
    record.at = given_;
    due.push_back(std::move(record));
  }
}

}  // namespace kv::viz
