#include "json_text.h"
#include "line_dialect.h"
#include "targets.h"

namespace kv::fuzz {
namespace {

/// One line, and JSON.
std::string check_reply(std::string_view what, std::string line) {
  const std::string name(what);
  if (line.find('\n') + 1 != line.size()) return name + " is not one line";
  line.pop_back();
  if (!is_json(line)) return name + " is not JSON";
  if (!is_utf8(line)) return name + " is not UTF-8";
  return {};
}

template <typename Write>
std::string check_reply(std::string_view what, Write write) {
  std::string line;
  write(line);
  return check_reply(what, std::move(line));
}

std::string run(std::string_view input) {
  const std::string wrong[] = {
      check_reply("value()", [&](std::string& out) { line_reply::value(out, input); }),
      check_reply("set_done()", [&](std::string& out) { line_reply::set_done(out, input); }),
      check_reply("not_found()", [&](std::string& out) { line_reply::not_found(out, input); }),
      check_reply("error()", [&](std::string& out) { line_reply::error(out, "CODE", input); }),
  };
  for (const std::string& one : wrong) {
    if (!one.empty()) return one;
  }
  return {};
}

std::vector<std::string> seeds() {
  return {
      "plain text",         "{\"name\": \"Alice\",\r\n \"age\": 3.5e-1, \"list\": [1, true, null]}",
      "\"\\u0041\\n\"",     "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
      "\xFF\xC3\x28\"\\\n", std::string("a\0b", 3)};
}

}  // namespace

const Target json_reply{"json_reply", run, seeds};

}  // namespace kv::fuzz
