#include "panels/field_lines.h"

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "core/overloaded.h"
#include "core/trace_fields.h"
#include "model/entry_life.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

constexpr std::size_t kLongestText = 160;
constexpr std::size_t kMostEntries = 10;

template <typename Value>
concept Word = std::is_enum_v<Value>;

/// A visitor that lists fields with their values.
class Lister {
 public:
  explicit Lister(const Recording& recording) : recording_(recording) {}

  std::vector<FactLine> result() { return std::move(lines_); }

  void node(std::string_view name, NodeId id) {
    FactLine& line = add(name, id == kNoNode ? "none" : recording_.cluster().name(id));
    if (id == kNoNode || id > recording_.cluster().size()) return;
    line.link.kind = Selection::Kind::kNode;
    line.link.node = id;
  }
  void value(std::string_view name, bool flag) { add(name, flag ? "yes" : "no"); }
  template <std::integral Number>
  void value(std::string_view name, Number number) {
    if (name.ends_with("_ns")) {
      add(name.substr(0, name.size() - 3), sim::span_text({static_cast<std::int64_t>(number)}));
    } else if (name.ends_with("incarnation")) {
      add(name, incarnation(static_cast<Incarnation>(number)));
    } else {
      add(name, std::to_string(number));
    }
  }
  template <Word Enum>
  void value(std::string_view name, Enum word) {
    add(name, std::string(trace::kWords<Enum>[static_cast<std::size_t>(word)]));
  }
  void value(std::string_view name, std::string_view bytes) {
    add(name, bytes.empty() ? "\"\"" : sim::one_line(bytes, kLongestText));
  }
  void value(std::string_view name, const std::string& bytes) {
    value(name, std::string_view(bytes));
  }
  void value(std::string_view name, const std::optional<std::string>& bytes) {
    if (bytes) {
      value(name, *bytes);
    } else {
      add(name, "none");
    }
  }
  void value(std::string_view name, const SharedBytes& data) {
    add(name, sim::counted(data.size(), "byte", "bytes"));
  }
  void value(std::string_view name, const Incarnations& incarnations);
  void value(std::string_view name, const std::vector<Entry>& entries);
  void value(std::string_view, const std::shared_ptr<const Message>& content) {
    if (content) message(*content);
  }

  void message(const Message& message) {
    add("type", std::string(form_of(message.body)));
    trace::visit_fields(message, *this);
    std::visit([this](const auto& body) { trace::visit_fields(body, *this); }, message.body);
  }

 private:
  static std::string incarnation(Incarnation number) {
    return number == 0 ? "not known" : sim::hash_text(number);
  }
  FactLine& add(std::string_view name, std::string value) {
    FactLine& line = lines_.emplace_back();
    line.label = name;
    line.value = std::move(value);
    return line;
  }

  const Recording& recording_;
  std::vector<FactLine> lines_{};
};

void Lister::value(std::string_view name, const Incarnations& incarnations) {
  std::string text;
  for (const auto& [node, number] : incarnations) {
    if (!text.empty()) text += '\n';
    text += recording_.cluster().name(node) + " " + incarnation(number);
  }
  add(name, text.empty() ? "none" : text);
}

void Lister::value(std::string_view name, const std::vector<Entry>& entries) {
  std::string text;
  for (std::size_t i = 0; i < entries.size() && i < kMostEntries; ++i) {
    if (i > 0) text += '\n';
    text += std::to_string(entries[i].index) + " (term " + std::to_string(entries[i].term) + ") " +
            command_words(recording_, entries[i].index, entries[i].term);
  }
  if (entries.size() > kMostEntries)
    text += "\nand " + sim::grouped(entries.size() - kMostEntries) + " more";
  add(name, entries.empty() ? "none" : text);
}

}  // namespace

std::string_view name_of(const Fact& fact) {
  const auto name = []<typename Happened>(const Happened&) {
    return std::string_view(trace::kShape<Happened>.name);
  };
  return std::visit(Overloaded{[&](const Event& event) { return std::visit(name, event); }, name},
                    fact);
}

std::vector<FactLine> fields_of(const Recording& recording, const Fact& fact) {
  Lister lister(recording);
  const auto list = [&](const auto& happened) { trace::visit_fields(happened, lister); };
  std::visit(Overloaded{[&](const Event& event) { std::visit(list, event); }, list}, fact);
  return lister.result();
}

std::vector<FactLine> fields_of(const Recording& recording, const Message& message) {
  Lister lister(recording);
  lister.message(message);
  return lister.result();
}

}  // namespace kv::viz
