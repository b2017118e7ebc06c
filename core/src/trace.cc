#include "core/trace.h"

#include <algorithm>
#include <bit>
#include <type_traits>
#include <utility>

#include "core/check.h"
#include "core/hash.h"
#include "core/overloaded.h"
#include "core/trace_fields.h"
#include "json_bytes.h"

namespace kv {

std::string_view to_string(OperationKind kind) {
  return trace::kWords<OperationKind>[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Ending ending) {
  return trace::kWords<Ending>[static_cast<std::size_t>(ending)];
}

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::kLoss:
      return "lost on the way";
    case DropReason::kCut:
      return "the link is cut";
    case DropReason::kNodeDown:
      return "the receiver is down";
    case DropReason::kDamaged:
      return "damaged on the way";
  }
  CHECK(false);
}

std::string_view to_string(StopCause cause) {
  switch (cause) {
    case StopCause::kCrash:
      return "crash";
    case StopCause::kPowerCut:
      return "power cut";
    case StopCause::kDiskFailure:
      return "disk failure";
    case StopCause::kRefusedToStart:
      return "refused to start";
    case StopCause::kShutdown:
      return "shutdown";
  }
  CHECK(false);
}

std::string_view form_of(const MessageBody& body) {
  const auto* append = std::get_if<AppendRequest>(&body);
  if (append != nullptr && append->entries.empty()) return trace::kHeartbeat;
  return std::visit(
      []<typename Body>(const Body&) { return std::string_view(trace::kShape<Body>.name); }, body);
}

// --- comparison ---

namespace {

template <typename Value>
bool equal(const Value& a, const Value& b) {
  return a == b;
}
bool equal(const std::shared_ptr<const Message>& a, const std::shared_ptr<const Message>& b) {
  return a == b || (a && b && *a == *b);
}

template <typename Struct>
bool same(const Struct& a, const Struct& b) {
  return std::apply(
      [&](const auto&... field) { return (equal(a.*field.member, b.*field.member) && ...); },
      trace::kShape<Struct>.fields);
}
template <typename... Alternatives>
bool same(const std::variant<Alternatives...>& a, const std::variant<Alternatives...>& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&]<typename Alternative>(const Alternative& value) {
        return same(value, *std::get_if<Alternative>(&b));
      },
      a);
}

}  // namespace

bool operator==(const Record& a, const Record& b) {
  return a.sequence == b.sequence && a.at == b.at && a.node == b.node && same(a.fact, b.fact);
}

// --- hash ---

namespace {

template <typename Value>
concept Plain = std::is_integral_v<Value> || std::is_enum_v<Value>;

/// In memory the same on every machine, as the hash shall be.
std::uint64_t little_endian(std::uint64_t word) {
  if constexpr (std::endian::native == std::endian::little) return word;
  std::uint64_t swapped = 0;
  for (int shift = 0; shift < 64; shift += 8) swapped = swapped << 8 | (word >> shift & 0xFF);
  return swapped;
}

/// Gathers words and hashes them together: one call of the hash for most records.
class Words {
 public:
  explicit Words(std::uint64_t hash) : hash_(hash) {}

  void add(std::uint64_t word) {
    if (size_ == kMostWords) fold();
    words_[size_++] = little_endian(word);
  }
  std::uint64_t result() {
    fold();
    return hash_;
  }

  // --- as a visitor of fields ---
  void node(std::string_view, NodeId id) { add(id); }
  template <Plain Value>
  void value(std::string_view, Value number) {
    add(static_cast<std::uint64_t>(number));
  }
  void value(std::string_view, std::string_view text) {
    add(text.size());
    add(hash64(text));
  }
  void value(std::string_view name, const std::string& text) {
    value(name, std::string_view(text));
  }
  void value(std::string_view name, const std::optional<std::string>& text) {
    add(text ? 1 : 0);
    if (text) value(name, *text);
  }
  void value(std::string_view, const SharedBytes& data) { add(data.size()); }
  void value(std::string_view, const Incarnations& incarnations) {
    add(incarnations.size());
    for (const auto& [id, incarnation] : incarnations) {
      add(id);
      add(incarnation);
    }
  }
  void value(std::string_view, const std::vector<Entry>& entries) {
    add(entries.size());
    for (const Entry& entry : entries) {
      add(entry.index);
      add(entry.term);
      add(entry.size());
    }
  }
  void value(std::string_view, const std::shared_ptr<const Message>& message) {
    trace::visit_fields(*message, *this);
    alternative(message->body);
  }

