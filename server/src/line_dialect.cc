#include "line_dialect.h"

#include <algorithm>
#include <array>

#include "json_text.h"

namespace kv {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kBadRequest = "BAD_REQUEST";
constexpr std::string_view kTooLarge = "TOO_LARGE";
/// Other methods than these a browser sends only after it has asked with an OPTIONS. PRI begins
/// HTTP/2.
constexpr std::array<std::string_view, 9> kHttpMethods{
    "GET", "HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
constexpr std::string_view kHostHeader = "HOST:";

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

/// Takes the first word and the one blank behind it off `rest`.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_of(kBlanks), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

std::string_view trim_front(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view trim(std::string_view text) {
  text = trim_front(text);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// `upper` is in capitals.
bool same_verb(std::string_view word, std::string_view upper) {
  return std::equal(word.begin(), word.end(), upper.begin(), upper.end(), [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

RefusedLine refused(std::string message) {
  return {kBadRequest, std::move(message)};
}

std::optional<RefusedLine> check_size(std::string_view what, std::size_t size, std::size_t limit) {
  if (size <= limit) return std::nullopt;
  return RefusedLine{kTooLarge, "The " + std::string(what) + " has " + std::to_string(size) +
                                    " bytes; at most " + std::to_string(limit) + " are allowed"};
}

LineRequest parse_set(std::string_view rest, const RequestLimits& limits) {
  rest = trim_front(rest);
  const bool has_value = rest.find_first_of(kBlanks) != std::string_view::npos;
  const std::string_view key = take_word(rest);
  if (key.empty() || !has_value) return refused("Usage: SET <key> <value>");
  if (auto too_large = check_size("key", key.size(), limits.max_key_bytes)) return *too_large;
  if (auto too_large = check_size("value", rest.size(), limits.max_value_bytes)) return *too_large;
  return SetLine{key, rest};
}

template <typename KeyLine>
LineRequest parse_key(std::string_view rest, std::string_view usage, const RequestLimits& limits) {
  const std::string_view key = trim(rest);
  if (key.empty() || key.find_first_of(kBlanks) != std::string_view::npos) {
    return refused(std::string(usage));
  }
  if (auto too_large = check_size("key", key.size(), limits.max_key_bytes)) return *too_large;
  return KeyLine{key};
}

template <typename PlainLine>
LineRequest parse_plain(std::string_view rest, std::string_view usage) {
  if (!trim(rest).empty()) return refused(std::string(usage));
  return PlainLine{};
}

LineRequest parse_unknown(std::string_view verb) {
  if (verb.starts_with('{')) {
    return refused(
        "JSON is not a command here. This port is for clients; nodes talk to each other in a "
        "binary "
        "protocol on the client port + 10000");
  }
  constexpr std::size_t kShownBytes = 32;
  std::string shown(verb.substr(0, kShownBytes));
  if (verb.size() > kShownBytes) shown += "...";
  return refused(
      "Unknown command '" + shown +
      "'. Usage: SET <key> <value> | GET <key> | DELETE <key> | PING | STATUS | TRACE | SHUTDOWN");
}

std::string names_of(const std::vector<NodeId>& nodes, const ClusterConfig& cluster) {
  std::string names;
  for (const NodeId node : nodes) {
    if (!names.empty()) names += ", ";
    if (const Member* member = cluster.find(node)) names += member->node_id;
  }
  return names;
}

}  // namespace

LineRequest parse_line(std::string_view line, const RequestLimits& limits) {
  std::string_view rest = trim_front(line);
  const std::string_view verb = take_word(rest);
  if (same_verb(verb, "SET")) return parse_set(rest, limits);
  if (is_http(line)) return HttpLine{};
  if (same_verb(verb, "GET")) return parse_key<GetLine>(rest, "Usage: GET <key>", limits);
  if (same_verb(verb, "DELETE")) return parse_key<DeleteLine>(rest, "Usage: DELETE <key>", limits);
  if (same_verb(verb, "PING")) return parse_plain<PingLine>(rest, "Usage: PING");
  if (same_verb(verb, "STATUS")) return parse_plain<StatusLine>(rest, "Usage: STATUS");
  if (same_verb(verb, "TRACE")) return parse_plain<TraceLine>(rest, "Usage: TRACE");
  if (same_verb(verb, "SHUTDOWN")) return parse_plain<ShutdownLine>(rest, "Usage: SHUTDOWN");
  return parse_unknown(verb);
}

bool is_http(std::string_view line) {
  std::string_view rest = trim(line);
  const std::string_view method = take_word(rest);
  if (same_verb(method.substr(0, kHostHeader.size()), kHostHeader)) return true;
  if (same_verb(method, "POST")) return true;
  rest = trim(rest);
  const std::size_t version = rest.find_last_of(kBlanks);
  if (version == std::string_view::npos || !rest.substr(version + 1).starts_with("HTTP/")) {
    return false;
  }
  return std::any_of(kHttpMethods.begin(), kHttpMethods.end(),
                     [&](std::string_view name) { return same_verb(method, name); });
}

RefusedLine overlong_line(const RequestLimits& limits) {
  return {kTooLarge, "The line is longer than " + std::to_string(limits.max_line_bytes()) +
                         " bytes; at most " + std::to_string(limits.max_key_bytes) +
                         " for a key and " + std::to_string(limits.max_value_bytes) +
                         " for a value are allowed. The rest of the line was skipped"};
}

std::optional<RefusedLine> unfinished_line(std::string_view line) {
  if (trim(line).empty()) return std::nullopt;
  return refused("The last line does not end with a line feed, so it was not carried out");
}

std::string explain(const Refusal& refusal, const ClusterConfig& cluster) {
  switch (refusal.code) {
    case RefusalCode::kNotPrimary: {
      const Member* primary = cluster.find(refusal.primary);
      if (primary == nullptr) return "This node is a secondary; ask the primary";
      return "This node is a secondary; the primary is " + primary->node_id + " at " +
             primary->address();
    }
    case RefusalCode::kNoPrimary:
      return "There is no primary at the moment: an election is under way. Try again soon";
    case RefusalCode::kNoQuorum: {
      const std::size_t size = cluster.members.size();
      const std::string needed =
          std::to_string(size / 2 + 1) + " of " + std::to_string(size) + " nodes are needed";
      if (refusal.unreachable.empty()) return "Too few nodes can be reached: " + needed;
      return "Too few nodes can be reached: " + needed + "; no word from " +
             names_of(refusal.unreachable, cluster);
    }
    case RefusalCode::kUnknownOutcome:
      return "Not confirmed in time: the write may or may not take effect. Read the key to find "
             "out";
    case RefusalCode::kOverloaded:
      return "Too many writes are waiting to be committed; this one was not taken. Try again soon";
    case RefusalCode::kShuttingDown:
      return "This node is shutting down; ask another one";
  }
  return "Refused";
}

namespace line_reply {
namespace {

constexpr std::string_view kOk = "{\"status\": \"OK\"";

void append(std::string& out, const Member& member) {
  JsonObject(out)
      .text("node_id", member.node_id)
      .text("host", member.host)
      .number("port", member.port)
      .end();
}

}  // namespace

void set_done(std::string& out, std::string_view key) {
  out += "{\"status\": \"OK\", \"message\": \"Key '";
  append_json_escaped(out, key);
  out += "' set\"}\n";
}

void value(std::string& out, std::string_view value) {
  out += kOk;
  if (is_json(value)) {
    out += ", \"value\": ";
    append_json_on_one_line(out, value);
  } else if (is_utf8(value)) {
    out += ", \"value\": ";
    append_json_string(out, value);
  } else {
    out += ", \"value_base64\": \"";
    append_base64(out, value);
    out += '"';
  }
  out += "}\n";
}

void not_found(std::string& out, std::string_view key) {
  out += "{\"status\": \"ERROR\", \"code\": \"NOT_FOUND\", \"message\": \"Key '";
  append_json_escaped(out, key);
  out += "' not found\"}\n";
}

void ok(std::string& out) {
  out += kOk;
  out += "}\n";
}

void ok(std::string& out, std::string_view message) {
  JsonObject(out).text("status", "OK").text("message", message).end();
  out += '\n';
}

void error(std::string& out, std::string_view code, std::string_view message) {
  JsonObject(out).text("status", "ERROR").text("code", code).text("message", message).end();
  out += '\n';
}

void refusal(std::string& out, const Refusal& refusal, const ClusterConfig& cluster) {
  JsonObject object(out);
  object.text("status", "ERROR")
      .text("code", to_string(refusal.code))
      .text("message", explain(refusal, cluster));
  if (const Member* primary = cluster.find(refusal.primary))
    append(object.raw("primary"), *primary);
  object.end();
  out += '\n';
}

}  // namespace line_reply
}  // namespace kv
