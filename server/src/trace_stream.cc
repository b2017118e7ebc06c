#include "trace_stream.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "core/command.h"
#include "core/overloaded.h"

namespace kv {
namespace {

constexpr std::size_t kKeptMessages = 2;
/// Of a command with many, such as MSET; even, so that pairs stay together.
constexpr std::size_t kKeptWords = 8;
constexpr std::size_t kKeptEntries = 16;
constexpr std::size_t kKeptBytes = 256;
constexpr std::string_view kEllipsis = "…";

/// Of progress, the place among what is merged; nothing: it is no progress. In this order all of it
/// holds: what is committed was appended before, what is applied was committed.
std::optional<int> place_of(const Event& event) {
  return std::visit(Overloaded{[](const ElectionTimerSet&) { return std::optional(0); },
                               [](const EntriesAppended&) { return std::optional(1); },
                               [](const EntriesPersisted&) { return std::optional(2); },
                               [](const CommitAdvanced&) { return std::optional(3); },
                               [](const EntriesApplied&) { return std::optional(4); },
                               [](const ReadRoundConfirmed&) { return std::optional(5); },
                               [](const auto&) { return std::optional<int>(); }},
                    event);
}

/// Of the same kind. False: both have to stand.
bool join(Event& earlier, const Event& later) {
  auto* range = std::get_if<EntriesAppended>(&earlier);
  if (range == nullptr) {
    earlier = later;
    return true;
  }
  const auto& more = std::get<EntriesAppended>(later);
  if (more.term != range->term || more.first != range->last + 1) return false;
  range->last = more.last;
  return true;
}

std::string shortened(std::string_view bytes) {
  if (bytes.size() <= kKeptBytes) return std::string(bytes);
  const auto inside_character = [&](std::size_t at) {
    return (static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80;
  };
  constexpr std::size_t kLongestCharacter = 4;
  const std::size_t most = kKeptBytes - kEllipsis.size();
  std::size_t end = most;
  while (inside_character(end) && most - end < kLongestCharacter) --end;
  return std::string(bytes.substr(0, end)).append(kEllipsis);
}

/// An encoded command of a transaction, or of a once, is a command in its turn.
std::string shortened_command(std::string_view encoded) {
  const Result<Command> decoded = decode_command(encoded);
  if (!decoded) return {};
  Command command = *decoded;
  std::vector<std::string> kept;
  const bool nests = command.operation == Operation::kTransaction;
  const std::string key = shortened(command.key);
  const std::string value = command.operation == Operation::kOnce ? shortened_command(command.value)
                                                                  : shortened(command.value);
  for (const std::string_view word : command.more) {
    if (kept.size() == kKeptWords) break;
    kept.push_back(nests ? shortened_command(word) : shortened(word));
  }
  if (nests) command.number = std::min<std::int64_t>(command.number, std::ssize(kept));
  command.key = key;
  command.value = value;
  command.more.assign(kept.begin(), kept.end());
  return encode_command(command);
}

Entry shortened(const Entry& entry) {
  if (entry.payload().size() <= kKeptBytes) return entry;
  const std::string payload = shortened_command(entry.payload());
  const bool whole = payload.empty();
  return make_entry(entry.index, entry.term, entry.type,
                    whole ? entry.payload().substr(0, kKeptBytes) : std::string_view(payload));
}

MessageBody shortened(const MessageBody& body) {
  return std::visit(
      Overloaded{[](const AppendRequest& all) {
                   AppendRequest few{all.previous_index, all.previous_term, all.commit,
                                     all.read_round,     all.incarnations,  {}};
                   const std::size_t kept = std::min(all.entries.size(), kKeptEntries);
                   for (std::size_t i = 0; i < kept; ++i) {
                     few.entries.push_back(shortened(all.entries[i]));
                   }
                   return MessageBody(std::move(few));
                 },
                 [](const SnapshotRequest& piece) {
                   SnapshotRequest empty = piece;
                   empty.data = {};
                   return MessageBody(std::move(empty));
                 },
                 [](const auto& other) { return MessageBody(other); }},
      body);
}

/// Sent as often as clients ask.
bool is_thinned(const MessageBody& body) {
  return std::holds_alternative<AppendRequest>(body) ||
         std::holds_alternative<AppendReply>(body) ||
         std::holds_alternative<ReadIndexRequest>(body) ||
         std::holds_alternative<ReadIndexReply>(body);
}

}  // namespace

void TraceStream::note(Instant at, Fact fact) {
  latest_ = std::max(latest_, at);
  const auto* event = std::get_if<Event>(&fact);
  if (event != nullptr && place_of(*event)) {
    merge(*event);
  } else {
    keep(self_, std::move(fact));
  }
}

void TraceStream::note_sent(Instant at, const Message& message, bool connected) {
  latest_ = std::max(latest_, at);
  if (is_thinned(message.body) && ++sent_[{message.to, form_of(message.body)}] > kKeptMessages) {
    return;
  }
  const std::uint64_t number = ++messages_;
  keep(self_,
       MessageSent{number, std::make_shared<const Message>(Message{
                               message.from, message.to, message.term, message.from_incarnation,
                               message.to_incarnation, shortened(message.body)})});
  if (!connected) keep(message.to, MessageDropped{number, self_, DropReason::kNodeDown});
}

TraceBatch TraceStream::take(Instant at, const NodeObserved& present) {
  latest_ = std::max(latest_, at);
  settle();
  sent_.clear();
  return {std::exchange(records_, {}), {0, latest_, self_, present}};
}

void TraceStream::keep(NodeId node, Fact fact) {
  settle();
  records_.push_back({0, latest_, node, std::move(fact)});
}

void TraceStream::merge(const Event& event) {
  const auto same = std::find_if(progress_.rbegin(), progress_.rend(), [&](const Record& earlier) {
    return std::get<Event>(earlier.fact).index() == event.index();
  });
  if (same == progress_.rend() || !join(std::get<Event>(same->fact), event)) {
    progress_.push_back({0, latest_, self_, event});
  } else {
    same->at = latest_;
  }
}

/// No message may precede the progress that it tells of, so progress is merged between two of them.
void TraceStream::settle() {
  std::stable_sort(progress_.begin(), progress_.end(), [](const Record& a, const Record& b) {
    return place_of(std::get<Event>(a.fact)) < place_of(std::get<Event>(b.fact));
  });
  for (Record& record : progress_) {
    if (!records_.empty()) record.at = std::max(record.at, records_.back().at);
    records_.push_back(std::move(record));
  }
  progress_.clear();
}

}  // namespace kv
