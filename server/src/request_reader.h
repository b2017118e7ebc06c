#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

/// Sizes above which a request is refused. Words of RESP arrays are refused with Redis's texts.
struct RequestLimits {
  std::size_t max_key_bytes{64 << 10};
  std::size_t max_value_bytes{8 << 20};     ///< also of one word of an array
  std::size_t max_words{1 << 20};           ///< of one array
  std::size_t max_request_bytes{64 << 20};  ///< all words of one array together
  std::size_t max_inline_bytes{64 << 10};   ///< a CRLF line in Redis's dialect, as Redis has it
  /// Of a text line in the JSON dialect, with room for the verb and blanks.
  std::size_t max_line_bytes() const { return max_key_bytes + max_value_bytes + 256; }
};

/// A text line without its end, not blank; `crlf`: it ended in CR LF.
struct TextLine {
  std::string_view text{};
  bool crlf{false};
};
/// A RESP array of bulk strings; not empty.
struct RespWords {
  const std::vector<std::string_view>* words{nullptr};
};
/// A line longer than max_line_bytes(); its rest is skipped.
struct OverlongLine {};
/// Bytes that are no RESP: `reason` is Redis's text, to be answered as an error, and the connection
/// to be closed; nothing follows.
struct BadFrame {
  std::string reason{};  ///< "ERR Protocol error: invalid bulk length"
};

using Request = std::variant<TextLine, RespWords, OverlongLine, BadFrame>;

/// Redis's words for a text line beyond max_inline_bytes, and for one that split_inline() refuses.
inline constexpr std::string_view kTooBigInline = "ERR Protocol error: too big inline request";
inline constexpr std::string_view kUnbalancedQuotes =
    "ERR Protocol error: unbalanced quotes in request";

/// Cuts a client's byte stream into requests: a `*` at the beginning of one means RESP, all else is
/// a text line. However the stream is cut up by feed(), the requests are the same. Holds at most
/// one request and what was fed since; the rest of an over-long line is skipped without being held.
/// A byte is looked at a fixed number of times, however often next() is asked.
class RequestReader {
 public:
  /// `limits`: at most 1 GiB for a request, and 2^24 words.
  explicit RequestReader(RequestLimits limits = {});

  void feed(std::string_view bytes);
  /// The next request that isn't blank; nothing until more is fed, nor ever after a BadFrame. Views
  /// hold until the next call.
  std::optional<Request> next();
  /// The stream has ended within a request: the text line that has no end, if it is one.
  std::optional<std::string_view> unfinished_line() const;
  /// Keeps no room for later requests, if none is under way.
  void rest();
  /// Bytes held.
  std::size_t held_bytes() const;

 private:
  /// A word's place, counted from at_.
  struct Span {
    std::uint32_t offset{0};
    std::uint32_t size{0};
  };
  /// Redis's words for a count line that is none.
  struct CountErrors {
    std::string_view too_long{};
    std::string_view invalid{};
  };
  static constexpr CountErrors kArrayErrors{"ERR Protocol error: too big mbulk count string",
                                            "ERR Protocol error: invalid multibulk length"};
  static constexpr CountErrors kWordErrors{"ERR Protocol error: too big bulk count string",
                                           "ERR Protocol error: invalid bulk length"};

  std::optional<Request> next_line();
  std::optional<Request> next_array();
  bool read_array_size();
  bool read_word();
  bool read_word_size();
  std::optional<std::int64_t> read_count(const CountErrors& errors);
  bool fail(std::string_view reason);
  Request whole_array();
  void begin_at(std::size_t offset);
  void give_back();

  RequestLimits limits_;
  std::string buffer_{};
  std::size_t at_{0};       ///< of the first byte not given out yet: the request under way
  std::size_t scanned_{0};  ///< no LF of a text line, no CR of a count line before it
  bool skipping_{false};    ///< inside an over-long line that was refused
  std::optional<BadFrame> bad_{};

  // The array under way, as far as it has come.
  std::size_t parsed_{0};                   ///< all before it is in the members below
  std::size_t words_left_{0};               ///< 0: its first line isn't read yet
  std::optional<std::size_t> word_size_{};  ///< of the word under way, once its first line is read
  std::size_t request_bytes_{0};            ///< all words so far, with the one under way
  std::vector<Span> spans_{};
  std::vector<std::string_view> words_{};  ///< of the array given out last
};

/// The words of a line in Redis's inline form: separated by blanks, with "…" (and \n \r \t \b \a
/// \xHH in it) and '…'. Nothing when quotes are unbalanced.
std::optional<std::vector<std::string>> split_inline(std::string_view line);

enum class Dialect : std::uint8_t { kJson, kRedis };
/// In which dialect a text line is answered: `forced`, if set; else a CRLF line comes from one of
/// Redis's tools, and one that ends in LF alone is JSON's.
Dialect dialect_of(const TextLine& line, std::optional<Dialect> forced);

}  // namespace kv
