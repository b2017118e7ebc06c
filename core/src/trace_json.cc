#include "core/trace_json.h"

#include <charconv>
#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <type_traits>

#include "core/command.h"
#include "core/overloaded.h"
#include "core/trace_fields.h"
#include "json_bytes.h"

// Traces are written while a run or a node goes on, up to a million lines a second: text is
// appended, no tree of values is built.

namespace kv {
namespace {

template <typename Number>
void append_number(std::string& out, Number number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
  out.append(digits, end);
}

template <typename Value>
concept Word = std::is_enum_v<Value>;

/// A visitor that appends fields to an object whose first field stands already.
class Writer {
 public:
  Writer(std::string& out, const std::vector<std::string>& nodes) : out_(out), nodes_(nodes) {}

  void node(std::string_view name, NodeId id) {
    key(name);
    append_node(id);
  }
  void value(std::string_view name, bool flag) {
    key(name);
    out_ += flag ? "true" : "false";
  }
  template <std::integral Number>
  void value(std::string_view name, Number number) {
    key(name);
    append_number(out_, number);
  }
  template <Word Enum>
  void value(std::string_view name, Enum word) {
    key(name);
    out_ += '"';
    out_ += trace::kWords<Enum>[static_cast<std::size_t>(word)];
    out_ += '"';
  }
  void value(std::string_view name, std::string_view bytes) {
    key(name);
    json::append_bytes(out_, bytes);
  }
  void value(std::string_view name, const std::string& bytes) {
    value(name, std::string_view(bytes));
  }
  void value(std::string_view name, const std::optional<std::string>& bytes) {
    if (bytes) value(name, *bytes);
  }
  void value(std::string_view name, const SharedBytes& data) {
    key(name);
    json::append_base64(out_, data.view());
  }
  void value(std::string_view name, const Incarnations& incarnations);
  void value(std::string_view name, const std::vector<Entry>& entries);
  void value(std::string_view name, const std::vector<std::string>& texts);
  void value(std::string_view name, const std::shared_ptr<const Message>& content) {
    key(name);
    append_message(*content);
  }

  void append_node(NodeId id);
  void append_message(const Message& message);

 private:
  void key(std::string_view name) {
    out_ += ",\"";
    out_ += name;
    out_ += "\":";
  }
  template <typename Items, typename Append>
  void append_list(const Items& items, Append append) {
    out_ += '[';
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      append(item);
    }
    out_ += ']';
  }
  void append_entry(const Entry& entry);
  void append_command(const Command& command);

  std::string& out_;
  const std::vector<std::string>& nodes_;
};

void Writer::append_node(NodeId id) {
  if (id == kNoNode) {
    out_ += "null";
  } else if (id <= nodes_.size()) {
    json::append_bytes(out_, nodes_[id - 1]);
  } else {
    append_number(out_, id);
  }
}

void Writer::value(std::string_view name, const Incarnations& incarnations) {
  if (incarnations.empty()) return;
  key(name);
  append_list(incarnations, [&](const auto& known) {
    out_ += '[';
    append_node(known.first);
    out_ += ',';
    append_number(out_, known.second);
    out_ += ']';
  });
}

void Writer::value(std::string_view name, const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  key(name);
  append_list(entries, [&](const Entry& entry) { append_entry(entry); });
}

void Writer::value(std::string_view name, const std::vector<std::string>& texts) {
  key(name);
  append_list(texts, [&](const std::string& text) { json::append_bytes(out_, text); });
}

void Writer::append_entry(const Entry& entry) {
  out_ += "{\"index\":";
  append_number(out_, entry.index);
  value("term", entry.term);
  const std::string_view payload = entry.payload();
  if (entry.type == EntryType::kEmpty) {
    value("operation", std::string_view("EMPTY"));
    if (!payload.empty()) value("payload", payload);
  } else if (const Result<Command> command = decode_command(payload); !command) {
    value("operation", std::string_view("UNKNOWN"));
    value("payload", payload);
  } else {
    append_command(*command);
  }
  out_ += '}';
}

void Writer::append_command(const Command& command) {
  const trace::CommandFields fields = trace::fields_of(command.operation);
  value("operation", fields.word);
  if (fields.key || !command.key.empty()) value("key", command.key);
  if (fields.value || !command.value.empty()) value("value", command.value);
  if (command.number != 0) value("number", command.number);
  if (command.second != 0) value("second", command.second);
  if (command.options != 0) value("options", command.options);
  if (command.time_ms != 0) value("time_ms", command.time_ms);
  if (command.more.empty()) return;
  key("more");
  append_list(command.more, [&](std::string_view item) { json::append_bytes(out_, item); });
}

void Writer::append_message(const Message& message) {
  out_ += "{\"type\":\"";
  out_ += form_of(message.body);
  out_ += '"';
  if (std::holds_alternative<VoteRequest>(message.body)) {
    trace::visit_fields(message, trace::kElectionHeader, *this);
  } else {
    trace::visit_fields(message, *this);
  }
  std::visit([this](const auto& body) { trace::visit_fields(body, *this); }, message.body);
  out_ += '}';
}

}  // namespace

void append_json(std::string& out, const Record& record, const std::vector<std::string>& nodes) {
  Writer writer(out, nodes);
  out += "{\"seq\":";
  append_number(out, record.sequence);
  writer.value("at", record.at.ns);
  writer.node("node", record.node);
  const auto append_fact = [&]<typename Happened>(const Happened& fact) {
    writer.value("event", trace::kShape<Happened>.name);
    trace::visit_fields(fact, writer);
  };
  std::visit(Overloaded{[&](const Event& event) { std::visit(append_fact, event); }, append_fact},
             record.fact);
  out += '}';
}

void append_json(std::string& out, const Message& message, const std::vector<std::string>& nodes) {
  Writer(out, nodes).append_message(message);
}

std::string to_json_line(const Record& record, const std::vector<std::string>& nodes) {
  std::string line;
  line.reserve(256);
  append_json(line, record, nodes);
  return line;
}

std::string to_json_line(const TraceHeader& header) {
  std::string line = "{\"trace\":\"";
  line += trace::kShape<TraceHeader>.name;
  line += '"';
  Writer writer(line, header.nodes);
  writer.value("version", TraceHeader::kVersion);
  trace::visit_fields(header, writer);
  line += '}';
  return line;
}

}  // namespace kv
