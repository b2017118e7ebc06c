#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/client.h"
#include "request_reader.h"
#include "server/cluster.h"

namespace kv {

/// The JSON line dialect, as pure functions of bytes: lines in, requests out; outcomes in, replies
/// out. One command a line; one JSON object a line in answer.

struct SetLine {
  std::string_view key{};
  std::string_view value{};
};
struct GetLine {
  std::string_view key{};
};
struct DeleteLine {
  std::string_view key{};
};
struct PingLine {};
struct StatusLine {};
struct TraceLine {};
struct ShutdownLine {};
/// Not a request: `code` and `message` are the answer.
struct RefusedLine {
  std::string_view code{};
  std::string message{};
};
/// A web browser talks: answer kHttpRefusal and close, lest a web page issue commands.
struct HttpLine {};

using LineRequest = std::variant<SetLine, GetLine, DeleteLine, PingLine, StatusLine, TraceLine,
                                 ShutdownLine, RefusedLine, HttpLine>;

/// `line`: without its end, and not blank.
LineRequest parse_line(std::string_view line, const RequestLimits& limits);
/// The answer to an OverlongLine.
RefusedLine overlong_line(const RequestLimits& limits);
/// The stream has ended: what to answer to `line`, which has no LF. It isn't carried out, since a
/// cut-off SET would store half a value. Nothing if it is blank.
std::optional<RefusedLine> unfinished_line(std::string_view line);

/// What a web page can make a browser send here: the first line of an HTTP request, or its Host
/// header. In any dialect.
bool is_http(std::string_view line);

/// A sentence for a person.
std::string explain(const Refusal& refusal, const ClusterConfig& cluster);

inline constexpr std::string_view kHttpRefusal =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 72\r\nConnection: "
    "close\r\n\r\n"
    "This is a key-value store that speaks a line protocol, not a web server\n";

/// Replies in the line dialect. Each appends one whole line to `out`.
namespace line_reply {

void set_done(std::string& out, std::string_view key);
/// Valid JSON is spliced in, other text becomes a JSON string, other bytes `value_base64`.
void value(std::string& out, std::string_view value);
void not_found(std::string& out, std::string_view key);
void ok(std::string& out);
void ok(std::string& out, std::string_view message);
void error(std::string& out, std::string_view code, std::string_view message);
void refusal(std::string& out, const Refusal& refusal, const ClusterConfig& cluster);

}  // namespace line_reply
}  // namespace kv
