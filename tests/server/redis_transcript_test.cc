// What a real Redis said, word for word: testdata/redis_transcript.txt tells how it is written.
#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "request_reader.h"
#include "server/live_cluster.h"
#include "server/resp_connection.h"

namespace kv {
namespace {

struct Exchange {
  std::string mark{};  ///< ">", "2>", "~>" or "*>"
  std::string command{};
  std::string reply{};  ///< as RespReply::readable() gives it
  std::size_t line{0};
};

struct Group {
  std::string name{};
  std::vector<Exchange> exchanges{};
};

std::vector<Group> read_transcript() {
  std::vector<Group> groups;
  std::ifstream file(std::string(KV_TESTDATA_DIR) + "/redis_transcript.txt");
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    const std::size_t mark_end = line.find("> ");
    if (line.starts_with("## ")) {
      groups.push_back({line.substr(3), {}});
    } else if (line.empty() || line.starts_with("# ")) {
      continue;
    } else if (mark_end <= 1 && line.front() != '"') {
      groups.back().exchanges.push_back(
          {line.substr(0, mark_end + 1), line.substr(mark_end + 2), "", number});
    } else {
      groups.back().exchanges.back().reply += line + "\n";
    }
  }
  return groups;
}

/// Puts the texts of every list of nothing but texts in order.
void sort_texts(RespReply& reply) {
  for (RespReply& item : reply.items) sort_texts(item);
  const bool texts = std::all_of(reply.items.begin(), reply.items.end(),
                                 [](const RespReply& item) { return item.mark == '$'; });
  if (!texts) return;
  std::sort(reply.items.begin(), reply.items.end(),
            [](const RespReply& a, const RespReply& b) { return a.text < b.text; });
}

/// The number in ":123\n"; 0: it is none.
std::int64_t number_of(const std::string& reply) {
  std::int64_t number = 0;
  if (reply.starts_with(':')) {
    std::from_chars(reply.data() + 1, reply.data() + reply.size(), number);
  }
  return number;
}

bool about_the_same(const std::string& a, const std::string& b) {
  constexpr std::int64_t kPart = 100;
  const std::int64_t most = std::max(number_of(a), number_of(b));
  const std::int64_t least = std::min(number_of(a), number_of(b));
  return least > 0 && most - least <= most / kPart;
}

/// Asks all that the group asks.
void replay(const LiveCluster& cluster, const Group& group) {
  const Member& primary = cluster.member(cluster.primary());
  RespConnection first(primary.host, primary.port);
  RespConnection second(primary.host, primary.port);
  if (group.name.starts_with("RESP3")) {
    ASSERT_EQ(first.ask({"HELLO", "3"}).mark, '%');
    ASSERT_EQ(second.ask({"HELLO", "3"}).mark, '%');
  }
  ASSERT_EQ(first.ask({"FLUSHALL"}).text, "OK");
  for (const Exchange& exchange : group.exchanges) {
    const auto words = split_inline(exchange.command);
    ASSERT_TRUE(words) << "line " << exchange.line;
    RespReply reply = (exchange.mark == "2>" ? second : first).ask(*words);
    ASSERT_TRUE(reply.arrived()) << "line " << exchange.line << ": " << exchange.command;
    if (exchange.mark == "*>") sort_texts(reply);
    const std::string text = reply.readable();
    if (exchange.mark == "~>" && about_the_same(text, exchange.reply)) continue;
    EXPECT_EQ(text, exchange.reply) << "line " << exchange.line << ": " << exchange.command;
  }
}

TEST(RedisTranscript, ThePrimaryOfThreeNodesRepliesAsRedisDoes) {
  const std::vector<Group> groups = read_transcript();
  ASSERT_GT(groups.size(), 15U) << "read from " << KV_TESTDATA_DIR;
  LiveCluster cluster;
  std::size_t asked = 0;
  for (const Group& group : groups) {
    SCOPED_TRACE(group.name);
    replay(cluster, group);
    asked += group.exchanges.size();
  }
  EXPECT_GT(asked, 700U);
}

}  // namespace
}  // namespace kv
