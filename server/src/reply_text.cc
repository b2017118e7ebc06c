#include "reply_text.h"

#include <nlohmann/json.hpp>

namespace kv {
namespace {

using nlohmann::json;

json parse_object(const std::string& text) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return object.is_object() ? object : json(json::value_t::discarded);
}

std::string text_field(const json& object, const char* name) {
  const auto field = object.find(name);
  return field != object.end() && field->is_string() ? field->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number_field(const json& object, const char* name) {
  const auto field = object.find(name);
  if (field == object.end() || !field->is_number_unsigned()) return std::nullopt;
  return field->get<std::uint64_t>();
}

bool flag_field(const json& object, const char* name, bool if_absent) {
  const auto field = object.find(name);
  return field != object.end() && field->is_boolean() ? field->get<bool>() : if_absent;
}

Error not_a_reply(const std::string& line) {
  constexpr std::size_t kShownBytes = 60;
  std::string shown = line.substr(0, kShownBytes);
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return Error{"answers '" + shown + (line.size() > kShownBytes ? "…" : "") +
               "', which is no reply of a kvnode"};
}

/// The end of the JSON string that begins at `at`: behind its closing quote. `text` is valid JSON.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

/// The end of the JSON value that begins at `at`. `text` is a valid JSON object that holds the
/// value.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  int depth = 0;
  while (true) {
    const char c = text[at];
    if (depth == 0 && (c == ',' || c == '}')) return at;
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
}

/// The text of the member `name` in a valid JSON object. The parser would give the value, but not
/// its bytes: big numbers and the order of keys would be lost.
std::optional<std::string> raw_member(std::string_view object, std::string_view name) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::size_t at = object.find('{') + 1;
  for (;;) {
    at = object.find_first_not_of(kSpace, at);
    if (object[at] == '}') return std::nullopt;
    if (object[at] == ',') at = object.find_first_not_of(kSpace, at + 1);
    const std::size_t end_of_name = end_of_string(object, at);
    const std::string_view found = object.substr(at + 1, end_of_name - at - 2);
    const std::size_t begin = object.find_first_not_of(kSpace, object.find(':', end_of_name) + 1);
    at = end_of_value(object, begin);
    if (found != name) continue;
    std::string_view value = object.substr(begin, at - begin);
    return std::string(value.substr(0, value.find_last_not_of(kSpace) + 1));
  }
}

/// RFC 4648, section 4. Ends at the padding or at a stranger.
std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes.push_back(static_cast<char>(bits >> bit_count & 0xFF));
  }
  return bytes;
}

std::optional<Member> primary_field(const json& object) {
  const auto field = object.find("primary");
  if (field == object.end() || !field->is_object()) return std::nullopt;
  const std::optional<std::uint64_t> port = number_field(*field, "port");
  Member member{text_field(*field, "node_id"), text_field(*field, "host"), 0};
  if (!port || *port == 0 || *port > 65'535 || member.host.empty()) return std::nullopt;
  member.port = static_cast<std::uint16_t>(*port);
  return member;
}

}  // namespace

Result<Reply> parse_reply(std::string line) {
  const json object = parse_object(line);
  if (object.is_discarded() || text_field(object, "status").empty()) return not_a_reply(line);
  Reply reply;
  reply.status = text_field(object, "status");
  reply.code = text_field(object, "code");
  reply.message = text_field(object, "message");
  reply.primary = primary_field(object);
  reply.value = raw_member(line, "value");
  if (object.contains("value_base64")) reply.value_base64 = text_field(object, "value_base64");
  reply.json = std::move(line);
  return reply;
}

Result<NodeStatus> parse_status(std::string line) {
  const json object = parse_object(line);
  if (object.is_discarded() || text_field(object, "role").empty()) return not_a_reply(line);
  NodeStatus status;
  status.node_id = text_field(object, "node_id");
  status.role = text_field(object, "role");
  status.election_term = number_field(object, "election_term");
  status.serving = flag_field(object, "serving", status.role == "primary");
  status.detail_role = text_field(object, "detail_role");
  status.primary = text_field(object, "primary");
  status.commit = number_field(object, "commit");
  status.applied = number_field(object, "applied");
  status.last_index = number_field(object, "last_index");
  status.first_index = number_field(object, "first_index");
  status.persisted = number_field(object, "persisted");
  status.snapshot_index = number_field(object, "snapshot_index");
  status.keys = number_field(object, "keys");
  status.memory_bytes = number_field(object, "memory_bytes");
  status.uptime_seconds = number_field(object, "uptime_seconds");
  status.pid = number_field(object, "pid");
  status.connections = number_field(object, "connections");
  status.ack = text_field(object, "ack");
  status.timing = text_field(object, "timing");
  status.storage = text_field(object, "storage");
  status.version = text_field(object, "version");
  status.wiped = flag_field(object, "wiped", false);
  if (const auto peers = object.find("peers"); peers != object.end() && peers->is_array()) {
    for (const json& peer : *peers) {
      if (!peer.is_object()) continue;
      status.peers.push_back({text_field(peer, "node_id"), flag_field(peer, "reachable", false),
                              flag_field(peer, "wiped", false), number_field(peer, "durable")});
    }
  }
  status.json = std::move(line);
  return status;
}

Reply unknown_outcome(const std::string& why) {
  Reply reply;
  reply.status = "ERROR";
  reply.code = "UNKNOWN_OUTCOME";
  reply.message = "the write was sent, but no answer came back (" + why +
                  "): it may or may not take effect. GET the key to find out, then decide "
                  "whether to repeat the write.";
  reply.json =
      json{{"status", reply.status}, {"code", reply.code}, {"message", reply.message}}.dump(
          -1, ' ', false, json::error_handler_t::replace);
  return reply;
}

std::optional<std::string> bare_value(const Reply& reply) {
  if (reply.value_base64) return from_base64(*reply.value_base64);
  if (!reply.value || reply.value->front() != '"') return reply.value;
  const json value = json::parse(*reply.value, nullptr, /*allow_exceptions=*/false);
  return value.is_string() ? value.get<std::string>() : reply.value;
}

}  // namespace kv
