#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/command.h"
#include "core/overloaded.h"
#include "core/trace_fields.h"
#include "core/trace_json.h"
#include "json_bytes.h"

// Traces come from outside: nothing in them is trusted, and no call of the library that can throw
// is made.

namespace kv {
namespace {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

/// Longer lines are refused; what is read from shorter ones fits in all that holds it.
constexpr std::size_t kLongestLineBytes = std::size_t{1} << 30;

/// What is wrong in a line: where, and what should stand there.
struct Fault {
  std::string path{};
  std::string what{};
};

/// A value for a message; one that is long or nested by its kind alone.
constexpr std::size_t kLongestShown = 60;
std::string shown(const Json& value) {
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  std::string text = value.dump();
  if (text.size() > kLongestShown) return "a long " + std::string(value.type_name());
  return text;
}

template <typename List>
std::string listed(const List& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

template <typename Value>
concept Word = std::is_enum_v<Value>;

/// Bytes as json::append_bytes() wrote them.
bool read_bytes(const Json& json, std::string& bytes) {
  if (const auto* text = json.get_ptr<const Json::string_t*>()) {
    bytes = *text;
    return true;
  }
  if (!json.is_object() || json.size() != 1) return false;
  const auto coded = json.find("base64");
  const auto* text = coded == json.end() ? nullptr : coded->get_ptr<const Json::string_t*>();
  return text != nullptr && json::decode_base64(*text, bytes);
}

bool read_number(const Json& json, std::uint64_t& number) {
  const auto* value = json.get_ptr<const Json::number_unsigned_t*>();
  if (value != nullptr) number = *value;
  return value != nullptr;
}

bool read_node(const Json& json, const Names& nodes, NodeId& id) {
  if (json.is_null()) {
    id = kNoNode;
    return true;
  }
  if (const auto* name = json.get_ptr<const Json::string_t*>()) {
    const auto found = std::find(nodes.begin(), nodes.end(), *name);
    id = static_cast<NodeId>(found - nodes.begin()) + 1;
    return found != nodes.end();
  }
  std::uint64_t number = 0;
  if (!read_number(json, number) || number <= nodes.size() ||
      number > std::numeric_limits<NodeId>::max()) {
    return false;
  }
  id = static_cast<NodeId>(number);
  return true;
}

/// A visitor that reads fields from an object. It remembers the first fault; what follows it is
/// not read.
class Reader {
 public:
  Reader(const Json& object, const Names& nodes) : object_(object), nodes_(nodes) {
    if (!object.is_object()) fail("", "must be an object, not " + shown(object));
    found_.reserve(16);
  }

  void node(std::string_view name, NodeId& id) {
    const Json* json = required(name, "a node's name");
    if (json != nullptr && !read_node(*json, nodes_, id)) {
      wrong(name, "one of the nodes " + listed(nodes_) + ", or null", *json);
    }
  }
  void value(std::string_view name, bool& flag) {
    const Json* json = required(name, "true or false");
    if (json == nullptr) return;
    const auto* value = json->get_ptr<const bool*>();
    if (value == nullptr) return wrong(name, "true or false", *json);
    flag = *value;
  }
  void value(std::string_view name, std::int64_t& number);
  template <std::unsigned_integral Number>
  void value(std::string_view name, Number& number);
  template <Word Enum>
  void value(std::string_view name, Enum& word);
  void value(std::string_view name, std::string& bytes) {
    const Json* json = required(name, "a text");
    if (json != nullptr) read_text(name, *json, bytes);
  }
  void value(std::string_view name, std::optional<std::string>& bytes) {
    if (const Json* json = find(name)) read_text(name, *json, bytes.emplace());
  }
  void value(std::string_view name, std::string_view& message_name);
  void value(std::string_view name, SharedBytes& data) {
    std::string bytes;
    value(name, bytes);
    data = SharedBytes(std::move(bytes));
  }
  void value(std::string_view name, Incarnations& incarnations);
  void value(std::string_view name, std::vector<Entry>& entries);
  void value(std::string_view name, std::vector<std::string>& texts);
  void value(std::string_view name, std::shared_ptr<const Message>& content);
  /// A field that may be missing unless it is `required`.
  template <typename Value>
  void value_if(bool required, std::string_view name, Value& value) {
    if (required || object_.find(name) != object_.end()) this->value(name, value);
  }

  void fail(std::string path, std::string what) {
    if (!fault_) fault_ = Fault{std::move(path), std::move(what)};
  }
  void wrong(std::string_view path, const std::string& expected, const Json& found) {
    fail(std::string(path), "must be " + expected + ", not " + shown(found));
  }
  const std::optional<Fault>& fault() const { return fault_; }
  /// After the last field: fields that were not asked for are faults, too.
  const std::optional<Fault>& finish();

 private:
  const Json* find(std::string_view name);
  const Json* required(std::string_view name, std::string_view expected);
  void read_text(std::string_view name, const Json& json, std::string& bytes) {
    if (!read_bytes(json, bytes)) wrong(name, "a text, or bytes as {\"base64\":\"…\"}", json);
  }
  void take_over(const std::string& path, const std::optional<Fault>& inner) {
    if (inner) fail(path + (inner->path.empty() ? "" : "." + inner->path), inner->what);
  }

  const Json& object_;
  const Names& nodes_;
  std::vector<std::string_view> found_{};
  std::optional<Fault> fault_{};
};

const Json* Reader::find(std::string_view name) {
  if (fault_) return nullptr;
  const auto found = object_.find(name);
  if (found == object_.end()) return nullptr;
  found_.push_back(name);
  return &*found;
}

const Json* Reader::required(std::string_view name, std::string_view expected) {
  const Json* json = find(name);
  if (json == nullptr) {
    fail(std::string(name), "is missing; it must be " + std::string(expected));
  }
  return json;
}

const std::optional<Fault>& Reader::finish() {
  if (fault_ || found_.size() == object_.size()) return fault_;
  for (const auto& [name, value] : object_.items()) {
    const bool known = std::find(found_.begin(), found_.end(), name) != found_.end();
    if (!known) fail(name.size() > kLongestShown ? "…" : name, "is no field of it");
  }
  return fault_;
}

void Reader::value(std::string_view name, std::int64_t& number) {
  const Json* json = required(name, "a whole number");
  if (json == nullptr) return;
  std::uint64_t positive = 0;
  const auto* negative = json->get_ptr<const Json::number_integer_t*>();
  if (read_number(*json, positive) && positive <= std::numeric_limits<std::int64_t>::max()) {
    number = static_cast<std::int64_t>(positive);
  } else if (!json->is_number_unsigned() && negative != nullptr) {
    number = *negative;
  } else {
    wrong(name, "a whole number", *json);
  }
}

template <std::unsigned_integral Number>
void Reader::value(std::string_view name, Number& number) {
  constexpr Number kMost = std::numeric_limits<Number>::max();
  const Json* json = required(name, "a whole number");
  if (json == nullptr) return;
  std::uint64_t wide = 0;
  if (!read_number(*json, wide) || wide > kMost) {
    return wrong(name, "a whole number from 0 to " + std::to_string(kMost), *json);
  }
  number = static_cast<Number>(wide);
}

template <Word Enum>
void Reader::value(std::string_view name, Enum& word) {
  const auto& words = trace::kWords<Enum>;
  const Json* json = required(name, "a word");
  if (json == nullptr) return;
  const auto* text = json->get_ptr<const Json::string_t*>();
  const auto found = text == nullptr ? words.end() : std::find(words.begin(), words.end(), *text);
  if (found == words.end()) return wrong(name, "one of " + listed(words), *json);
  word = static_cast<Enum>(found - words.begin());
}

void Reader::value(std::string_view name, std::string_view& message_name) {
  const Json* json = required(name, "a kind of message");
  if (json == nullptr) return;
  const auto* text = json->get_ptr<const Json::string_t*>();
  const std::optional<std::string_view> known =
      text == nullptr ? std::nullopt : message_named(*text);
  if (!known) return wrong(name, "core's name of a message, like AppendRequest", *json);
  message_name = *known;
}

void Reader::value(std::string_view name, Incarnations& incarnations) {
  const std::string expected = "a list of [node, incarnation]";
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!json->is_array()) return wrong(name, expected, *json);
  for (const Json& pair : *json) {
    NodeId id = kNoNode;
    Incarnation incarnation = 0;
    const bool fits = pair.is_array() && pair.size() == 2 && read_node(pair[0], nodes_, id) &&
                      read_number(pair[1], incarnation);
    if (!fits || !incarnations.try_emplace(id, incarnation).second) {
      return wrong(name, expected + ", each node once", *json);
    }
  }
}

void Reader::value(std::string_view name, std::vector<std::string>& texts) {
  const Json* json = required(name, "a list of texts");
  if (json == nullptr) return;
  if (!json->is_array()) return wrong(name, "a list of texts", *json);
  for (const Json& text : *json) {
    const std::string path = std::string(name) + "[" + std::to_string(texts.size()) + "]";
    read_text(path, text, texts.emplace_back());
  }
}

// --- entries and messages ---

/// Reads what Writer::append_command() wrote. Gives the encoding, empty if it would be none.
std::string read_command(Reader& reader, Operation operation) {
  const trace::CommandFields fields = trace::fields_of(operation);
  std::string key;
  std::string value;
  std::vector<std::string> more;
  Command command;
  command.operation = operation;
  reader.value_if(fields.key, "key", key);
  reader.value_if(fields.value, "value", value);
  reader.value_if(false, "number", command.number);
  reader.value_if(false, "second", command.second);
  reader.value_if(false, "options", command.options);
  reader.value_if(false, "time_ms", command.time_ms);
  reader.value_if(false, "more", more);
  command.key = key;
  command.value = value;
  command.more = {more.begin(), more.end()};
  std::string encoded = encode_command(command);
  if (decode_command(encoded)) return encoded;
  reader.fail("operation", "has fields that no such command can have");
  return "";
}

/// Reads what Writer::append_entry() wrote.
Entry read_entry(Reader& reader) {
  LogIndex index = 0;
  Term term = 0;
  std::string operation;
  reader.value("index", index);
  reader.value("term", term);
  reader.value("operation", operation);
  EntryType type = EntryType::kCommand;
  std::string payload;
  if (operation == "EMPTY") {
    type = EntryType::kEmpty;
    std::optional<std::string> bytes;
    reader.value("payload", bytes);
    payload = std::move(bytes).value_or("");
  } else if (operation == "UNKNOWN") {
    reader.value("payload", payload);
  } else if (const std::optional<Operation> known = trace::operation_named(operation)) {
    payload = read_command(reader, *known);
  } else {
    reader.fail("operation", "must be a command's word (SET, DELETE, INCRBY …), EMPTY or UNKNOWN");
  }
  if (index == 0) reader.fail("index", "must be at least 1");
  if (reader.finish()) return {};
  return make_entry(index, term, type, payload);
}

void Reader::value(std::string_view name, std::vector<Entry>& entries) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!json->is_array()) return wrong(name, "a list of entries", *json);
  for (const Json& item : *json) {
    Reader reader(item, nodes_);
    entries.push_back(read_entry(reader));
    take_over(std::string(name) + "[" + std::to_string(entries.size() - 1) + "]", reader.finish());
    if (fault_) return;
  }
}

