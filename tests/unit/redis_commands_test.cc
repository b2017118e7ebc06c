#include "redis_commands.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace kv {
namespace {

std::string in_mixed_case(std::string_view name) {
  std::string text(name);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    if (text[i] >= 'a' && text[i] <= 'z') text[i] = static_cast<char>(text[i] - 'a' + 'A');
  }
  return text;
}

std::vector<std::size_t> keys_of(const Words& words) {
  return key_positions(*find_redis_command(words[0]), words);
}

TEST(RedisCommands, AreInOrderAndEachIsThereOnce) {
  for (const auto rows : {redis_commands(), redis_subcommands()}) {
    const auto later = std::adjacent_find(
        rows.begin(), rows.end(),
        [](const RedisCommand& a, const RedisCommand& b) { return a.name >= b.name; });
    EXPECT_EQ(later, rows.end()) << later->name;
  }
}

TEST(RedisCommands, AreFoundInAnyCaseOfLetters) {
  for (const RedisCommand& row : redis_commands()) {
    EXPECT_EQ(find_redis_command(row.name), &row);
    EXPECT_EQ(find_redis_command(in_mixed_case(row.name)), &row) << row.name;
  }
}

TEST(RedisCommands, AreNotFoundByAlmostTheirNames) {
  for (const RedisCommand& row : redis_commands()) {
    const std::string name(row.name);
    EXPECT_EQ(find_redis_command(name + std::string(1, '\0')), nullptr) << name;
    EXPECT_EQ(find_redis_command(" " + name), nullptr) << name;
    EXPECT_EQ(find_redis_command(name + "|"), nullptr) << name;
  }
  EXPECT_EQ(find_redis_command(""), nullptr);
  EXPECT_EQ(find_redis_command("lpush"), nullptr);
  EXPECT_EQ(find_redis_command(std::string(100'000, 'g')), nullptr);
  EXPECT_EQ(find_redis_command("kv\x0eonce"), nullptr);
}

TEST(RedisCommands, HaveAParserIfTheyAreTheStores) {
  for (const RedisCommand& row : redis_commands()) {
    EXPECT_EQ(row.parse != nullptr, row.verb == Verb::kStore) << row.name;
    const bool reads_or_writes = (row.flags & (kReads | kWrites)) != 0;
    EXPECT_EQ(reads_or_writes, row.verb == Verb::kStore) << row.name;
    EXPECT_NE(row.flags & (kReads | kWrites), unsigned{kReads | kWrites}) << row.name;
  }
}

TEST(RedisCommands, SayHowTheirKeysAreUsedIfTheyHaveAny) {
  for (const auto rows : {redis_commands(), redis_subcommands()}) {
    for (const RedisCommand& row : rows) {
      EXPECT_EQ(row.key_use.empty(), row.first_key == 0) << row.name;
      EXPECT_EQ(row.key_step == 0, row.first_key == 0) << row.name;
      EXPECT_FALSE(row.summary.empty() || row.summary.ends_with('.')) << row.name;
      EXPECT_FALSE(row.group.empty()) << row.name;
    }
  }
}

TEST(RedisCommands, FitTheirArity) {
  const RedisCommand& get = *find_redis_command("get");
  EXPECT_TRUE(fits(get, 2));
  EXPECT_FALSE(fits(get, 1));
  EXPECT_FALSE(fits(get, 3));
  const RedisCommand& set = *find_redis_command("set");
  EXPECT_FALSE(fits(set, 2));
  EXPECT_TRUE(fits(set, 3));
  EXPECT_TRUE(fits(set, 1'000'000));
}

TEST(RedisCommands, KnowWhereTheirKeysAre) {
  using Positions = std::vector<std::size_t>;
  EXPECT_EQ(keys_of({"get", "a"}), Positions({1}));
  EXPECT_EQ(keys_of({"MGET", "a", "b", "c"}), Positions({1, 2, 3}));
  EXPECT_EQ(keys_of({"mset", "a", "1", "b", "2"}), Positions({1, 3}));
  EXPECT_EQ(keys_of({"mset", "a", "1", "b"}), Positions({1, 3}));
  EXPECT_EQ(keys_of({"copy", "a", "b", "REPLACE"}), Positions({1, 2}));
  EXPECT_EQ(keys_of({"watch", "a", "b"}), Positions({1, 2}));
  EXPECT_EQ(keys_of({"memory", "usage", "a"}), Positions({2}));
  EXPECT_EQ(keys_of({"MEMORY", "Usage", "a"}), Positions({2}));
  EXPECT_EQ(keys_of({"memory", "stats"}), Positions());
  EXPECT_EQ(keys_of({"memory", "nonsense", "a"}), Positions());
  EXPECT_EQ(keys_of({"get"}), Positions());
  EXPECT_EQ(keys_of({"ping"}), Positions());
  EXPECT_EQ(keys_of({"scan", "0"}), Positions());
}

TEST(RedisCommands, KnowTheKeysOfACommandInsideAnother) {
  using Positions = std::vector<std::size_t>;
  EXPECT_EQ(keys_of({"kv.once", "me", "1", "mset", "a", "1", "b", "2"}), Positions({4, 6}));
  EXPECT_EQ(keys_of({"kv.once", "me", "1", "nonsense", "a"}), Positions());
  EXPECT_EQ(keys_of({"kv.once", "me", "1", "kv.once", "me", "2", "incr", "a"}), Positions());
  EXPECT_EQ(keys_of({"kv.once", "me"}), Positions());
}

TEST(RedisCommands, AreUnknownInRedissWords) {
  EXPECT_EQ(unknown_command({"foo", "a", "b"}),
            "ERR unknown command 'foo', with args beginning with: 'a' 'b' ");
  EXPECT_EQ(unknown_command({"foo"}), "ERR unknown command 'foo', with args beginning with: ");
  EXPECT_EQ(unknown_command({"", ""}), "ERR unknown command '', with args beginning with: '' ");
}

TEST(RedisCommands, AreRepeatedOnlySoFarWhenUnknown) {
  const std::string foo(300, 'f');
  const std::string a(100, 'a');
  const std::string b(100, 'b');
  EXPECT_EQ(unknown_command({foo, a, b, "c"}), "ERR unknown command '" + foo.substr(0, 128) +
                                                   "', with args beginning with: '" + a + "' '" +
                                                   b.substr(0, 25) + "' ");
  EXPECT_EQ(unknown_subcommand("client", std::string(200, 'x')),
            "ERR unknown subcommand '" + std::string(128, 'x') + "'. Try CLIENT HELP.");
}

TEST(RedisCommands, ErrorsAboutWordsAreRediss) {
  EXPECT_EQ(wrong_arity("get"), "ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(unknown_subcommand("client", "MAINT_NOTIFICATIONS"),
            "ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.");
}

TEST(RedisCommands, SubcommandsBelongToACommandWithoutKeys) {
  std::set<std::string_view> containers;
  for (const RedisCommand& row : redis_subcommands()) {
    const std::string_view container = row.name.substr(0, row.name.find('|'));
    const RedisCommand* const found = find_redis_command(container);
    ASSERT_NE(found, nullptr) << row.name;
    EXPECT_EQ(found->verb, row.verb) << row.name;
    EXPECT_EQ(found->first_key, 0) << row.name;
    EXPECT_EQ(find_redis_subcommand(container, row.name.substr(container.size() + 1)), &row);
    containers.insert(container);
  }
  EXPECT_EQ(containers.size(), 7U);
  EXPECT_NE(find_redis_subcommand("CLIENT", "SetInfo"), nullptr);
  EXPECT_EQ(find_redis_subcommand("client", "nonsense"), nullptr);
}

}  // namespace
}  // namespace kv
