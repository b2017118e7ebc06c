#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/answer.h"
#include "core/client.h"
#include "server/cluster.h"

namespace kv {

/// RESP2 or RESP3 text, appended to a string. Lists and maps: the header, then that many values
/// (or pairs of them).
class RedisReply {
 public:
  /// `protocol`: 2 or 3.
  RedisReply(std::string& out, int protocol) : out_(out), protocol_(protocol) {}

  RedisReply& ok();
  RedisReply& word(std::string_view text);   ///< +…; line ends become blanks
  RedisReply& error(std::string_view text);  ///< -…; line ends become blanks
  RedisReply& integer(std::int64_t number);
  RedisReply& text(std::string_view bytes);
  RedisReply& verbatim(std::string_view text);  ///< RESP3 =txt:…, a text in RESP2
  RedisReply& nil();
  RedisReply& nil_list();
  RedisReply& boolean(bool flag);   ///< RESP3 #t, an integer in RESP2
  RedisReply& real(double number);  ///< RESP3 ,…, a text in RESP2
  RedisReply& list(std::size_t items);
  RedisReply& map(std::size_t pairs);   ///< RESP3 %…, a flat list in RESP2
  RedisReply& set(std::size_t items);   ///< RESP3 ~…, a list in RESP2
  RedisReply& push(std::size_t items);  ///< RESP3 >…, a list in RESP2
  RedisReply& answer(const Answer& answer);

  int protocol() const { return protocol_; }

 private:
  RedisReply& raw(std::string_view text);
  /// A mark, a number, CR LF.
  RedisReply& header(char mark, std::int64_t number);
  RedisReply& line(char mark, std::string_view text);
  /// A header with the mark of the protocol spoken.
  RedisReply& collection(char resp3_mark, char resp2_mark, std::size_t count);

  std::string& out_;
  int protocol_;
};

/// How Redis clients are told where the primary is.
enum class RedisMode : std::uint8_t {
  kCluster,     ///< -MOVED; the CLUSTER commands answer
  kStandalone,  ///< -READONLY; CLUSTER is refused
};

/// The error for a refused command, without the leading '-'. `key`: the command's first one, if
/// any, for the slot. `reads`: it only reads, so what a secondary that could take it says of it has
/// nothing to do with writing.
std::string refusal_text(const Refusal& refusal, const ClusterConfig& cluster, RedisMode mode,
                         std::string_view key, bool reads = false);

/// CRC16-CCITT (XMODEM) of the key, or of what is between the first '{' and the next '}' behind it
/// when that isn't empty, modulo 16384.
std::uint16_t key_slot(std::string_view key);

}  // namespace kv
