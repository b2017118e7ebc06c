#include "core/overloaded.h"
#include "line_dialect.h"
#include "request_reader.h"
#include "targets.h"

namespace kv::fuzz {
namespace {

/// Small, so that inputs reach them: lines up to 262 bytes.
constexpr RequestLimits kLimits{.max_key_bytes = 2,
                                .max_value_bytes = 4,
                                .max_words = 4,
                                .max_request_bytes = 8,
                                .max_inline_bytes = 64};
/// Buffers double; each word of five bytes or more takes a span and a view.
constexpr std::size_t kMostHeldPerByte = 16;
constexpr std::size_t kMostHeldEmpty = 64;

std::string bulk(std::string_view word) {
  return "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
}

std::string describe(const Request& request) {
  return std::visit(
      Overloaded{
          [](const TextLine& line) { return (line.crlf ? "C" : "L") + std::string(line.text); },
          [](const RespWords& array) {
            std::string text = "*" + std::to_string(array.words->size()) + "\r\n";
            for (const std::string_view word : *array.words) text += bulk(word);
            return text;
          },
          [](const OverlongLine&) { return std::string("O"); },
          [](const BadFrame& bad) { return "B" + bad.reason; },
      },
      request);
}

std::vector<std::string> read_whole(std::string_view bytes) {
  RequestReader reader(kLimits);
  reader.feed(bytes);
  std::vector<std::string> requests;
  while (const auto request = reader.next()) requests.push_back(describe(*request));
  if (const auto line = reader.unfinished_line()) requests.push_back("U" + std::string(*line));
  return requests;
}

/// What the dialects make of a line: they take any bytes.
std::string check_line(std::string_view line) {
  const auto words = split_inline(line);
  if (words && words->empty()) return "a line that isn't blank has no words";
  const LineRequest request = parse_line(line, kLimits);
  if (is_http(line) && std::holds_alternative<ShutdownLine>(request)) return "HTTP shuts down";
  if (const auto* set = std::get_if<SetLine>(&request)) {
    if (set->key.empty() || set->key.size() > kLimits.max_key_bytes) return "the key's size";
    if (set->value.size() > kLimits.max_value_bytes) return "the value's size";
  }
  return {};
}

std::string check_request(const Request& request) {
  if (const auto* line = std::get_if<TextLine>(&request)) {
    if (line->text.find('\n') != std::string_view::npos) return "a line with a line feed";
    if (line->text.size() > kLimits.max_line_bytes()) return "a line beyond the limit";
    return check_line(line->text);
  }
  if (const auto* array = std::get_if<RespWords>(&request)) {
    if (array->words->empty() || array->words->size() > kLimits.max_words) return "words";
    const std::string text = describe(request);
    if (read_whole(text) != std::vector<std::string>{text}) return "an array reads differently";
  }
  return {};
}

std::string run(std::string_view input) {
  const Cut cut(input);
  RequestReader reader(kLimits);
  std::vector<std::string> requests;
  std::size_t fed_bytes = 0;
  std::string wrong;
  const auto drain = [&] {
    while (const auto request = reader.next()) {
      wrong = check_request(*request);
      if (!wrong.empty()) return false;
      requests.push_back(describe(*request));
    }
    return true;
  };
  cut.for_each([&](std::string_view piece) {
    reader.feed(piece);
    fed_bytes += piece.size();
    if (!drain()) return false;
    if (reader.held_bytes() > kMostHeldPerByte * fed_bytes + kMostHeldEmpty) wrong = "memory";
    return wrong.empty();
  });
  if (!wrong.empty()) return wrong;
  if (const auto line = reader.unfinished_line()) requests.push_back("U" + std::string(*line));
  return requests == read_whole(cut.bytes) ? "" : "cut up, the requests are others";
}

std::vector<std::string> seeds() {
  using namespace std::string_literals;
  return {
      "\0*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"s,
      "\3*2\r\n$2\r\nab\r\n$0\r\n\r\nPING\r\nSET a b\nGET a\r\n*0\r\n*-1\r\n\r\n \t\n"s,
      "\7*1\r\n$9\r\n"s,
      "\1*5\r\n"s,
      "\1*2\rx$4\ryPINGzz$0\r?!!*1\r\n$1\r\nabcPING\n"s,
      "\2*1\r\n#1\r\n"s,
      "\x10SET \"a\\x41\\n\" 'b'\r\nPOST / HTTP/1.1\r\nHost: a\r\n"s,
      "\x40" + std::string(300, 'x') + "\nSHUTDOWN\nSTATUS\nDELETE k\nTRACE",
  };
}

}  // namespace

const Target request_reader{"request_reader", run, seeds};

}  // namespace kv::fuzz