  template <typename... Alternatives>
  void alternative(const std::variant<Alternatives...>& content) {
    add(content.index());
    std::visit([this](const auto& value) { trace::visit_fields(value, *this); }, content);
  }

 private:
  void fold() {
    hash_ = hash64({reinterpret_cast<const char*>(words_), size_ * sizeof(words_[0])}, hash_);
    size_ = 0;
  }

  static constexpr std::size_t kMostWords = 28;  // beyond 240 bytes XXH3 with a seed is slow
  std::uint64_t hash_;
  std::size_t size_{0};
  std::uint64_t words_[kMostWords]{};
};

}  // namespace

namespace trace {

CommandFields fields_of(Operation operation) {
  if (operation == Operation::kSet) return {"SET", true, true};
  if (operation == Operation::kDelete) return {"DELETE", true, false};
  return {to_string(operation), false, false};
}

std::optional<Operation> operation_named(std::string_view word) {
  for (unsigned number = 0; number <= 0xFF; ++number) {
    const auto operation = static_cast<Operation>(number);
    const std::string_view known = fields_of(operation).word;
    if (known == word && known != to_string(Operation{})) return operation;
  }
  return std::nullopt;
}

}  // namespace trace

std::uint64_t hash_record(const Record& record, std::uint64_t hash) {
  Words words(hash);
  words.add(record.sequence);
  words.add(static_cast<std::uint64_t>(record.at.ns));
  words.add(record.node);
  words.add(record.fact.index());
  std::visit(Overloaded{[&](const Event& event) { words.alternative(event); },
                        [&](const auto& fact) { trace::visit_fields(fact, words); }},
             record.fact);
  return words.result();
}

// --- words for people ---

