#include "netsim/scenario_layout.h"

#include <charconv>
#include <cstddef>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kColumns = 118;
constexpr std::size_t kColumnsOfOneLine = 110;
constexpr std::size_t kIndent = 2;

/// A probability such as 0.000001 must not become 1e-06, which no scenario may hold.
std::string number_text(Json::number_float_t number) {
  char digits[400];
  const auto [end, error] =
      std::to_chars(digits, digits + sizeof(digits), number, std::chars_format::fixed);
  CHECK(error == std::errc{});
  const std::string text(digits, end);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string key_text(const std::string& key) {
  return Json(key).dump() + ": ";
}

std::string in_one_line(const Json& value) {
  if (value.is_number_float()) return number_text(value.get<Json::number_float_t>());
  if (!value.is_structured()) return value.dump();
  std::string text;
  for (const auto& [key, child] : value.items()) {
    text += (text.empty() ? "" : ", ") + (value.is_object() ? key_text(key) : "");
    text += in_one_line(child);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

std::string laid_out(const Json& value, std::size_t indent, std::size_t column);

/// A line for each item.
std::string in_lines(const Json& list, std::size_t indent) {
  const std::string margin(indent + kIndent, ' ');
  std::string text;
  for (const Json& item : list)
    text += (text.empty() ? "" : ",\n") + margin + laid_out(item, margin.size(), margin.size());
  return "[\n" + text + "\n" + std::string(indent, ' ') + "]";
}

/// As many members in a line as there is room for; a condition and a caption have their own.
std::string filled(const Json& object, std::size_t indent) {
  const std::string margin(indent + kIndent, ' ');
  std::string text;
  std::size_t column = 0;
  bool alone = true;
  for (const auto& [key, child] : object.items()) {
    const std::string name = key_text(key);
    const std::string member = name + laid_out(child, margin.size(), margin.size() + name.size());
    const std::size_t columns = columns_of(member);
    const bool was_alone = std::exchange(alone, key == "when" || key == "caption");
    if (alone || was_alone || column + 2 + columns + 1 > kColumns) {
      text += text.empty() ? "" : ",\n";
      text += margin;
      text += member;
      column = margin.size() + columns;
    } else {
      text += ", " + member;
      column += 2 + columns;
    }
  }
  return "{\n" + text + "\n" + std::string(indent, ' ') + "}";
}

/// `column`: where the value begins. A comma may follow.
std::string laid_out(const Json& value, std::size_t indent, std::size_t column) {
  std::string line = in_one_line(value);
  const bool fits = column + columns_of(line) <= kColumnsOfOneLine;
  if (fits || !value.is_structured() || value.empty()) return line;
  return value.is_array() ? in_lines(value, indent) : filled(value, indent);
}

}  // namespace

std::string laid_out(const std::string& scenario) {
  const Json json = Json::parse(scenario, nullptr, false);
  CHECK(json.is_object());
  std::string text;
  for (const auto& [key, value] : json.items()) {
    const std::string name = std::string(kIndent, ' ') + key_text(key);
    const bool list = (key == "steps" || key == "expect") && !value.empty();
    text += text.empty() ? "" : ",\n";
    text += name + (list ? in_lines(value, kIndent) : laid_out(value, kIndent, name.size()));
  }
  return "{\n" + text + "\n}\n";
}

}  // namespace kv::sim
