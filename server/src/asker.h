#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/types.h"

namespace kv {

struct RedisCommand;

/// How the answer to a command is put into words.
struct ReplyForm {
  enum class Kind : std::uint8_t {
    kJsonSet,
    kJsonGet,
    kJsonDelete,
    kRedis,
    kSilent,  ///< not at all: after CLIENT REPLY OFF
    kWatch,   ///< the fingerprint of a watched key is kept, and nothing said
    kWatchLast,
  };
  Kind kind{};
  std::uint8_t protocol{2};              ///< of RESP
  const RedisCommand* command{nullptr};  ///< for the counters; null in the JSON dialect
};

/// Which requests have to be answered before one may be submitted: a connection's requests take
/// effect in their order.
enum class Turn : std::uint8_t {
  kAny,
  kRead,   ///< all writes
  kWrite,  ///< all reads
  kBoth,   ///< all: it may give a large answer, which can't be asked for again
};

/// What a dialect asks of the connection that it is spoken on. Answers leave in the order of the
/// calls.
class Asker {
 public:
  /// An answer that needs nobody else.
  virtual void answer(std::string reply) = 0;
  /// An encoded read. `anywhere`: see ReadRequest.
  virtual void ask_read(ReplyForm form, std::string command, bool anywhere) = 0;
  /// An encoded command for the log; `key`: its first one, or "".
  virtual void ask_write(ReplyForm form, std::string command, std::string_view key) = 0;
  /// An answer that comes once `poll` gives it; until then nothing that follows is taken. It is
  /// polled whenever the node has done something, and a last time, with true, after `timeout` or
  /// when the client is gone.
  virtual void answer_when(std::function<std::optional<std::string>(bool late)> poll,
                           Duration timeout) = 0;
  /// Closes the connection once all is answered and sent; takes no more requests.
  virtual void hang_up() = 0;
  virtual LogIndex last_write() const = 0;
  virtual bool from_this_machine() const = 0;

 protected:
  ~Asker() = default;
};

}  // namespace kv
