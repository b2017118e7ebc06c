#include "request_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/overloaded.h"

namespace kv {
namespace {

using namespace std::string_literals;

/// Lines up to 280 bytes.
constexpr RequestLimits kSmall{
    .max_key_bytes = 8, .max_value_bytes = 16, .max_words = 5, .max_request_bytes = 40};

using Requests = std::vector<std::string>;

std::string describe(const Request& request) {
  return std::visit(Overloaded{
                        [](const TextLine& line) {
                          return (line.crlf ? "crlf:" : "lf:") + std::string(line.text);
                        },
                        [](const RespWords& array) {
                          std::string words = "words";
                          for (const std::string_view word : *array.words) {
                            words += "[" + std::string(word) + "]";
                          }
                          return words;
                        },
                        [](const OverlongLine&) { return "overlong"s; },
                        [](const BadFrame& bad) { return bad.reason; },
                    },
                    request);
}

void drain(RequestReader& reader, Requests& out) {
  while (const auto request = reader.next()) out.push_back(describe(*request));
}

void finish(const RequestReader& reader, Requests& out) {
  if (const auto line = reader.unfinished_line()) out.push_back("end:" + std::string(*line));
}

Requests read_in_pieces(std::string_view stream, std::size_t size, RequestLimits limits = kSmall) {
  RequestReader reader(limits);
  Requests out;
  for (std::size_t at = 0; at < stream.size(); at += size) {
    reader.feed(stream.substr(at, size));
    drain(reader, out);
  }
  finish(reader, out);
  return out;
}

Requests read_all(std::string_view stream, RequestLimits limits = kSmall) {
  return read_in_pieces(stream, std::max<std::size_t>(stream.size(), 1), limits);
}

/// What Redis says to `stream`, whole and byte by byte.
std::string protocol_error(std::string_view stream, RequestLimits limits = kSmall) {
  const Requests whole = read_all(std::string(stream) + "\r\n*1\r\n$4\r\nPING\r\n", limits);
  EXPECT_EQ(read_in_pieces(stream, 1, limits), read_all(stream, limits));
  if (whole.size() != 1) return std::to_string(whole.size()) + " requests";
  constexpr std::string_view kPrefix = "ERR Protocol error: ";
  if (!whole[0].starts_with(kPrefix)) return whole[0];
  return whole[0].substr(kPrefix.size());
}

std::string bulk(std::string_view word) {
  return "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
}

TEST(RequestReader, ReadsArraysOfBulkStrings) {
  EXPECT_EQ(read_all("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nv\r\n w\r\n*1\r\n$4\r\nPING\r\n"),
            (Requests{"words[SET][k][v\r\n w]", "words[PING]"}));
  EXPECT_EQ(read_all("*2\r\n$3\r\nGET\r\n$0\r\n\r\n"), (Requests{"words[GET][]"}));
  EXPECT_EQ(read_all("*1\r\n$3\r\n\0\xff*\r\n"s), (Requests{"words[\0\xff*]"s}));
}

TEST(RequestReader, TellsHowALineEnded) {
  EXPECT_EQ(read_all("PING\r\nPING\nGET a b \r\n x\r\r\n"),
            (Requests{"crlf:PING", "lf:PING", "crlf:GET a b ", "crlf: x\r"}));
}

TEST(RequestReader, TakesLinesAndArraysInAnyOrder) {
  EXPECT_EQ(read_all("SET a 1\n*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n$4\r\nECHO\r\n"),
            (Requests{"lf:SET a 1", "words[PING]", "crlf:PING", "words[ECHO]"}));
}

TEST(RequestReader, SkipsBlankLinesAndEmptyArrays) {
  EXPECT_EQ(read_all("\r\n\n  \r\n\t\v\f\n*0\r\n*-1\r\n*-77\r\nPING\n\n"), (Requests{"lf:PING"}));
}

TEST(RequestReader, LooksForTheCrOnlyAndTakesTheByteBehindItForLf) {
  EXPECT_EQ(read_all("*1\rx$4\ryPINGzz*1\r\n$4\r\nPING\r\n"),
            (Requests{"words[PING]", "words[PING]"}));
  EXPECT_EQ(read_all("*1\n$4\nPING\n"), Requests{});
}

TEST(RequestReader, RefusesAnArraySizeThatIsNone) {
  for (const char* size : {"x", "", "-", "01", "-0", "+1", "1 ", " 1", "--1", "1\n", "0x1",
                           "9223372036854775808", "6"}) {
    EXPECT_EQ(protocol_error("*"s + size), "invalid multibulk length") << size;
  }
}

TEST(RequestReader, RefusesAWordSizeThatIsNone) {
  for (const char* size : {"x", "", "-1", "01", "+1", "1 ", "99999999999999999999", "17"}) {
    EXPECT_EQ(protocol_error("*1\r\n$"s + size), "invalid bulk length") << size;
  }
}

TEST(RequestReader, RefusesAWordWithoutDollar) {
  EXPECT_EQ(protocol_error("*1\r\n#4\r\nPING"), "expected '$', got '#'");
  EXPECT_EQ(protocol_error("*2\r\n$4\r\nECHO\r\nhi"), "expected '$', got 'h'");
  EXPECT_EQ(protocol_error("*1\r\n*1\r\n$4\r\nPING"), "expected '$', got '*'");
  EXPECT_EQ(protocol_error("*1\r\nP"), "expected '$', got 'P'");
}

TEST(RequestReader, RefusesCountLinesThatDoNotEnd) {
  const std::string digits(64 << 10, '1');
  EXPECT_EQ(protocol_error("*" + digits), "too big mbulk count string");
  EXPECT_EQ(protocol_error("*1\r\n$" + digits), "too big bulk count string");
  EXPECT_EQ(protocol_error("*" + digits.substr(1)), "invalid multibulk length");
  EXPECT_EQ(read_all("*" + digits.substr(1)), Requests{});
}

TEST(RequestReader, RefusesWordsThatAreTooLongTogether) {
  const std::string word = bulk("1234567890123456");
  EXPECT_EQ(read_all("*3\r\n" + word + word + bulk("12345678")).size(), 1U);
  EXPECT_EQ(protocol_error("*3\r\n" + word + word + "$9"), "invalid bulk length");
}

TEST(RequestReader, GivesNothingAfterABadFrame) {
  RequestReader reader(kSmall);
  Requests out;
  reader.feed("PING\n*x\r\nPING\n");
  drain(reader, out);
  reader.feed("PING\n");
  drain(reader, out);
  finish(reader, out);
  EXPECT_EQ(out, (Requests{"lf:PING", "ERR Protocol error: invalid multibulk length"}));
}

TEST(RequestReader, RefusesAnOverLongLineOnceAndGoesOnBehindIt) {
  const std::string longest(kSmall.max_line_bytes(), 'v');
  EXPECT_EQ(read_all(longest + "\nPING\n"), (Requests{"lf:" + longest, "lf:PING"}));
  EXPECT_EQ(read_all(longest + "v\nPING\n"), (Requests{"overlong", "lf:PING"}));
  EXPECT_EQ(read_all(longest + "\r\nPING\n"), (Requests{"overlong", "lf:PING"}));
  EXPECT_EQ(read_all(longest + longest + "*1\n*1\r\n$4\r\nPING\r\n"),
            (Requests{"overlong", "words[PING]"}));
  EXPECT_EQ(read_all(longest + longest), (Requests{"overlong"}));
}

TEST(RequestReader, AnswersAnOverLongLineBeforeItsEnd) {
  RequestReader reader(kSmall);
  Requests out;
  for (int i = 0; i < 100; ++i) {
    reader.feed("0123456789");
    drain(reader, out);
  }
  EXPECT_EQ(out, (Requests{"overlong"}));
  reader.feed("\nPING\n");
  drain(reader, out);
  EXPECT_EQ(out, (Requests{"overlong", "lf:PING"}));
}

TEST(RequestReader, ShowsALastLineWithoutLineFeed) {
  EXPECT_EQ(read_all("PING\nSET a hal"), (Requests{"lf:PING", "end:SET a hal"}));
  EXPECT_EQ(read_all("PING\r"), (Requests{"end:PING"}));
  EXPECT_EQ(read_all("PING\n  "), (Requests{"lf:PING"}));
  EXPECT_EQ(read_all("*2\r\n$4\r\nECHO\r\n$5\r\nhal"), Requests{});
  EXPECT_EQ(read_all(""), Requests{});
}

TEST(RequestReader, GivesTheSameRequestsHoweverTheStreamIsCut) {
  const std::string stream =
      "SET a {\"x\": 1}\r\n\nset  b c\n*3\r\n" + bulk("SET") + bulk("k\r\n*1\r\n") + bulk("") +
      "*0\r\nGET a\n*1\rx$4\ryPINGzz*-1\r\n" + std::string(400, 'v') + "\n*1\r\n" + bulk("PING") +
      std::string(290, '*') + "PING\r\n*5\r\n" + bulk("a") + bulk("b") + bulk("c") + bulk("d") +
      bulk("1234567890123456") + "   \r\nSTATUS\n" + std::string(281, ' ') + "\nGET x\r\n";
  for (const std::string& tail : {"SET tail"s, "*2\r\n$4\r\nECHO\r\n"s, "*1\r\n$x\r\nPING\n"s,
                                  "*1\r\nPING\r\n"s, "*1\r\n$17\r\n"s, "\r"s}) {
    const std::string all = stream.substr(0, stream.find("\n***") + 1) + stream + tail;
    const Requests whole = read_all(all);
    ASSERT_GE(whole.size(), 9U);
    for (std::size_t size = 1; size <= all.size(); ++size) {
      ASSERT_EQ(read_in_pieces(all, size), whole) << "in pieces of " << size;
    }
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
      RequestReader reader(kSmall);
      Requests out;
      reader.feed(all.substr(0, cut));
      drain(reader, out);
      reader.feed(all.substr(cut));
      drain(reader, out);
      finish(reader, out);
      ASSERT_EQ(out, whole) << "cut at " << cut;
    }
  }
}

TEST(RequestReader, KeepsTheViewsOfARequestUntilTheNextOneIsAskedFor) {
  RequestReader reader;
  reader.feed("*2\r\n" + bulk("GET") + bulk("first") + "*2\r\n" + bulk("GET"));
  const auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(describe(*first), "words[GET][first]");
  reader.feed(bulk("second"));
  const auto second = reader.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(describe(*second), "words[GET][second]");
  EXPECT_FALSE(reader.next());
}

TEST(RequestReader, HoldsNothingForWordsThatHaveNotCome) {
  RequestReader many;
  many.feed("*1048576\r\n");
  EXPECT_FALSE(many.next());
  EXPECT_LT(many.held_bytes(), 100U);

  RequestReader large;
  large.feed("*1\r\n$8388608\r\n");
  for (int i = 0; i < 16; ++i) {
    large.feed(std::string(64 << 10, 'v'));
    EXPECT_FALSE(large.next());
  }
  EXPECT_LT(large.held_bytes(), (2 << 20) + 100U);
}

TEST(RequestReader, GivesMemoryBackOnceALargeRequestIsDone) {
  RequestReader reader;
  const std::string value(8 << 20, 'v');
  reader.feed("*1\r\n" + bulk(value));
  const auto request = reader.next();
  ASSERT_TRUE(request);
  EXPECT_EQ(std::get<RespWords>(*request).words->at(0), value);
  EXPECT_FALSE(reader.next());
  EXPECT_LE(reader.held_bytes(), 128U << 10);

  std::string words = "*100000\r\n";
  for (int i = 0; i < 100'000; ++i) words += "$1\r\nw\r\n";
  reader.feed(words);
  const auto many = reader.next();
  ASSERT_TRUE(many);
  EXPECT_EQ(std::get<RespWords>(*many).words->size(), 100'000U);
  EXPECT_FALSE(reader.next());
  EXPECT_LE(reader.held_bytes(), 128U << 10);
}

TEST(RequestReader, DoesNotHoldTheRestOfAnOverLongLine) {
  RequestReader reader;
  const std::string piece(64 << 10, 'x');
  std::size_t most = 0;
  Requests out;
  for (int i = 0; i < 1000; ++i) {
    reader.feed(piece);
    drain(reader, out);
    most = std::max(most, reader.held_bytes());
  }
  EXPECT_EQ(out, (Requests{"overlong"}));
  EXPECT_LE(most, 2 * RequestLimits{}.max_line_bytes());
  EXPECT_LE(reader.held_bytes(), 128U << 10);
}

TEST(RequestReader, HoldsNothingAfterABadFrame) {
  RequestReader reader;
  reader.feed("*1\r\nx" + std::string(100'000, 'x'));
  EXPECT_TRUE(reader.next());
  reader.feed(std::string(100'000, 'x'));
  EXPECT_FALSE(reader.next());
  EXPECT_LT(reader.held_bytes(), 100U);
}

TEST(SplitInline, SeparatesWordsAtBlanks) {
  EXPECT_EQ(split_inline("SET  a\tb \v\f"), (Requests{"SET", "a", "b"}));
  EXPECT_EQ(split_inline("PING a\rb"), (Requests{"PING", "a", "b"}));
  EXPECT_EQ(split_inline("a\vb \vc"), (Requests{"a\vb", "c"}));
  EXPECT_EQ(split_inline("  "), Requests{});
  EXPECT_EQ(split_inline("a\0b"s), (Requests{"a\0b"s}));
}

TEST(SplitInline, TakesQuotedWords) {
  EXPECT_EQ(split_inline(R"(ECHO "a b" 'c d' "" '')"), (Requests{"ECHO", "a b", "c d", "", ""}));
  EXPECT_EQ(split_inline(R"(ECHO a"b c" d'e f')"), (Requests{"ECHO", "ab c", "de f"}));
  EXPECT_EQ(split_inline(R"("it's" '"')"), (Requests{"it's", "\""}));
}

TEST(SplitInline, KnowsTheEscapesOfDoubleQuotes) {
  EXPECT_EQ(split_inline(R"("\x41\xfF\n\r\t\b\a\q\"\\")"), (Requests{"A\xFF\n\r\t\b\aq\"\\"}));
  EXPECT_EQ(split_inline(R"("\xZZ\x4")"), (Requests{"xZZx4"}));
  EXPECT_EQ(split_inline(R"('\'\n\x41')"), (Requests{R"('\n\x41)"}));
  EXPECT_EQ(split_inline(R"(a\nb)"), (Requests{R"(a\nb)"}));
}

TEST(SplitInline, RefusesUnbalancedQuotes) {
  for (const char* line : {R"(")", R"(')", R"("a)", R"('a)", R"("a"b)", R"('a'b)", R"(a"b"'c')",
                           R"("a\")", R"("a\)", R"('a\')"}) {
    EXPECT_FALSE(split_inline(line)) << line;
  }
}

TEST(Dialect, FollowsTheEndOfTheLineUnlessItIsForced) {
  const TextLine lf{"PING", false};
  const TextLine crlf{"PING", true};
  EXPECT_EQ(dialect_of(lf, std::nullopt), Dialect::kJson);
  EXPECT_EQ(dialect_of(crlf, std::nullopt), Dialect::kRedis);
  EXPECT_EQ(dialect_of(crlf, Dialect::kJson), Dialect::kJson);
  EXPECT_EQ(dialect_of(lf, Dialect::kRedis), Dialect::kRedis);
}

}  // namespace
}  // namespace kv
