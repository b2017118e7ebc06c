#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/client.h"
#include "server/cluster.h"

namespace kv {

/// The JSON line dialect, as pure functions of bytes: lines in, requests out; outcomes in, replies
/// out. One command a line, ended by LF (a CR before it is dropped); one JSON object a line in
/// answer.

struct LineLimits {
  std::size_t max_key_bytes{64 << 10};
  std::size_t max_value_bytes{8 << 20};
  /// Room for the verb and blanks on top.
  std::size_t max_line_bytes() const { return max_key_bytes + max_value_bytes + 256; }
};

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

/// Cuts a byte stream into requests. However the stream is cut up by feed(), the requests are the
/// same. Holds at most a line and what was fed since; the rest of an over-long line is skipped
/// without being held.
class LineReader {
 public:
  explicit LineReader(LineLimits limits = {}) : limits_(limits) {}

  void feed(std::string_view bytes);
  /// The next request; nothing until more is fed, nor ever after an HttpLine. Views hold until the
  /// next call.
  std::optional<LineRequest> next();
  /// The stream has ended: what to answer to a last line without an LF. It isn't carried out, since
  /// a cut-off SET would store half a value.
  std::optional<RefusedLine> finish() const;

 private:
  RefusedLine over_long() const;

  LineLimits limits_;
  std::string buffer_{};
  std::size_t at_{0};       ///< of the first byte not given out yet
  std::size_t scanned_{0};  ///< no LF in [at_, scanned_)
  bool skipping_{false};    ///< inside an over-long line that was refused
  bool ended_{false};       ///< after an HttpLine
};

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
