#include "line_dialect.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/overloaded.h"
#include "json_text.h"

namespace kv {
namespace {

constexpr LineLimits kSmall{.max_key_bytes = 8, .max_value_bytes = 16};  // lines up to 280 bytes

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

using Requests = std::vector<std::string>;

void drain(LineReader& reader, Requests& out) {
  while (auto request = reader.next()) out.push_back(describe(*request));
}

Requests read_all(std::string_view input, LineLimits limits = kSmall) {
  LineReader reader(limits);
  Requests out;
  reader.feed(input);
  drain(reader, out);
  if (auto last = reader.finish()) out.push_back("end:" + std::string(last->code));
  return out;
}

Requests read_in_pieces(std::string_view input, std::size_t size) {
  LineReader reader(kSmall);
  Requests out;
  for (std::size_t at = 0; at < input.size(); at += size) {
    reader.feed(input.substr(at, size));
    drain(reader, out);
  }
  if (auto last = reader.finish()) out.push_back("end:" + std::string(last->code));
  return out;
}

std::string message_of(std::string_view line, LineLimits limits = kSmall) {
  LineReader reader(limits);
  reader.feed(line);
  const auto request = reader.next();
  const auto* refused = request ? std::get_if<RefusedLine>(&*request) : nullptr;
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

TEST(LineReader, ReadsTheDocumentedCommands) {
  EXPECT_EQ(read_all("SET user:1 {\"name\":\"Alice\",\"age\":30}\nGET user:1\nDELETE user:1\n"
                     "PING\nSTATUS\nTRACE\nSHUTDOWN\n",
                     LineLimits{}),
            (Requests{"SET[user:1][{\"name\":\"Alice\",\"age\":30}]", "GET[user:1]",
                      "DELETE[user:1]", "PING", "STATUS", "TRACE", "SHUTDOWN"}));
}

TEST(LineReader, TakesVerbsInAnyCaseAndIgnoresBlankLines) {
  EXPECT_EQ(read_all("\n  \nset a b\n\r\nGeT a\n\t\ndelete a\nping\nSTATus\nshutDown\n"),
            (Requests{"SET[a][b]", "GET[a]", "DELETE[a]", "PING", "STATUS", "SHUTDOWN"}));
}

TEST(LineReader, KeepsTheBytesOfAValueAsTheyCame) {
  EXPECT_EQ(read_all("SET k a b  c \nSET k  x\nSET k \n"),
            (Requests{"SET[k][a b  c ]", "SET[k][ x]", "SET[k][]"}));
  EXPECT_EQ(read_all(std::string_view("SET k \0\xff\x80\n", 10)),
            (Requests{std::string("SET[k][\0\xff\x80]", 11)}));
}

TEST(LineReader, DropsACarriageReturnAtTheEndOfALine) {
  EXPECT_EQ(read_all("SET k v\r\nGET k\r\nPING\r\n"), (Requests{"SET[k][v]", "GET[k]", "PING"}));
}

TEST(LineReader, AllowsBlanksAroundVerbAndKey) {
  EXPECT_EQ(read_all("  SET   k v\n\tGET\tk \nDELETE  k\t\nPING \n"),
            (Requests{"SET[k][v]", "GET[k]", "DELETE[k]", "PING"}));
}

TEST(LineReader, RefusesWrongArityWithTheUsage) {
  EXPECT_EQ(message_of("SET\n"), "Usage: SET <key> <value>");
  EXPECT_EQ(message_of("SET key\n"), "Usage: SET <key> <value>");
  EXPECT_EQ(message_of("GET\n"), "Usage: GET <key>");
  EXPECT_EQ(message_of("GET a b\n"), "Usage: GET <key>");
  EXPECT_EQ(message_of("DELETE \n"), "Usage: DELETE <key>");
  EXPECT_EQ(message_of("PING me\n"), "Usage: PING");
  EXPECT_EQ(message_of("STATUS all\n"), "Usage: STATUS");
  EXPECT_EQ(message_of("TRACE all\n"), "Usage: TRACE");
  EXPECT_EQ(message_of("SHUTDOWN NOSAVE\n"), "Usage: SHUTDOWN");
}

TEST(LineReader, NamesTheCommandsWhenAVerbIsUnknown) {
  EXPECT_EQ(
      message_of("FLUSHALL now\n"),
      "Unknown command 'FLUSHALL'. Usage: SET <key> <value> | GET <key> | DELETE <key> | PING | "
      "STATUS | TRACE | SHUTDOWN");
  EXPECT_LT(message_of(std::string(200, 'x') + "\n").size(), 180U);
  EXPECT_EQ(read_all("SETX a b\nGE a\n"), (Requests{"BAD_REQUEST", "BAD_REQUEST"}));
}

TEST(LineReader, TellsPeersThatTheyAreOnTheWrongPort) {
  const std::string message = message_of("{\"type\": \"HEARTBEAT\", \"from_node\": \"node1\"}\n");
  EXPECT_NE(message.find("client port + 10000"), std::string::npos) << message;
}

TEST(LineReader, EndsAtAnHttpRequest) {
  EXPECT_EQ(read_all("GET / HTTP/1.1\r\nHost: x\r\n\r\nSET a b\n"), (Requests{"HTTP"}));
  EXPECT_EQ(read_all("POST /x HTTP/1.0\nSET a b\n"), (Requests{"HTTP"}));
  EXPECT_EQ(read_all("DELETE /x HTTP/1.1\nSET a b\n"), (Requests{"HTTP"}));
  EXPECT_EQ(read_all("SET a HTTP/1.1\nGET HTTP/1\n"),
            (Requests{"SET[a][HTTP/1.1]", "GET[HTTP/1]"}));
}

TEST(LineReader, RefusesKeysAndValuesBeyondTheirLimits) {
  EXPECT_EQ(read_all("SET 12345678 1234567890123456\nSET 123456789 v\nSET k 12345678901234567\n"
                     "GET 123456789\nDELETE 123456789\nPING\n"),
            (Requests{"SET[12345678][1234567890123456]", "TOO_LARGE", "TOO_LARGE", "TOO_LARGE",
                      "TOO_LARGE", "PING"}));
}

TEST(LineReader, RefusesAnOverLongLineOnceAndGoesOnBehindIt) {
  const std::string longest = "SET k " + std::string(kSmall.max_line_bytes() - 6, 'v');
  EXPECT_EQ(read_all(longest + "\nPING\n"), (Requests{"TOO_LARGE", "PING"}));  // the value is
  EXPECT_EQ(read_all(longest + "v\nPING\n"), (Requests{"TOO_LARGE", "PING"}));
  EXPECT_EQ(read_all(longest + std::string(5000, 'v') + "\nPING\n"),
            (Requests{"TOO_LARGE", "PING"}));
  EXPECT_EQ(read_all(std::string(5000, 'v')), (Requests{"TOO_LARGE"}));
}

TEST(LineReader, AnswersAnOverLongLineBeforeItsEnd) {
  LineReader reader(kSmall);
  Requests out;
  for (int i = 0; i < 100; ++i) {
    reader.feed("0123456789");
    drain(reader, out);
  }
  EXPECT_EQ(out, (Requests{"TOO_LARGE"}));
  reader.feed("\nPING\n");
  drain(reader, out);
  EXPECT_EQ(out, (Requests{"TOO_LARGE", "PING"}));
}

TEST(LineReader, DoesNotCarryOutALastLineWithoutLineFeed) {
  EXPECT_EQ(read_all("PING\nSET a hal"), (Requests{"PING", "end:BAD_REQUEST"}));
  EXPECT_EQ(read_all("PING\n  "), (Requests{"PING"}));
  EXPECT_EQ(read_all(""), Requests{});
}

TEST(LineReader, GivesTheSameRequestsHoweverTheInputIsCut) {
  std::string input = "SET a {\"x\": 1}\r\n\nset  b c d \nGET a\nnonsense\nDELETE a\nPING\nSET k " +
                      std::string(400, 'v') + "\nSTATUS\n" + std::string(290, ' ') +
                      "\nSET k 12345678901234567\nSHUTDOWN\nGET x y\nSET tail";
  input[40] = '\xfe';
  for (const std::string& stream : {input, input + "\nGET / HTTP/1.1\r\nPING\n"}) {
    const Requests whole = read_all(stream);
    ASSERT_GT(whole.size(), 10U);
    for (std::size_t size = 1; size <= stream.size(); ++size) {
      ASSERT_EQ(read_in_pieces(stream, size), whole) << "in pieces of " << size;
    }
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      LineReader reader(kSmall);
      Requests out;
      reader.feed(stream.substr(0, cut));
      drain(reader, out);
      reader.feed(stream.substr(cut));
      drain(reader, out);
      if (auto last = reader.finish()) out.push_back("end:" + std::string(last->code));
      ASSERT_EQ(out, whole) << "cut at " << cut;
    }
  }
}

TEST(LineReader, SurvivesAnyBytes) {
  std::string bytes;
  std::uint64_t state = 1;
  for (int i = 0; i < 100'000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const auto byte = static_cast<char>(state >> 56);
    bytes += (state >> 33) % 16 == 0 ? '\n' : byte;
  }
  const Requests requests = read_all(bytes);
  EXPECT_GT(requests.size(), 1000U);
  for (const std::string& request : requests)
    EXPECT_TRUE(request.ends_with("BAD_REQUEST")) << request;
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
