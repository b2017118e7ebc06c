// What the load generator sends and how it understands the answers.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "load/etcd_codec.h"
#include "load/json_line_dialect.h"
#include "load/primary_hint.h"
#include "load/resp_codec.h"
#include "load/resp_dialect.h"

namespace kv::load {
namespace {

using Kind = Answer::Kind;

std::vector<Kind> kinds_of(Dialect& dialect, std::string_view bytes) {
  std::vector<Answer> answers;
  EXPECT_TRUE(dialect.take_in(bytes, answers));
  std::vector<Kind> kinds;
  for (const Answer& answer : answers) kinds.push_back(answer.kind);
  return kinds;
}

std::string output_of(Dialect& dialect) {
  std::string out;
  dialect.take_output(out);
  return out;
}

TEST(LoadRespCodec, WritesCommandsAsArraysOfBulkStrings) {
  std::string out;
  append_command(out, {"SET", "key", ""});
  EXPECT_EQ(out, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n");
}

TEST(LoadRespCodec, MeasuresEachKindOfReplyAndLeavesWhatFollows) {
  for (const std::string reply :
       {"+OK\r\n", "-ERR no\r\n", ":-12\r\n", "$-1\r\n", "$0\r\n\r\n", "$2\r\n\r\n\r\n", "*-1\r\n",
        "*0\r\n", "*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "%1\r\n+a\r\n:1\r\n", "_\r\n", "#t\r\n",
        "=5\r\ntxt:a\r\n", ",1.5\r\n"}) {
    EXPECT_EQ(reply_size(reply + "+next\r\n"), reply.size()) << reply;
    for (std::size_t size = 0; size < reply.size(); ++size) {
      EXPECT_EQ(reply_size(std::string_view(reply).substr(0, size)), 0U) << reply << size;
    }
  }
}

TEST(LoadRespCodec, RefusesWhatIsNoReply) {
  for (const std::string_view bytes :
       {"HTTP/1.1 400\r\n", "$x\r\n", "*9999999999999\r\n", "$\r\n"}) {
    EXPECT_EQ(reply_size(bytes), kNotResp) << bytes;
  }
}

TEST(LoadRespDialect, UnderstandsRepliesHoweverTheyAreCut) {
  const std::string bytes = "+OK\r\n$3\r\na\r\n\r\n$-1\r\n-MOVED 1 h:2\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RespDialect dialect(0);
    std::vector<Kind> kinds = kinds_of(dialect, std::string_view(bytes).substr(0, cut));
    for (const Kind kind : kinds_of(dialect, std::string_view(bytes).substr(cut))) {
      kinds.push_back(kind);
    }
    EXPECT_EQ(kinds, (std::vector{Kind::kOk, Kind::kOk, Kind::kMissing, Kind::kRefused})) << cut;
  }
}

TEST(LoadRespDialect, CountsABatchOnlyWhenItsWaitHasEnoughReplicas) {
  RespDialect dialect(2);
  const auto send_two = [&] {
    dialect.submit({false, "a", "1"}, 0);
    dialect.submit({false, "b", "2"}, 0);
    dialect.end_batch();
  };
  send_two();
  EXPECT_TRUE(output_of(dialect).ends_with("*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$1\r\n0\r\n"));
  EXPECT_EQ(kinds_of(dialect, "+OK\r\n+OK\r\n"), std::vector<Kind>{});
  EXPECT_EQ(kinds_of(dialect, ":2\r\n"), (std::vector{Kind::kOk, Kind::kOk}));
  send_two();
  EXPECT_EQ(kinds_of(dialect, "+OK\r\n+OK\r\n:1\r\n"),
            (std::vector{Kind::kRefused, Kind::kRefused}));
}

TEST(LoadJsonLineDialect, UnderstandsAnswersAndKeepsHalfALine) {
  JsonLineDialect dialect;
  dialect.submit({false, "key", "value"}, 0);
  dialect.submit({true, "key", {}}, 0);
  EXPECT_EQ(output_of(dialect), "SET key value\nGET key\n");
  EXPECT_EQ(kinds_of(dialect, "{\"status\": \"OK\"}\n{\"status\": \"ERROR\", \"code\": \"NOT_"),
            std::vector{Kind::kOk});
  EXPECT_EQ(kinds_of(dialect, "FOUND\"}\n{\"status\": \"ERROR\", \"code\": \"NO_PRIMARY\"}\n"),
            (std::vector{Kind::kMissing, Kind::kRefused}));
}

TEST(LoadEtcdCodec, WritesFramedRequests) {
  using std::string_literals::operator""s;
  EXPECT_EQ(put_request("key", "v"), "\0\0\0\0\x08\x0a\x03key\x12\x01v"s);
  EXPECT_EQ(range_request("key"), "\0\0\0\0\x05\x0a\x03key"s);
  // 200 bytes of value take two bytes of size.
  EXPECT_EQ(put_request("k", std::string(200, 'v')).substr(0, 11),
            "\0\0\0\0\xce\x0a\x01k\x12\xc8\x01"s);
}

TEST(LoadEtcdCodec, SeesWhetherARangeHoldsAKey) {
  using std::string_literals::operator""s;
  const std::string header = "\x0a\x04\x08\x80\x80\x01"s;
  EXPECT_FALSE(range_found("\0\0\0\0\x06"s + header));
  EXPECT_TRUE(range_found("\0\0\0\0\x0b"s + header + "\x12\x01x\x20\x01"s));
  EXPECT_FALSE(range_found("\0\0\0\0\x08"s + header + "\x20\x00"s));
  EXPECT_FALSE(range_found("\0\0"s));
  // A size beyond the end.
  EXPECT_FALSE(range_found("\0\0\0\0\x02\x0a\xff"s));
}

TEST(LoadPrimaryHint, ReadsWhereToGo) {
  const auto moved = moved_to("MOVED 866 127.0.0.1:6380");
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->address(), "127.0.0.1:6380");
  EXPECT_FALSE(moved_to("CLUSTERDOWN no primary"));
  EXPECT_FALSE(moved_to("MOVED 866 nowhere"));
  EXPECT_FALSE(moved_to("MOVED 866 :99999"));

  const auto told = sentinel_answer("*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6381\r\n");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->address(), "127.0.0.1:6381");
  EXPECT_FALSE(sentinel_answer("*-1\r\n"));
  EXPECT_FALSE(sentinel_answer(""));
}

}  // namespace
}  // namespace kv::load