/// Makes the body whose form is `form`; false if there is none.
template <std::size_t kIndex = 0>
bool begin_body(std::string_view form, MessageBody& body) {
  if constexpr (kIndex < std::variant_size_v<MessageBody>) {
    using Body = std::variant_alternative_t<kIndex, MessageBody>;
    if (trace::kShape<Body>.name != form) return begin_body<kIndex + 1>(form, body);
    body = Body{};
    return true;
  }
  return false;
}

void read_message(Reader& reader, Message& message) {
  std::string form;
  reader.value("type", form);
  if (reader.fault()) return;
  const bool heartbeat = form == trace::kHeartbeat;
  if (heartbeat) {
    message.body = AppendRequest{};
  } else if (!begin_body(form, message.body)) {
    return reader.fail("type",
                       "must be one of ELECTION, HEARTBEAT, REPLICATE, SYNC, their replies "
                       "(ELECTION_REPLY …), HANDOVER, READ_INDEX, READ_INDEX_REPLY");
  }
  if (std::holds_alternative<VoteRequest>(message.body)) {
    trace::visit_fields(message, trace::kElectionHeader, reader);
  } else {
    trace::visit_fields(message, reader);
  }
  std::visit([&](auto& body) { trace::visit_fields(body, reader); }, message.body);
  const auto* append = std::get_if<AppendRequest>(&message.body);
  if (append != nullptr && append->entries.empty() != heartbeat) {
    reader.fail("entries", heartbeat ? "can't stand in a HEARTBEAT; with entries it is a REPLICATE"
                                     : "is missing or empty; without entries it is a HEARTBEAT");
  }
}

