#include "request_reader.h"

#include <algorithm>

#include "core/check.h"

namespace kv {
namespace {

constexpr std::string_view kSpaces = " \t\r\v\f\n";
/// What was kept for requests beyond these is given back when none is under way.
constexpr std::size_t kKeptBufferBytes = 128 << 10;
constexpr std::size_t kKeptWords = 1 << 10;
/// A count line ("*3", "$5") without its end that is longer than this never gets one.
constexpr std::size_t kMaxCountBytes = 64 << 10;

bool is_space(char c) {
  return kSpaces.find(c) != std::string_view::npos;
}

bool is_blank_line(std::string_view line) {
  return line.find_first_not_of(kSpaces) == std::string_view::npos;
}

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Decimal, as Redis takes it: no plus sign, no zeros in front. Longer numbers are beyond any
/// limit.
std::optional<std::int64_t> parse_count(std::string_view text) {
  constexpr std::size_t kMostDigits = 18;
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
  if (digits.front() == '0' && text.size() > 1) return std::nullopt;
  std::int64_t number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + (digit - '0');
  }
  return negative ? -number : number;
}

}  // namespace

RequestReader::RequestReader(RequestLimits limits) : limits_(limits) {
  // A Span must be able to say where any word is.
  CHECK(limits.max_request_bytes <= (1U << 30) && limits.max_words <= (1U << 24));
}

void RequestReader::feed(std::string_view bytes) {
  if (bad_) return;
  if (at_ > 0) {
    buffer_.erase(0, at_);
    scanned_ -= at_;
    parsed_ -= at_;
    at_ = 0;
  }
  buffer_.append(bytes);
}

std::optional<Request> RequestReader::next() {
  while (!bad_ && at_ < buffer_.size()) {
    const std::size_t before = at_;
    const bool array = !skipping_ && buffer_[at_] == '*';
    std::optional<Request> request = array ? next_array() : next_line();
    if (request) return request;
    const bool skipped_a_blank_one = at_ > before;
    if (!skipped_a_blank_one) return std::nullopt;
  }
  give_back();
  return std::nullopt;
}

std::optional<Request> RequestReader::next_line() {
  const std::size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    const bool too_long = !skipping_ && buffer_.size() - at_ > limits_.max_line_bytes();
    if (too_long) skipping_ = true;
    if (skipping_) begin_at(buffer_.size());
    return too_long ? std::optional<Request>(OverlongLine{}) : std::nullopt;
  }
  const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
  begin_at(end + 1);
  if (skipping_) {
    skipping_ = false;
    return std::nullopt;
  }
  if (line.size() > limits_.max_line_bytes()) return OverlongLine{};
  if (is_blank_line(line)) return std::nullopt;
  return TextLine{without_cr(line), line.ends_with('\r')};
}

std::optional<Request> RequestReader::next_array() {
  if (words_left_ == 0 && !read_array_size()) return bad_;
  if (words_left_ == 0) {
    begin_at(parsed_);
    return std::nullopt;
  }
  while (words_left_ > 0 && read_word()) --words_left_;
  if (bad_ || words_left_ > 0) return bad_;
  return whole_array();
}

bool RequestReader::read_array_size() {
  const auto size = read_count(kArrayErrors);
  if (!size) return false;
  words_left_ = static_cast<std::size_t>(std::max<std::int64_t>(*size, 0));
  return words_left_ <= limits_.max_words || fail(kArrayErrors.invalid);
}

bool RequestReader::read_word() {
  if (!word_size_ && !read_word_size()) return false;
  const std::size_t size = *word_size_;
  if (buffer_.size() - parsed_ < size + 2) return false;
  spans_.push_back({static_cast<std::uint32_t>(parsed_ - at_), static_cast<std::uint32_t>(size)});
  parsed_ += size + 2;
  scanned_ = parsed_;
  word_size_.reset();
  return true;
}

bool RequestReader::read_word_size() {
  if (parsed_ == buffer_.size()) return false;
  if (const char mark = buffer_[parsed_]; mark != '$') {
    return fail(std::string("ERR Protocol error: expected '$', got '") + mark + "'");
  }
  const auto size = read_count(kWordErrors);
  if (!size) return false;
  const std::size_t room =
      std::min(limits_.max_value_bytes, limits_.max_request_bytes - request_bytes_);
  if (*size < 0 || static_cast<std::size_t>(*size) > room) return fail(kWordErrors.invalid);
  word_size_ = static_cast<std::size_t>(*size);
  request_bytes_ += *word_size_;
  return true;
}

