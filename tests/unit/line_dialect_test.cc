#include "line_dialect.h"

#include <string>

#include <gtest/gtest.h>

#include "core/overloaded.h"
#include "json_text.h"

namespace kv {
namespace {

constexpr RequestLimits kSmall{.max_key_bytes = 8, .max_value_bytes = 16};

std::string describe(const LineRequest& request) {
  return std::visit(
      Overloaded{
          [](const SetLine& set) {
            return "SET[" + std::string(set.key) + "][" + std::string(set.value) + "]";
          },
          [](const GetLine& get) { return "GET[" + std::string(get.key) + "]"; },
          [](const DeleteLine& del) { return "DELETE[" + std::string(del.key) + "]"; },
          [](const PingLine&) { return std::string("PING"); },
          [](const StatusLine&) { return std::string("STATUS"); },
          [](const TraceLine&) { return std::string("TRACE"); },
          [](const ShutdownLine&) { return std::string("SHUTDOWN"); },
          [](const RefusedLine& refused) { return std::string(refused.code); },
          [](const HttpLine&) { return std::string("HTTP"); },
      },
      request);
}

std::string read(std::string_view line, RequestLimits limits = kSmall) {
  return describe(parse_line(line, limits));
}

std::string message_of(std::string_view line, RequestLimits limits = kSmall) {
  const LineRequest request = parse_line(line, limits);
  const auto* refused = std::get_if<RefusedLine>(&request);
  return refused ? refused->message : "(not refused)";
}

ClusterConfig cluster() {
  return {
      {{"node1", "127.0.0.1", 6379}, {"node2", "127.0.0.1", 6380}, {"node3", "127.0.0.1", 6381}}};
}

template <typename Function, typename... Arguments>
std::string reply(Function function, Arguments&&... arguments) {
  std::string out;
  function(out, std::forward<Arguments>(arguments)...);
  return out;
}

std::string value_reply(std::string_view value) {
  std::string out;
  line_reply::value(out, value);
  return out;
}

TEST(LineDialect, ReadsTheDocumentedCommands) {
  EXPECT_EQ(read("SET user:1 {\"name\":\"Alice\",\"age\":30}", RequestLimits{}),
            "SET[user:1][{\"name\":\"Alice\",\"age\":30}]");
  EXPECT_EQ(read("GET user:1"), "GET[user:1]");
  EXPECT_EQ(read("DELETE user:1"), "DELETE[user:1]");
  for (const char* verb : {"PING", "STATUS", "TRACE", "SHUTDOWN"}) EXPECT_EQ(read(verb), verb);
}

TEST(LineDialect, TakesVerbsInAnyCase) {
  EXPECT_EQ(read("set a b"), "SET[a][b]");
  EXPECT_EQ(read("GeT a"), "GET[a]");
  EXPECT_EQ(read("delete a"), "DELETE[a]");
  EXPECT_EQ(read("shutDown"), "SHUTDOWN");
}

TEST(LineDialect, KeepsTheBytesOfAValueAsTheyCame) {
  EXPECT_EQ(read("SET k a b  c "), "SET[k][a b  c ]");
  EXPECT_EQ(read("SET k  x"), "SET[k][ x]");
  EXPECT_EQ(read("SET k "), "SET[k][]");
  EXPECT_EQ(read(std::string_view("SET k \0\xff\x80", 9)), std::string("SET[k][\0\xff\x80]", 11));
}

TEST(LineDialect, AllowsBlanksAroundVerbAndKey) {
  EXPECT_EQ(read("  SET   k v"), "SET[k][v]");
  EXPECT_EQ(read("\tGET\tk "), "GET[k]");
  EXPECT_EQ(read("DELETE  k\t"), "DELETE[k]");
  EXPECT_EQ(read("PING "), "PING");
}

TEST(LineDialect, RefusesWrongArityWithTheUsage) {
  EXPECT_EQ(message_of("SET"), "Usage: SET <key> <value>");
  EXPECT_EQ(message_of("SET key"), "Usage: SET <key> <value>");
  EXPECT_EQ(message_of("GET"), "Usage: GET <key>");
  EXPECT_EQ(message_of("GET a b"), "Usage: GET <key>");
  EXPECT_EQ(message_of("DELETE "), "Usage: DELETE <key>");
  EXPECT_EQ(message_of("PING me"), "Usage: PING");
  EXPECT_EQ(message_of("STATUS all"), "Usage: STATUS");
  EXPECT_EQ(message_of("TRACE all"), "Usage: TRACE");
  EXPECT_EQ(message_of("SHUTDOWN NOSAVE"), "Usage: SHUTDOWN");
}

TEST(LineDialect, NamesTheCommandsWhenAVerbIsUnknown) {
  EXPECT_EQ(
      message_of("FLUSHALL now"),
      "Unknown command 'FLUSHALL'. Usage: SET <key> <value> | GET <key> | DELETE <key> | PING | "
      "STATUS | TRACE | SHUTDOWN");
  EXPECT_LT(message_of(std::string(200, 'x')).size(), 180U);
  EXPECT_EQ(read("SETX a b"), "BAD_REQUEST");
  EXPECT_EQ(read("GE a"), "BAD_REQUEST");
}

TEST(LineDialect, TellsPeersThatTheyAreOnTheWrongPort) {
  const std::string message = message_of("{\"type\": \"HEARTBEAT\", \"from_node\": \"node1\"}");
  EXPECT_NE(message.find("client port + 10000"), std::string::npos) << message;
}

TEST(LineDialect, KnowsAnHttpRequest) {
  for (const char* line :
       {"GET / HTTP/1.1", "POST /x HTTP/1.0", "DELETE /x HTTP/1.1", "get / HTTP/1.1", "POST",
        "OPTIONS * HTTP/1.1", "CONNECT a:1 HTTP/1.1", "PRI * HTTP/2.0", "Host: a", "host:a:1"}) {
    EXPECT_TRUE(is_http(line)) << line;
    EXPECT_EQ(read(line), "HTTP");
  }
  EXPECT_EQ(read("SET a HTTP/1.1"), "SET[a][HTTP/1.1]");
  EXPECT_EQ(read("SET a b HTTP/1.1"), "SET[a][b HTTP/1.1]");
  EXPECT_EQ(read("GET  HTTP/1"), "GET[HTTP/1]");
  for (const char* line : {"SET a HTTP/1.1", "GET HTTP/1", "APPEND a HTTP/1.1", "GET /", "HTTP/1.1",
                           "HOST", "POSTER", "", " "}) {
    EXPECT_FALSE(is_http(line)) << line;
  }
}

TEST(LineDialect, RefusesKeysAndValuesBeyondTheirLimits) {
  EXPECT_EQ(read("SET 12345678 1234567890123456"), "SET[12345678][1234567890123456]");
  for (const char* line :
       {"SET 123456789 v", "SET k 12345678901234567", "GET 123456789", "DELETE 123456789"}) {
    EXPECT_EQ(read(line), "TOO_LARGE") << line;
  }
}

TEST(LineDialect, SaysHowLongALineMayBe) {
  const RefusedLine refused = overlong_line(kSmall);
  EXPECT_EQ(refused.code, "TOO_LARGE");
  EXPECT_EQ(refused.message,
            "The line is longer than 280 bytes; at most 8 for a key and 16 for a value are "
            "allowed. The rest of the line was skipped");
}

TEST(LineDialect, DoesNotCarryOutALastLineWithoutLineFeed) {
  const auto refused = unfinished_line("SET a hal");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, "BAD_REQUEST");
  EXPECT_FALSE(unfinished_line("  "));
}

TEST(LineReply, HasTheDocumentedTexts) {
  EXPECT_EQ(reply(line_reply::set_done, "user:1"),
            "{\"status\": \"OK\", \"message\": \"Key 'user:1' set\"}\n");
  EXPECT_EQ(value_reply("{\"name\":\"Alice\",\"age\":30}"),
            "{\"status\": \"OK\", \"value\": {\"name\":\"Alice\",\"age\":30}}\n");
  EXPECT_EQ(reply([](std::string& out) { line_reply::ok(out); }), "{\"status\": \"OK\"}\n");
  EXPECT_EQ(reply([](std::string& out) { line_reply::ok(out, "PONG"); }),
            "{\"status\": \"OK\", \"message\": \"PONG\"}\n");
  EXPECT_EQ(
      reply(line_reply::not_found, "x"),
      "{\"status\": \"ERROR\", \"code\": \"NOT_FOUND\", \"message\": \"Key 'x' not found\"}\n");
}

TEST(LineReply, SplicesJsonInAndQuotesTheRest) {
  EXPECT_EQ(value_reply("myvalue"), "{\"status\": \"OK\", \"value\": \"myvalue\"}\n");
  EXPECT_EQ(value_reply("\"text\""), "{\"status\": \"OK\", \"value\": \"text\"}\n");
  EXPECT_EQ(value_reply("123456789012345678901234567890"),
            "{\"status\": \"OK\", \"value\": 123456789012345678901234567890}\n");
  EXPECT_EQ(value_reply("null"), "{\"status\": \"OK\", \"value\": null}\n");
  EXPECT_EQ(value_reply(" [1, {}] "), "{\"status\": \"OK\", \"value\":  [1, {}] }\n");
  EXPECT_EQ(value_reply(""), "{\"status\": \"OK\", \"value\": \"\"}\n");
  EXPECT_EQ(value_reply("{\"a\":1} x"), "{\"status\": \"OK\", \"value\": \"{\\\"a\\\":1} x\"}\n");
  EXPECT_EQ(value_reply("1 2"), "{\"status\": \"OK\", \"value\": \"1 2\"}\n");
  EXPECT_EQ(value_reply("NaN"), "{\"status\": \"OK\", \"value\": \"NaN\"}\n");
}

TEST(LineReply, KeepsAValueWithLineBreaksOnOneLine) {
  EXPECT_EQ(value_reply("{\r\n\"a\": 1\n}"), "{\"status\": \"OK\", \"value\": {  \"a\": 1 }}\n");
  EXPECT_EQ(value_reply("a\nb"), "{\"status\": \"OK\", \"value\": \"a\\nb\"}\n");
}

TEST(LineReply, IsNotFooledByWhatAJsonParserSkips) {
  EXPECT_EQ(value_reply(std::string_view("1\0junk", 6)),
            "{\"status\": \"OK\", \"value\": \"1\\u0000junk\"}\n");
  EXPECT_EQ(value_reply("\xEF\xBB\xBF{}"), "{\"status\": \"OK\", \"value\": \"\xEF\xBB\xBF{}\"}\n");
}

TEST(LineReply, GivesBytesThatAreNotTextInBase64) {
  EXPECT_EQ(value_reply("\xff"), "{\"status\": \"OK\", \"value_base64\": \"/w==\"}\n");
  EXPECT_EQ(value_reply("\xff\xfe"), "{\"status\": \"OK\", \"value_base64\": \"//4=\"}\n");
  EXPECT_EQ(value_reply("\"\xc3\x28\""), "{\"status\": \"OK\", \"value_base64\": \"IsMoIg==\"}\n");
}

TEST(LineReply, EscapesKeys) {
  EXPECT_EQ(reply(line_reply::not_found, "a\"b\\c\x01\xff\xC3\xA9"),
            "{\"status\": \"ERROR\", \"code\": \"NOT_FOUND\", \"message\": \"Key "
            "'a\\\"b\\\\c\\u0001\xEF\xBF\xBD\xC3\xA9' not found\"}\n");
}

TEST(LineReply, NamesThePrimaryInARefusal) {
  EXPECT_EQ(reply(line_reply::refusal, Refusal{RefusalCode::kNotPrimary, 2, {}}, cluster()),
            "{\"status\": \"ERROR\", \"code\": \"NOT_PRIMARY\", \"message\": \"This node is a "
            "secondary; the "
            "primary is node2 at 127.0.0.1:6380\", \"primary\": {\"node_id\": \"node2\", \"host\": "
            "\"127.0.0.1\", \"port\": 6380}}\n");
}

TEST(LineReply, NamesTheMissingNodesWithoutAQuorum) {
  EXPECT_EQ(reply(line_reply::refusal, Refusal{RefusalCode::kNoQuorum, kNoNode, {2, 3}}, cluster()),
            "{\"status\": \"ERROR\", \"code\": \"NO_QUORUM\", \"message\": \"Too few nodes can be "
            "reached: 2 "
            "of 3 nodes are needed; no word from node2, node3\"}\n");
}

TEST(LineReply, GivesEveryRefusalItsCodeAndAValidJsonLine) {
  for (const auto& [code, word] : {std::pair{RefusalCode::kNotPrimary, "NOT_PRIMARY"},
                                   {RefusalCode::kNoPrimary, "NO_PRIMARY"},
                                   {RefusalCode::kNoQuorum, "NO_QUORUM"},
                                   {RefusalCode::kUnknownOutcome, "UNKNOWN_OUTCOME"},
                                   {RefusalCode::kOverloaded, "OVERLOADED"},
                                   {RefusalCode::kShuttingDown, "SHUTTING_DOWN"}}) {
    std::string line = reply(line_reply::refusal, Refusal{code, kNoNode, {}}, cluster());
    EXPECT_NE(line.find("\"code\": \"" + std::string(word) + "\""), std::string::npos) << line;
    ASSERT_TRUE(line.ends_with("\n"));
    line.pop_back();
    EXPECT_TRUE(is_json(line)) << line;
  }
}

TEST(JsonText, KnowsWellFormedUtf8) {
  for (const char* good :
       {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82",
                          "\xF0\x90\x80", "\xC2", "\xC2g", "\xFF"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace kv
