#include "core/trace.h"

#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "core/overloaded.h"
#include "core/trace_fields.h"
#include "support/trace_samples.h"

namespace kv {
namespace {

// --- the list of fields ---

struct Anything {
  template <typename Value>
  operator Value() const {  // NOLINT(google-explicit-constructor)
    return Value{};
  }
};

/// How many fields an aggregate has.
template <typename Struct, typename... Values>
constexpr std::size_t field_count() {
  if constexpr (requires { Struct{Values{}..., Anything{}}; }) {
    return field_count<Struct, Values..., Anything>();
  } else {
    return sizeof...(Values);
  }
}

template <typename Struct>
constexpr std::size_t listed_count() {
  return std::tuple_size_v<decltype(trace::kShape<Struct>.fields)>;
}

template <typename Struct>
constexpr bool lists_all_fields() {
  if constexpr (std::is_same_v<Struct, Event>) {
    return true;  // its own alternatives are checked
  } else {
    return field_count<Struct>() == listed_count<Struct>();
  }
}
template <typename... Structs>
constexpr bool list_all_fields(const std::variant<Structs...>*) {
  return (lists_all_fields<Structs>() && ...);
}
template <typename Variant>
constexpr bool kAllFieldsListed = list_all_fields(static_cast<const Variant*>(nullptr));

static_assert(field_count<VoteAnswered>() == 5 && field_count<ClientAnswered>() == 5);
static_assert(kAllFieldsListed<Event>, "an event has a field that trace_fields.h doesn't list");
static_assert(kAllFieldsListed<Fact>, "a fact has a field that trace_fields.h doesn't list");
static_assert(kAllFieldsListed<MessageBody>, "a message has a field that isn't listed");
static_assert(field_count<Message>() == listed_count<Message>() + 1, "and the body");
static_assert(field_count<TraceHeader>() == listed_count<TraceHeader>());

/// A visitor that changes one field: the one at `target`.
struct Change {
  std::size_t target{0};
  std::size_t fields{0};  ///< visited so far