/// The line at parsed_: a mark, a number, CR, and one byte that Redis doesn't look at either.
/// Nothing if it isn't whole yet, or after a fail().
std::optional<std::int64_t> RequestReader::read_count(const CountErrors& errors) {
  const std::size_t too_far = parsed_ + kMaxCountBytes + 1;
  const std::string_view bytes = std::string_view(buffer_).substr(0, too_far);
  // Nearly always a few bytes: a call of memchr would cost more than it saves.
  std::size_t end = scanned_;
  while (end < bytes.size() && bytes[end] != '\r') ++end;
  scanned_ = end;
  if (end == too_far) {
    fail(errors.too_long);
    return std::nullopt;
  }
  if (buffer_.size() - end < 2) return std::nullopt;
  const auto number = parse_count(bytes.substr(parsed_ + 1, end - parsed_ - 1));
  if (!number) {
    fail(errors.invalid);
    return std::nullopt;
  }
  parsed_ = scanned_ = end + 2;
  return number;
}

bool RequestReader::fail(std::string_view reason) {
  bad_ = BadFrame{std::string(reason)};
  begin_at(0);
  buffer_.clear();
  buffer_.shrink_to_fit();
  return false;
}

Request RequestReader::whole_array() {
  const std::string_view request = std::string_view(buffer_).substr(at_, parsed_ - at_);
  words_.clear();
  for (const Span& span : spans_) words_.push_back(request.substr(span.offset, span.size));
  begin_at(parsed_);
  return RespWords{&words_};
}

void RequestReader::begin_at(std::size_t offset) {
  at_ = scanned_ = parsed_ = offset;
  words_left_ = 0;
  word_size_.reset();
  request_bytes_ = 0;
  spans_.clear();
}

void RequestReader::give_back() {
  begin_at(0);
  buffer_.clear();
  words_.clear();
  if (buffer_.capacity() > kKeptBufferBytes) buffer_.shrink_to_fit();
  if (words_.capacity() > kKeptWords) words_.shrink_to_fit();
  if (spans_.capacity() > kKeptWords) spans_.shrink_to_fit();
}

void RequestReader::rest() {
  if (!buffer_.empty()) return;
  buffer_.shrink_to_fit();
  words_ = {};
  spans_ = {};
}

std::optional<std::string_view> RequestReader::unfinished_line() const {
  if (bad_ || skipping_) return std::nullopt;
  const std::string_view line = std::string_view(buffer_).substr(at_);
  if (line.starts_with('*') || is_blank_line(line)) return std::nullopt;
  return without_cr(line);
}

std::size_t RequestReader::held_bytes() const {
  return buffer_.capacity() + spans_.capacity() * sizeof(Span) +
         words_.capacity() * sizeof(std::string_view);
}

namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

/// Takes the escape behind a backslash off `rest`, which isn't empty.
char take_escape(std::string_view& rest) {
  constexpr std::string_view kNames = "nrtba";
  constexpr std::string_view kMeanings = "\n\r\t\b\a";
  if (rest[0] == 'x' && rest.size() >= 3) {
    const auto high = hex_digit(rest[1]);
    const auto low = hex_digit(rest[2]);
    if (high && low) {
      rest.remove_prefix(3);
      return static_cast<char>(*high << 4 | *low);
    }
  }
  const char c = rest[0];
  rest.remove_prefix(1);
  const std::size_t named = kNames.find(c);
  return named == std::string_view::npos ? c : kMeanings[named];
}

/// Takes what stands between quotes, the closing one with it, off `rest`. False if there is none,
/// or if something else than a blank follows it.
bool take_quoted(std::string_view& rest, char quote, std::string& word) {
  while (!rest.empty()) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == quote) return rest.empty() || is_space(rest[0]);
    const bool escaped = c == '\\' && !rest.empty();
    if (escaped && quote == '"') {
      word += take_escape(rest);
    } else if (escaped && rest[0] == quote) {
      word += quote;
      rest.remove_prefix(1);
    } else {
      word += c;
    }
  }
  return false;
}

bool take_inline_word(std::string_view& rest, std::string& word) {
  constexpr std::string_view kWordEnds = " \t\r\n";
  while (!rest.empty() && kWordEnds.find(rest[0]) == std::string_view::npos) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == '"' || c == '\'') return take_quoted(rest, c, word);
    word += c;
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::string>> split_inline(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    while (!line.empty() && is_space(line[0])) line.remove_prefix(1);
    if (line.empty()) return words;
    if (!take_inline_word(line, words.emplace_back())) return std::nullopt;
  }
}

Dialect dialect_of(const TextLine& line, std::optional<Dialect> forced) {
  if (forced) return *forced;
  return line.crlf ? Dialect::kRedis : Dialect::kJson;
}

}  // namespace kv
