#include "core/command.h"

#include <string>

#include <gtest/gtest.h>

#include "command_samples.h"
#include "core/rng.h"

namespace kv {
namespace {

using namespace std::string_literals;

void expect_same(const Command& a, const Command& b) {
  EXPECT_EQ(a.operation, b.operation);
  EXPECT_EQ(a.options, b.options);
  EXPECT_EQ(a.time_ms, b.time_ms);
  EXPECT_EQ(a.number, b.number);
  EXPECT_EQ(a.second, b.second);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.more, b.more);
}

void expect_survives(const Command& command) {
  const std::string payload = encode_command(command);
  const Result<Command> decoded = decode_command(payload);
  ASSERT_TRUE(decoded) << decoded.error().message;
  expect_same(*decoded, command);
  EXPECT_EQ(key_of(payload), command.key);
}

void expect_refused(std::string_view payload, std::string_view reason) {
  const Result<Command> decoded = decode_command(payload);
  ASSERT_FALSE(decoded) << reason;
  EXPECT_NE(decoded.error().message.find(reason), std::string::npos) << decoded.error().message;
}

constexpr std::string_view kNoTime("\0\0\0\0\0\0\0\0", 8);

std::string payload(char operation, char parts, std::string_view rest) {
  return std::string{operation, '\0', parts}.append(kNoTime).append(rest);
}

TEST(Command, SurvivesItsEncodingWithAnyKeyAndValue) {
  const std::string binary("\0\xff\r\n\x01", 5);
  const std::string values[] = {"", "v", binary, std::string(1 << 20, 'x')};
  const std::string keys[] = {"", "k", binary, std::string(70'000, 'k')};
  for (const std::string& key : keys) {
    for (const std::string& value : values) expect_survives(set_command(key, value));
    expect_survives(delete_command(key));
    expect_survives(get_command(key));
  }
}

TEST(Command, HasNoKeyWhenItsBytesEndBeforeOne) {
  const std::string payload = encode_command(set_command("key", ""));
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_EQ(key_of(std::string_view(payload).substr(0, size)), "") << size;
  }
}

TEST(Command, SurvivesItsEncodingWithAllItsFields) {
  Rng rng(1);
  for (int i = 0; i < 5'000; ++i) expect_survives(random_said(rng, rng.next()).command());
  expect_survives(
      Said{Operation::kSet, "k", "v", INT64_MIN, 255, {""}, INT64_MAX, UINT64_MAX}.command());
  expect_survives(Said{Operation::kGetRange, "k", "", 0, 0, {}, -1}.command());
}

TEST(Command, HasTheDocumentedLayout) {
  EXPECT_EQ(encode_command(set_command("ab", "xyz")), payload(1, 0, "\x02\0\0\0abxyz"s));
  EXPECT_EQ(encode_command(delete_command("ab")), payload(2, 0, "\x02\0\0\0ab"s));
  const Said said{Operation::kSet, "a", "b", -2, 5, {"", "c"}, 1, 0x0102};
  EXPECT_EQ(said.encoded(),
            "\x01\x05\x03\x02\x01\0\0\0\0\0\0"
            "\xfe\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\0\0\0"
            "\x01\0\0\0a\x01\0\0\0b\x02\0\0\0\0\0\0\0\x01\0\0\0c"s);
}

TEST(Command, ViewsPointIntoThePayload) {
  const std::string bytes = encode_command(set_command("key", "value"));
  const Result<Command> decoded = decode_command(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->key.data(), bytes.data() + 15);
}

TEST(Command, RefusesEveryTruncationUpToTheValue) {
  const std::string set = encode_command(set_command("key", ""));
  for (std::size_t size = 0; size < set.size(); ++size) {
    expect_refused(set.substr(0, size), "end within the key");
  }
  const std::string more = Said{Operation::kDelete, "a", "b", 1, 0, {"c", "d"}}.encoded();
  for (std::size_t size = 0; size < more.size(); ++size) {
    EXPECT_FALSE(decode_command(more.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_command(more + "x"));
}

TEST(Command, RefusesWhatNoEncoderMade) {
  const std::string_view key("\x01\0\0\0k", 5);
  const std::string no_numbers(16, '\0');
  expect_refused("", "end within the key");
  expect_refused(payload(1, 0, "\xff\xff\xff\xffkey"s), "end within the key");
  expect_refused(payload(0, 0, key), "unknown operation 0");
  expect_refused(payload(18, 0, key), "unknown operation 18");
  expect_refused(payload('\x7f', 0, key), "unknown operation 127");
  expect_refused(payload(1, 4, key), "parts are not 4");
  expect_refused(payload(1, 1, no_numbers + std::string(key)), "parts are not 1");
  expect_refused(payload(1, 2, std::string(key) + "\0\0\0\0\0\0\0\0"s), "can't have 0 items");
  expect_refused(payload(1, 2, std::string(key) + "\0\0\0\0\xff\xff\xff\xff"s),
                 "can't have 4294967295 items");
  expect_refused(payload(1, 2, std::string(key) + "\0\0\0\0\x01\0\0\0\x09\0\0\0x"s),
                 "don't fill it");
}

TEST(Command, RefusesCommandsInsideThatMayNotBeThere) {
  const std::string set = encode_command(set_command("k", "v"));
  const std::string get = encode_command(get_command("k"));
  const auto transaction = [](std::vector<std::string> items) {
    return Said{Operation::kTransaction, "", "", 0, 0, std::move(items)}.encoded();
  };
  const auto once = [](std::string_view inner) {
    return Said{Operation::kOnce, "client", std::string(inner), 1}.encoded();
  };
  EXPECT_TRUE(decode_command(transaction({set, get})));
  EXPECT_TRUE(decode_command(transaction({})));
  EXPECT_TRUE(decode_command(once(set)));
  expect_refused(transaction({set, "x"}), "end within the key");
  expect_refused(transaction({transaction({set})}), "operation 16 can't be inside");
  expect_refused(transaction({once(set)}), "operation 17 can't be inside");
  expect_refused(once(get), "operation 64 can't be inside");
  expect_refused(once(once(set)), "operation 17 can't be inside");
  expect_refused(once(transaction({set})), "operation 16 can't be inside");
  expect_refused(once(""), "end within the key");
}

TEST(Command, DecodesToWhatEncodesToTheSameBytes) {
  Rng rng(2);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = random_said(rng, rng.below(100'000)).encoded();
    if (bytes.size() > 200) continue;
    const std::uint64_t changes = rng.below(3);
    for (std::uint64_t j = 0; j < changes; ++j) {
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(rng.below(2) == 0 ? 4 : 256));
    }
    const Result<Command> decoded = decode_command(bytes);
    if (!decoded) continue;
    ++accepted;
    ASSERT_EQ(encode_command(*decoded), bytes);
  }
  EXPECT_GT(accepted, 5'000);
}

TEST(Operation, HasAWordAndIsAReadOrAWrite) {
  EXPECT_EQ(to_string(Operation::kSet), "SET");
  EXPECT_EQ(to_string(Operation::kOnce), "KV.ONCE");
  EXPECT_EQ(to_string(Operation::kEcho), "ECHO");
  EXPECT_EQ(to_string(static_cast<Operation>(200)), "UNKNOWN");
  for (int number = 0; number < 256; ++number) {
    const auto operation = static_cast<Operation>(number);
    EXPECT_EQ(writes(operation), number >= 1 && number <= 17) << number;
    const bool known = (number >= 1 && number <= 17) || (number >= 64 && number <= 77);
    EXPECT_EQ(to_string(operation) != "UNKNOWN", known) << number;
  }
}

}  // namespace
}  // namespace kv
