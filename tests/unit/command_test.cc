#include "core/command.h"

#include <string>

#include <gtest/gtest.h>

namespace kv {
namespace {

using namespace std::string_literals;

void expect_set(std::string_view payload, std::string_view key, std::string_view value) {
  const Result<Command> decoded = decode_command(payload);
  ASSERT_TRUE(decoded) << decoded.error().message;
  const auto* set = std::get_if<SetCommand>(&*decoded);
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->key, key);
  EXPECT_EQ(set->value, value);
}

TEST(Command, SetsSurviveTheirEncoding) {
  const std::string binary("\0\xff\r\n\x01", 5);
  const std::string values[] = {"", "v", binary, std::string(1 << 20, 'x')};
  const std::string keys[] = {"", "k", binary, std::string(70'000, 'k')};
  for (const std::string& key : keys) {
    for (const std::string& value : values) {
      expect_set(encode_command(SetCommand{key, value}), key, value);
    }
  }
}

TEST(Command, DeletesSurviveTheirEncoding) {
  const std::string keys[] = {"", "key", "a\0b"s};
  for (const std::string& key : keys) {
    const std::string payload = encode_command(DeleteCommand{key});
    const Result<Command> decoded = decode_command(payload);
    ASSERT_TRUE(decoded);
    const auto* erase = std::get_if<DeleteCommand>(&*decoded);
    ASSERT_NE(erase, nullptr);
    EXPECT_EQ(erase->key, key);
  }
}

TEST(Command, HasTheDocumentedLayout) {
  EXPECT_EQ(encode_command(SetCommand{"ab", "xyz"}), "\x01\x02\0\0\0abxyz"s);
  EXPECT_EQ(encode_command(DeleteCommand{"ab"}), "\x02\x02\0\0\0ab"s);
}

TEST(Command, ViewsPointIntoThePayload) {
  const std::string payload = encode_command(SetCommand{"key", "value"});
  const Result<Command> decoded = decode_command(payload);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<SetCommand>(*decoded).key.data(), payload.data() + 5);
}

TEST(Command, RefusesEveryTruncationUpToTheKey) {
  const std::string set = encode_command(SetCommand{"key", ""});
  const std::string erase = encode_command(DeleteCommand{"key"});
  for (std::size_t size = 0; size < set.size(); ++size) {
    EXPECT_FALSE(decode_command(set.substr(0, size))) << size;
    EXPECT_FALSE(decode_command(erase.substr(0, size))) << size;
  }
}

TEST(Command, RefusesWhatNoEncoderMade) {
  const struct {
    std::string payload;
    std::string_view reason;
  } cases[] = {
      {"", "end within the key"},
      {"\x01\xff\xff\xff\xffkey"s, "end within the key"},
      {"\0\x01\0\0\0k"s, "unknown operation 0"},
      {"\x03\x01\0\0\0k"s, "unknown operation 3"},
      {"\xff\x01\0\0\0k"s, "unknown operation 255"},
      {"\x02\x01\0\0\0kextra"s, "5 bytes behind its key"},
  };
  for (const auto& bad : cases) {
    const Result<Command> decoded = decode_command(bad.payload);
    ASSERT_FALSE(decoded) << bad.reason;
    EXPECT_NE(decoded.error().message.find(bad.reason), std::string::npos)
        << decoded.error().message;
  }
}

}  // namespace
}  // namespace kv