  bool due() { return fields++ == target; }
  void node(std::string_view, NodeId& id) {
    if (due()) id ^= 1;
  }
  void value(std::string_view, bool& flag) {
    if (due()) flag = !flag;
  }
  template <typename Value>
  void value(std::string_view, Value& value) {
    if (!due()) return;
    if constexpr (std::is_enum_v<Value>) {
      const std::size_t next = (static_cast<std::size_t>(value) + 1) % trace::kWords<Value>.size();
      value = static_cast<Value>(next);
    } else {
      ++value;
    }
  }
  void value(std::string_view, std::string& text) {
    if (due()) text += "x";
  }
  void value(std::string_view, std::optional<std::string>& text) {
    if (due()) text = text ? std::nullopt : std::optional<std::string>("");
  }
  void value(std::string_view, std::string_view& name) {
    if (due()) name = name_of(TimeoutNow{});
  }
  void value(std::string_view, SharedBytes& bytes) {
    if (due()) bytes = SharedBytes(std::string(bytes.view()) + "x");
  }
  void value(std::string_view, Incarnations& incarnations) {
    if (due()) incarnations = {{1, 9}};
  }
  void value(std::string_view, std::vector<Entry>& entries) {
    if (due()) entries.push_back(make_entry(9, 9, EntryType::kEmpty, ""));
  }
  void value(std::string_view, std::shared_ptr<const Message>&) {
    due();
  }  // see EveryFieldOfAMessage
};

/// Changes the field at `target`; false if there are fewer.
bool change(Fact& fact, std::size_t target) {
  Change change{target};
  std::visit(Overloaded{[&](Event& event) {
                          std::visit([&](auto& e) { trace::visit_fields(e, change); }, event);
                        },
                        [&](auto& happened) { trace::visit_fields(happened, change); }},
             fact);
  return change.fields > target;
}
bool change(Message& message, std::size_t target) {
  Change change{target};
  trace::visit_fields(message, change);
  std::visit([&](auto& body) { trace::visit_fields(body, change); }, message.body);
  return change.fields > target;
}

Record record_of(const Message& message) {
  return {1, Instant{2}, 3, MessageSent{4, std::make_shared<const Message>(message)}};
}

TEST(TraceSamples, HoldEveryEventFactAndMessage) {
  std::set<std::size_t> facts;
  std::set<std::size_t> events;
  std::set<std::size_t> messages;
  for (const Fact& fact : sample_facts()) {
    facts.insert(fact.index());
    if (const auto* event = std::get_if<Event>(&fact)) events.insert(event->index());
  }
  for (const Message& message : sample_messages()) messages.insert(message.body.index());
  EXPECT_EQ(facts.size(), std::variant_size_v<Fact>);
  EXPECT_EQ(events.size(), std::variant_size_v<Event>);
  EXPECT_EQ(messages.size(), std::variant_size_v<MessageBody>);
}

TEST(RecordHash, IsTheSameForTheSameContentElsewhereInMemory) {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  for (const Record& record : sample_records()) first = hash_record(record, first);
  for (const Record& record : sample_records()) second = hash_record(record, second);
  EXPECT_EQ(first, second);
}

TEST(RecordHash, IsTheSameOnEveryMachine) {
  const Record record{7, Instant{-1}, 2, ClientCalled{12, 4, OperationKind::kDelete, "user:1", ""}};
  EXPECT_EQ(hash_record(record, 42), 5388745298838300645u);
}

TEST(RecordHash, CountsWhenAndWhere) {
  const Record record{7, Instant{1'000}, 2, NodePaused{}};
  const std::uint64_t hash = hash_record(record, 42);
  EXPECT_NE(hash, hash_record(record, 43));
  EXPECT_NE(hash, hash_record({8, record.at, record.node, record.fact}, 42));
  EXPECT_NE(hash, hash_record({7, Instant{1'001}, record.node, record.fact}, 42));
  EXPECT_NE(hash, hash_record({7, record.at, 3, record.fact}, 42));
  EXPECT_NE(hash, hash_record({7, record.at, record.node, NodeResumed{}}, 42));
}

TEST(RecordHash, CountsEveryField) {
  for (const Record& record : sample_records()) {
    Record changed = record;
    for (std::size_t field = 0; change(changed.fact, field); ++field, changed = record) {
      if (std::holds_alternative<MessageSent>(record.fact) && field == 1) continue;
      EXPECT_NE(hash_record(changed, 5), hash_record(record, 5)) << describe(record.fact);
    }
  }
}

TEST(RecordHash, CountsEveryFieldOfAMessage) {
  for (const Message& message : sample_messages()) {
    Message changed = message;
    for (std::size_t field = 0; change(changed, field); ++field, changed = message) {
      EXPECT_NE(hash_record(record_of(changed), 5), hash_record(record_of(message), 5))
          << form_of(message.body) << ", field " << field;
    }
  }
}

TEST(RecordHash, CountsEachOfManyEntries) {
  AppendRequest request;
  for (LogIndex index = 1; index <= 200; ++index) {
    request.entries.push_back(make_entry(index, 1, EntryType::kEmpty, ""));
  }
  const std::uint64_t hash = hash_record(record_of(sample_message(request)), 5);
  for (Entry& entry : request.entries) {
    const Entry kept = std::exchange(entry, make_entry(entry.index, 2, EntryType::kEmpty, ""));
    EXPECT_NE(hash_record(record_of(sample_message(request)), 5), hash) << entry.index;
    entry = kept;
  }
  EXPECT_EQ(hash_record(record_of(sample_message(request)), 5), hash);
}

TEST(RecordEquality, IsByContent) {
  EXPECT_EQ(sample_records(), sample_records());
}

TEST(RecordEquality, SeesEveryField) {
  for (const Record& record : sample_records()) {
    Record changed = record;
    for (std::size_t field = 0; change(changed.fact, field); ++field, changed = record) {
      if (std::holds_alternative<MessageSent>(record.fact) && field == 1) continue;
      EXPECT_FALSE(changed == record) << describe(record.fact);
    }
  }
  for (const Message& message : sample_messages()) {
    Message changed = message;
    for (std::size_t field = 0; change(changed, field); ++field, changed = message) {
      EXPECT_FALSE(record_of(changed) == record_of(message)) << form_of(message.body);
    }
  }
}

TEST(MessageForm, IsTheSeedsWord) {
  std::vector<std::string_view> forms;
  for (const Message& message : sample_messages()) forms.push_back(form_of(message.body));
  EXPECT_EQ(forms, (std::vector<std::string_view>{"ELECTION", "ELECTION", "ELECTION_REPLY",
                                                  "ELECTION_REPLY", "HEARTBEAT", "REPLICATE",
                                                  "REPLICATE_REPLY", "SYNC", "SYNC_REPLY",
                                                  "HANDOVER", "READ_INDEX", "READ_INDEX_REPLY"}));
}

std::string sent(MessageBody body) {
  return describe(
      MessageSent{17, std::make_shared<const Message>(Message{1, 2, 3, 0, 0, std::move(body)})});
}

TEST(Description, SaysWhatAMessageSays) {
  EXPECT_EQ(sent(AppendRequest{}), "sends HEARTBEAT to node 2 in term 3 (message 17)");
  EXPECT_EQ(sent(std::get<AppendRequest>(sample_messages()[5].body)),
            "sends REPLICATE to node 2 in term 3 (message 17): entries 42..46");
  EXPECT_EQ(
      sent(VoteRequest{true, false, 9, 2}),
      "sends ELECTION to node 2 in term 3 (message 17): pre-vote, its log ends at 9 of term 2");
  EXPECT_EQ(sent(VoteReply{true, false}),
            "sends ELECTION_REPLY to node 2 in term 3 (message 17): pre-vote refused");
  EXPECT_EQ(sent(AppendReply{true, 9, 8, 0, 0, 0, 0}),
            "sends REPLICATE_REPLY to node 2 in term 3 (message 17): durable through 8");
  EXPECT_EQ(sent(AppendReply{false, 0, 0, 7, 5, 2, 0}),
            "sends REPLICATE_REPLY to node 2 in term 3 (message 17): the log differs at 7");
  EXPECT_EQ(sent(SnapshotRequest{20, 2, 16, 4, 8, {}}),
            "sends SYNC to node 2 in term 3 (message 17): snapshot at 20, shards 4..7 of 16");
  EXPECT_EQ(
      sent(ReadIndexReply{7, 41}),
      "sends READ_INDEX_REPLY to node 2 in term 3 (message 17): question 7: apply through 41");
}

TEST(Description, IsALineForEveryFact) {
  std::set<std::string> seen;
  for (const Fact& fact : sample_facts()) {
    const std::string line = describe(fact);
    EXPECT_FALSE(line.empty());
    EXPECT_EQ(line.find_first_of(std::string("\n\0", 2)), std::string::npos) << line;
    EXPECT_TRUE(seen.insert(line).second) << "said twice: " << line;
  }
}

TEST(Description, TellsOfClients) {
  EXPECT_EQ(describe(ClientCalled{12, 4, OperationKind::kSet, "user:1", "v"}),
            "client 4 asks: set \"user:1\" = \"v\"");
  EXPECT_EQ(describe(ClientCalled{12, 4, OperationKind::kGet, "user:1", ""}),
            "client 4 asks: get \"user:1\"");
  EXPECT_EQ(describe(ClientAnswered{12, 4, Ending::kRefused, "NOT_PRIMARY", std::nullopt}),
            "client 4 is answered: refused (NOT_PRIMARY)");
  EXPECT_EQ(describe(ClientAnswered{12, 4, Ending::kOk, "", std::string(500, 'v')}),
            "client 4 is answered: ok, found (500 bytes)");
}

TEST(Description, TellsOfNodesAndLinks) {
  EXPECT_EQ(describe(NodeStopped{StopCause::kCrash, ""}), "crashes");
  EXPECT_EQ(describe(NodeStopped{StopCause::kDiskFailure, "no space left"}),
            "stops: its disk fails: no space left");
  EXPECT_EQ(describe(NodeStarted{1, 0, 0, 0}), "starts");
  EXPECT_EQ(describe(NodeStarted{1, 3, 20, 15}),
            "starts in term 3 with a log through 20 and a snapshot at 15");
  EXPECT_EQ(describe(MessageDropped{17, 1, DropReason::kCut}),
            "never gets message 17 from node 1: the link is cut");
  EXPECT_EQ(describe(LinkChanged{1, 2, true}), "messages from node 1 to node 2 are cut off");
  EXPECT_EQ(describe(LinkChanged{kNoNode, 2, false}),
            "messages from clients to node 2 get through again");
}

}  // namespace
}  // namespace kv
