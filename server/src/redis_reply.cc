#include "redis_reply.h"

#include <array>
#include <charconv>
#include <cmath>

#include "line_dialect.h"

namespace kv {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::uint16_t kSlots = 16384;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  constexpr std::uint16_t kPolynomial = 0x1021;
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? crc << 1 ^ kPolynomial : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> kCrcTable = make_crc_table();

constexpr std::uint16_t crc16(std::string_view bytes) {
  unsigned crc = 0;
  for (const char c : bytes) {
    crc = (crc << 8 ^ kCrcTable[(crc >> 8 ^ static_cast<unsigned char>(c)) & 0xFF]) & 0xFFFF;
  }
  return static_cast<std::uint16_t>(crc);
}
static_assert(crc16("123456789") == 0x31C3);

/// The part of a key that decides about its slot.
std::string_view hash_tag(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

/// As Redis writes it: an IPv6 address has no brackets, clients look for the last colon.
std::string moved(const Member& primary, std::string_view key) {
  return "MOVED " + std::to_string(key_slot(key)) + " " + primary.host + ":" +
         std::to_string(primary.port);
}

std::string read_only(const Member& primary) {
  return "READONLY You can't write against a read only replica. The primary is " + primary.node_id +
         " at " + primary.address();
}

/// The shortest text that gives the same number again.
std::string_view real_text(double number, std::array<char, 32>& buffer) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace

RedisReply& RedisReply::raw(std::string_view text) {
  out_ += text;
  return *this;
}

RedisReply& RedisReply::header(char mark, std::int64_t number) {
  std::array<char, 24> line{};  // a mark, 20 characters, CR LF
  char* end = line.data();
  *end++ = mark;
  if (number >= 0 && number < 10) {
    *end++ = static_cast<char>('0' + number);
  } else {
    end = std::to_chars(end, line.data() + line.size(), number).ptr;
  }
  end = std::copy(kLineEnd.begin(), kLineEnd.end(), end);
  return raw({line.data(), static_cast<std::size_t>(end - line.data())});
}

RedisReply& RedisReply::line(char mark, std::string_view text) {
  out_ += mark;
  const std::size_t begin = out_.size();
  out_ += text;
  for (std::size_t at = begin; at < out_.size(); ++at) {
    if (out_[at] == '\r' || out_[at] == '\n') out_[at] = ' ';
  }
  return raw(kLineEnd);
}

RedisReply& RedisReply::collection(char resp3_mark, char resp2_mark, std::size_t count) {
  return header(protocol_ == 3 ? resp3_mark : resp2_mark, static_cast<std::int64_t>(count));
}

RedisReply& RedisReply::ok() {
  return raw("+OK\r\n");
}

RedisReply& RedisReply::word(std::string_view text) {
  return line('+', text);
}

RedisReply& RedisReply::error(std::string_view text) {
  return line('-', text);
}

RedisReply& RedisReply::integer(std::int64_t number) {
  return header(':', number);
}

RedisReply& RedisReply::text(std::string_view bytes) {
  return header('$', static_cast<std::int64_t>(bytes.size())).raw(bytes).raw(kLineEnd);
}

RedisReply& RedisReply::verbatim(std::string_view text) {
  if (protocol_ != 3) return this->text(text);
  constexpr std::string_view kFormat = "txt:";
  const std::size_t size = kFormat.size() + text.size();
  return header('=', static_cast<std::int64_t>(size)).raw(kFormat).raw(text).raw(kLineEnd);
}

RedisReply& RedisReply::nil() {
  return raw(protocol_ == 3 ? "_\r\n" : "$-1\r\n");
}

RedisReply& RedisReply::nil_list() {
  return raw(protocol_ == 3 ? "_\r\n" : "*-1\r\n");
}

RedisReply& RedisReply::boolean(bool flag) {
  if (protocol_ != 3) return integer(flag ? 1 : 0);
  return raw(flag ? "#t\r\n" : "#f\r\n");
}

RedisReply& RedisReply::real(double number) {
  std::array<char, 32> buffer{};
  const std::string_view digits = real_text(number, buffer);
  return protocol_ == 3 ? raw(",").raw(digits).raw(kLineEnd) : text(digits);
}

RedisReply& RedisReply::list(std::size_t items) {
  return header('*', static_cast<std::int64_t>(items));
}

RedisReply& RedisReply::map(std::size_t pairs) {
  return collection('%', '*', protocol_ == 3 ? pairs : 2 * pairs);
}

RedisReply& RedisReply::set(std::size_t items) {
  return collection('~', '*', items);
}

RedisReply& RedisReply::push(std::size_t items) {
  return collection('>', '*', items);
}

RedisReply& RedisReply::answer(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::kNil:
      return nil();
    case Answer::Kind::kOk:
      return ok();
    case Answer::Kind::kInteger:
      return integer(answer.integer);
    case Answer::Kind::kText:
      return text(answer.text);
    case Answer::Kind::kWord:
      return word(answer.text);
    case Answer::Kind::kList:
      list(answer.items.size());
      for (const Answer& item : answer.items) this->answer(item);
      return *this;
    case Answer::Kind::kNilList:
      return nil_list();
    case Answer::Kind::kError:
      return error(answer.text);
  }
  return nil();
}

std::string refusal_text(const Refusal& refusal, const ClusterConfig& cluster, RedisMode mode,
                         std::string_view key, bool reads) {
  switch (refusal.code) {
    case RefusalCode::kUnknownOutcome:
      return "UNCERTAIN " + explain(refusal, cluster);
    case RefusalCode::kOverloaded:
      return "TRYAGAIN " + explain(refusal, cluster);
    case RefusalCode::kNotPrimary:
      if (const Member* primary = cluster.find(refusal.primary)) {
        if (mode == RedisMode::kCluster) return moved(*primary, key);
        if (!reads) return read_only(*primary);
      }
      break;
    case RefusalCode::kNoPrimary:
    case RefusalCode::kNoQuorum:
    case RefusalCode::kShuttingDown:
      break;
  }
  return (mode == RedisMode::kCluster ? "CLUSTERDOWN " : "MASTERDOWN ") + explain(refusal, cluster);
}

std::uint16_t key_slot(std::string_view key) {
  return crc16(hash_tag(key)) % kSlots;
}

}  // namespace kv
