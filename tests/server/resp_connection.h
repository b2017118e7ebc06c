#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/types.h"

namespace kv {

/// A reply of RESP2 or RESP3, with all that the protocol says about it.
struct RespReply {
  char mark{'\0'};  ///< '+', '-', ':', '$', '*', '_' …; 0: none came
  bool null{false};
  std::string text{};  ///< of what has no items
  std::vector<RespReply> items{};

  bool arrived() const { return mark != '\0'; }
  /// An error that begins with this word.
  bool is_error(const std::string& code) const { return mark == '-' && text.starts_with(code); }
  /// Several lines, each with its end: see testdata/redis_transcript.txt.
  std::string readable(const std::string& indent = "") const;
};

/// A blocking connection that speaks Redis's protocol. When a reply doesn't arrive, the connection
/// is of no more use. For one thread.
class RespConnection {
 public:
  RespConnection(const std::string& host, std::uint16_t port);
  ~RespConnection();
  RespConnection(RespConnection&& other) noexcept;
  RespConnection& operator=(RespConnection&&) = delete;

  /// False: nobody took the connection, so nothing was sent.
  bool connected() const { return socket_ >= 0; }
  RespReply ask(const std::vector<std::string>& words, Duration timeout = seconds(10));

 private:
  /// Waits for more bytes; false when none come.
  bool fill();
  std::optional<std::string> line();
  std::optional<std::string> bytes(std::size_t size);
  bool read_reply(RespReply& reply);
  bool read_items(RespReply& reply, std::int64_t count);

  int socket_{-1};
  std::string arrived_{};
  Instant deadline_{};
};

}  // namespace kv
