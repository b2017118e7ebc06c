#include "netsim/command_words.h"

#include <gtest/gtest.h>

namespace kv::sim {
namespace {

Command command_of(Operation operation, std::string_view key, std::string_view value = {},
                   std::int64_t number = 0) {
  Command command;
  command.operation = operation;
  command.key = key;
  command.value = value;
  command.number = number;
  return command;
}

TEST(CommandWords, AreWhatOneWouldType) {
  EXPECT_EQ(in_words(set_command("colour", "blue")), "SET colour blue");
  EXPECT_EQ(in_words(set_command("colour", "")), "SET colour \"\"");
  EXPECT_EQ(in_words(delete_command("colour")), "DEL colour");
  EXPECT_EQ(in_words(command_of(Operation::kAdd, "hits", {}, -1)), "INCRBY hits -1");
  EXPECT_EQ(in_words(command_of(Operation::kSetRange, "k", "v", 5)), "SETRANGE k 5 v");
  EXPECT_EQ(in_words(command_of(Operation::kRename, "old", "new")), "RENAME old new");
  EXPECT_EQ(in_words(command_of(Operation::kFlush, {})), "FLUSHALL");
  EXPECT_EQ(in_words(command_of(Operation::kGetAndExpire, "k", {}, 77)), "GETEX k PXAT 77");
}

TEST(CommandWords, SayTheOptions) {
  Command set = set_command("k", "v");
  set.options = kIfEqual | kReturnOld;
  set.number = 1'700'000'000'000;
  set.more = {"old"};
  EXPECT_EQ(in_words(set), "SET k v IFEQ old GET PXAT 1700000000000");
  Command expire = command_of(Operation::kExpire, "k", {}, 9);
  expire.options = kIfEarlier;
  EXPECT_EQ(in_words(expire), "PEXPIREAT k 9 LT");
}

TEST(CommandWords, CountWhatATransactionDoes) {
  const std::string inner = encode_command(set_command("k", "v"));
  const std::string condition = encode_command(command_of(Operation::kFingerprint, "k"));
  Command transaction = command_of(Operation::kTransaction, {}, {}, 1);
  transaction.more = {condition, inner, inner, inner};
  EXPECT_EQ(in_words(transaction), "MULTI of 3 commands");
  transaction.more.pop_back();
  transaction.more.pop_back();
  EXPECT_EQ(in_words(transaction), "MULTI of 1 command");
  transaction.number = -1;
  EXPECT_EQ(in_words(transaction), "MULTI of 0 commands");
  EXPECT_EQ(in_words(command_of(Operation::kOnce, "anna", inner, 7)), "KV.ONCE anna 7 SET k v");
}

TEST(CommandWords, AreShortAndOnOneLine) {
  const std::string large(100'000, 'x');
  EXPECT_LT(in_words(set_command(large, large)).size(), 120u);
  EXPECT_EQ(in_words(set_command("a\nb", "v")), "SET a?b v");
  Command many = delete_command("a");
  many.more = {"b", "c", "d", "e", "f", "g"};
  EXPECT_EQ(in_words(many), "DEL a b c d e and 2 more");
}

TEST(CommandWords, ExistForEveryOperation) {
  for (unsigned number = 0; number <= 0xFF; ++number) {
    Command command = command_of(static_cast<Operation>(number), "k", "v", 1);
    if (to_string(command.operation) == to_string(Operation{})) continue;
    EXPECT_TRUE(in_words(command).starts_with(to_string(command.operation))) << number;
  }
}

}  // namespace
}  // namespace kv::sim