void Reader::value(std::string_view name, std::shared_ptr<const Message>& content) {
  const Json* json = required(name, "a message");
  if (json == nullptr) return;
  Message message;
  Reader reader(*json, nodes_);
  read_message(reader, message);
  take_over(std::string(name), reader.finish());
  content = std::make_shared<const Message>(std::move(message));
}

// --- records ---

/// Makes the event or fact called `name`; false if there is none.
template <typename Happenings, std::size_t kIndex = 0>
bool begin_fact(std::string_view name, Fact& fact) {
  if constexpr (kIndex < std::variant_size_v<Happenings>) {
    using Happened = std::variant_alternative_t<kIndex, Happenings>;
    if constexpr (std::is_same_v<Happened, Event>) {
      if (begin_fact<Event>(name, fact)) return true;
    } else if (trace::kShape<Happened>.name == name) {
      if constexpr (std::is_same_v<Happenings, Event>) {
        fact = Event{Happened{}};
      } else {
        fact = Happened{};
      }
      return true;
    }
    return begin_fact<Happenings, kIndex + 1>(name, fact);
  }
  return false;
}

/// Gives the name of what was read.
std::string read_fact(Reader& reader, Fact& fact) {
  std::string name;
  reader.value("event", name);
  if (reader.fault()) return "";
  if (!begin_fact<Fact>(name, fact)) {
    reader.fail("event", "is " + shown(Json(name)) + ", which version " +
                             std::to_string(TraceHeader::kVersion) +
                             " of the format doesn't know: read the trace with the program that "
                             "wrote it; its first line names it");
    return "";
  }
  std::visit(Overloaded{[&](Event& event) {
                          std::visit([&](auto& e) { trace::visit_fields(e, reader); }, event);
                        },
                        [&](auto& happened) { trace::visit_fields(happened, reader); }},
             fact);
  return name;
}