namespace {

std::string text(std::string_view view) {
  return std::string(view);
}
std::string number(std::uint64_t value) {
  return std::to_string(value);
}
std::string node(NodeId id) {
  return "node " + number(id);
}
std::string end_of_link(NodeId id) {
  return id == kNoNode ? "clients" : node(id);
}

/// Keys and values may be long and hold any bytes; a line of text stays one.
std::string shown(std::string_view bytes) {
  constexpr std::size_t kLongest = 40;
  if (bytes.size() > kLongest) return "(" + number(bytes.size()) + " bytes)";
  std::string quoted;
  json::append_bytes(quoted, bytes);
  return quoted;
}

// What a message says, behind a colon; nothing if its form says it all.
std::string words_of(const VoteRequest& body) {
  return text(body.pre ? "pre-vote, " : "") + (body.transfer ? "hand-over, " : "") +
         "its log ends at " + number(body.last_index) + " of term " + number(body.last_term);
}
std::string words_of(const VoteReply& body) {
  return text(body.pre ? "pre-vote " : "") + (body.granted ? "granted" : "refused");
}
std::string words_of(const AppendRequest& body) {
  if (body.entries.empty()) return "";
  return "entries " + number(body.entries.front().index) + ".." + number(body.entries.back().index);
}
std::string words_of(const AppendReply& body) {
  return body.accepted ? "durable through " + number(body.durable)
                       : "the log differs at " + number(body.refused_index);
}
std::string words_of(const SnapshotRequest& body) {
  return "snapshot at " + number(body.last_index) + ", shards " + number(body.first_shard) + ".." +
         number(std::max(body.end_shard, 1U) - 1) + " of " + number(body.shard_count);
}
std::string words_of(const SnapshotReply& body) {
  return "snapshot at " + number(body.last_index) + ", next is shard " + number(body.next_shard);
}
std::string words_of(const TimeoutNow&) {
  return "";
}
std::string words_of(const ReadIndexRequest& body) {
  return "question " + number(body.number);
}
std::string words_of(const ReadIndexReply& body) {
  return "question " + number(body.number) + ": apply through " + number(body.index);
}

std::string words_of(const MessageSent& fact) {
  const Message& message = *fact.content;
  const std::string saying =
      std::visit([](const auto& body) { return words_of(body); }, message.body);
  return "sends " + text(form_of(message.body)) + " to " + node(message.to) + " in term " +
         number(message.term) + " (message " + number(fact.message) + ")" +
         (saying.empty() ? "" : ": " + saying);
}

std::string words_of(const NodeStarted& fact) {
  if (fact.term == 0 && fact.last_index == 0) return "starts";
  return "starts in term " + number(fact.term) + " with a log through " + number(fact.last_index) +
         (fact.snapshot_index == 0 ? "" : " and a snapshot at " + number(fact.snapshot_index));
}

std::string words_of(const NodeStopped& fact) {
  const auto what = [&] {
    switch (fact.cause) {
      case StopCause::kCrash:
        return "crashes";
      case StopCause::kPowerCut:
        return "loses power";
      case StopCause::kDiskFailure:
        return "stops: its disk fails";
      case StopCause::kRefusedToStart:
        return "refuses to start";
      case StopCause::kShutdown:
        return "shuts down";
    }
    CHECK(false);
  };
  return text(what()) + (fact.detail.empty() ? "" : ": " + fact.detail);
}

std::string microseconds_text(std::int64_t ns) {
  return number(static_cast<std::uint64_t>(ns / 1'000)) + " us";
}

std::string words_of(const NodeObserved& fact) {
  return "is seen as " + text(to_string(fact.role)) + " in term " + number(fact.term) +
         (fact.role == Role::kLeader || fact.leader == kNoNode ? "" : " of " + node(fact.leader)) +
         ", log through " + number(fact.last_index) + ", committed " + number(fact.commit) +
         ", applied " + number(fact.applied);
}

std::string words_of(const ClientsServed& fact) {
  return "serves clients: " + number(fact.ok) + " ok, " + number(fact.refused) + " refused, " +
         number(fact.unknown) + " unknown, half of them within " +
         microseconds_text(fact.median_ns) + ", all within " + microseconds_text(fact.slowest_ns);
}

std::string words_of(const ClientCalled& fact) {
  return "client " + number(fact.client) + " asks: " + text(to_string(fact.kind)) + " " +
         shown(fact.key) + (fact.kind == OperationKind::kSet ? " = " + shown(fact.value) : "");
}

std::string words_of(const ClientAnswered& fact) {
  return "client " + number(fact.client) + " is answered: " + text(to_string(fact.ending)) +
         (fact.detail.empty() ? "" : " (" + fact.detail + ")") +
         (fact.found ? ", found " + shown(*fact.found) : "");
}

std::string words_of(const StepTaken& fact) {
  return fact.caption.empty() ? fact.words : fact.caption + ": " + fact.words;
}

}  // namespace

std::string describe(const Fact& fact) {
  return std::visit(
      Overloaded{
          [](const Event& e) { return describe(e); },
          [](const MessageDelivered& e) {
            return "gets message " + number(e.message) + " from " + node(e.from);
          },
          [](const MessageDropped& e) {
            return "never gets message " + number(e.message) + " from " + node(e.from) + ": " +
                   text(to_string(e.reason));
          },
          [](const RecordsLost& e) {
            return number(e.count) + " records were lost: the watcher was too slow";
          },
          [](const NodePaused&) { return text("is paused"); },
          [](const NodeResumed&) { return text("goes on"); },
          [](const DiskWiped&) { return text("loses its data directory"); },
          [](const LinkChanged& e) {
            return "messages from " + end_of_link(e.from) + " to " + end_of_link(e.to) +
                   (e.cut ? " are cut off" : " get through again");
          },
          [](const ExpectationDecided& e) {
            return (e.met ? "as expected: " : "not as expected: ") + e.words;
          },
          [](const ViolationFound& e) { return "violation of " + e.checker + ": " + e.words; },
          [](const auto& e) { return words_of(e); },
      },
      fact);
}

}  // namespace kv