// --- lines ---

Result<Json> parse(std::string_view line) {
  if (line.size() > kLongestLineBytes) return Error{"the line is longer than 1 GiB"};
  // The library takes a NUL for the end of its input and skips a byte order mark.
  const bool odd = line.find('\0') != std::string_view::npos || line.starts_with('\xEF');
  Json json = odd ? Json(Json::value_t::discarded)
                  : Json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error{"the line is not one whole JSON text in UTF-8"};
  return json;
}

/// `whose` is the event that the field belongs to, or empty.
Error error_of(const Fault& fault, const std::string& whose = "") {
  if (fault.path.empty()) return Error{"the line " + fault.what};
  return Error{"\"" + fault.path + "\"" + (whose.empty() ? "" : " of " + whose) + " " + fault.what};
}

Error other_version(const Json& header, std::uint32_t version) {
  const auto program = header.find("program");
  const auto* name = program == header.end() ? nullptr : program->get_ptr<const Json::string_t*>();
  return Error{"this trace was written in version " + std::to_string(version) +
               " of the format; this program reads version " +
               std::to_string(TraceHeader::kVersion) + ": run it with the program that wrote it" +
               (name == nullptr ? "" : " (" + *name + ")")};
}

}  // namespace

Result<Record> record_from_json(std::string_view line, const std::vector<std::string>& nodes) {
  const Result<Json> json = parse(line);
  if (!json) return json.error();
  Record record;
  Reader reader(*json, nodes);
  reader.value("seq", record.sequence);
  reader.value("at", record.at.ns);
  reader.node("node", record.node);
  const std::string name = read_fact(reader, record.fact);
  if (const auto& fault = reader.finish()) return error_of(*fault, name);
  return record;
}

Result<Message> message_from_json(std::string_view text, const std::vector<std::string>& nodes) {
  const Result<Json> json = parse(text);
  if (!json) return json.error();
  Message message;
  Reader reader(*json, nodes);
  read_message(reader, message);
  if (const auto& fault = reader.finish()) return error_of(*fault);
  return message;
}

Result<TraceHeader> trace_header_from_json(std::string_view line) {
  const Result<Json> json = parse(line);
  const std::string_view magic = trace::kShape<TraceHeader>.name;
  if (!json || !json->is_object() || !json->contains("trace") || json->at("trace") != magic) {
    return Error{"this is no trace: its first line must begin with {\"trace\":\"" +
                 std::string(magic) + "\",\"version\":" + std::to_string(TraceHeader::kVersion) +
                 "; kvsim run --trace writes one"};
  }
  const Names no_nodes;
  Reader reader(*json, no_nodes);
  std::string trace;
  std::uint32_t version = TraceHeader::kVersion;
  reader.value("trace", trace);
  reader.value("version", version);
  if (version != TraceHeader::kVersion) return other_version(*json, version);
  TraceHeader header;
  trace::visit_fields(header, reader);
  for (std::size_t i = 0; i < header.nodes.size(); ++i) {
    const auto same = std::find(header.nodes.begin(), header.nodes.end(), header.nodes[i]);
    if (header.nodes[i].empty() || same != header.nodes.begin() + static_cast<std::ptrdiff_t>(i)) {
      reader.fail("nodes[" + std::to_string(i) + "]", "must be a name that no other node has");
    }
  }
  if (const auto& fault = reader.finish()) return error_of(*fault);
  return header;
}

}  // namespace kv
