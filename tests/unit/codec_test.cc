#include "core/codec.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/snapshot.h"

namespace kv {
namespace {

Message message_of(MessageBody body) {
  return Message{3, 1, 77, 0x1234567890, 99, std::move(body)};
}

SharedBytes some_shards() {
  KvStore store(4);
  store.set("user:1", "Alice");
  store.set("user:2", std::string(40, 'b'));
  return SharedBytes(encode_shards(store, 0, 1 << 20).data);
}

/// At least one message of each kind, with every field set.
std::vector<Message> messages() {
  const Entry first = make_entry(42, 6, EntryType::kCommand, "payload");
  const Entry second = make_entry(43, 7, EntryType::kEmpty, "");
  return {
      message_of(VoteRequest{true, false, 41, 6}),
      message_of(VoteRequest{false, true, 0, 0}),
      message_of(VoteReply{false, true}),
      message_of(VoteReply{true, false}),
      message_of(AppendRequest{41, 6, 40, 5, {{1, 11}, {3, 13}}, {}}),
      message_of(AppendRequest{41, 6, 40, 5, {}, {first, second}}),
      message_of(AppendReply{true, 41, 40, 39, 38, 6, 5}),
      message_of(SnapshotRequest{41, 6, 4, 0, 4, some_shards()}),
      message_of(SnapshotReply{41, 3}),
      message_of(TimeoutNow{}),
      message_of(ReadIndexRequest{0xFEDCBA9876543210}),
      message_of(ReadIndexReply{0xFEDCBA9876543210, 41}),
  };
}

TEST(Codec, GivesBackEveryMessage) {
  for (const Message& message : messages()) {
    const Result<Message> decoded = decode_message(SharedBytes(encode_message(message)));
    ASSERT_TRUE(decoded) << name_of(message.body) << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, message) << name_of(message.body);
  }
}

TEST(Codec, SharesTheBytesOfEntriesAndShards) {
  const SharedBytes bytes(encode_message(messages()[5]));
  const Result<Message> decoded = decode_message(bytes);
  ASSERT_TRUE(decoded);
  const std::string_view entry =
      std::get<AppendRequest>(decoded->body).entries.back().encoded.view();
  EXPECT_EQ(entry.data() + entry.size(), bytes.view().data() + bytes.size());
}

/// Only bytes that encode_message() makes are decoded: nothing is silently dropped or repaired.
void expect_refused_or_faithful(const std::string& bytes, const std::string& what) {
  const Result<Message> decoded = decode_message(SharedBytes(bytes));
  if (decoded) {
    EXPECT_EQ(encode_message(*decoded), bytes) << what;
  } else {
    EXPECT_FALSE(decoded.error().message.empty()) << what;
  }
}

TEST(Codec, DecodesNothingElseFromATruncatedMessage) {
  for (const Message& message : messages()) {
    const std::string bytes = encode_message(message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      expect_refused_or_faithful(bytes.substr(0, size), std::string(name_of(message.body)) +
                                                            " cut to " + std::to_string(size));
    }
  }
}

TEST(Codec, DecodesNothingElseFromAnyFlippedBit) {
  for (const Message& message : messages()) {
    const std::string bytes = encode_message(message);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      expect_refused_or_faithful(
          flipped, std::string(name_of(message.body)) + " with bit " + std::to_string(bit));
    }
  }
}

TEST(Codec, RefusesBytesBehindAMessageOfFixedSize) {
  for (const Message& message : messages()) {
    const bool open_ended = std::holds_alternative<SnapshotRequest>(message.body);
    EXPECT_EQ(decode_message(SharedBytes(encode_message(message) + "x")).has_value(), open_ended)
        << name_of(message.body);
  }
}

TEST(Codec, RefusesMissingFieldsOfEveryKind) {
  for (std::uint8_t type = 0; type < std::variant_size_v<MessageBody>; ++type) {
    EXPECT_FALSE(decode_message(SharedBytes(std::string(1, static_cast<char>(type))))) << int{type};
  }
  EXPECT_FALSE(decode_message(SharedBytes()));
}

TEST(Codec, NamesAnUnknownType) {
  std::string bytes = encode_message(message_of(TimeoutNow{}));
  bytes[0] = 9;
  EXPECT_EQ(decode_message(SharedBytes(bytes)).error().message, "A message of unknown type 9.");
}

TEST(Codec, RefusesFlagsThatAreNeitherTrueNorFalse) {
  std::string bytes = encode_message(message_of(VoteReply{false, false}));
  bytes.back() = 2;
  EXPECT_FALSE(decode_message(SharedBytes(bytes)));
}

TEST(Codec, RefusesEntriesThatDoNotFollowOnEachOther) {
  const auto decodes = [](std::vector<Entry> entries) {
    const Message message = message_of(AppendRequest{41, 6, 40, 0, {}, std::move(entries)});
    return decode_message(SharedBytes(encode_message(message))).has_value();
  };
  const auto entry = [](LogIndex index, Term term) {
    return make_entry(index, term, EntryType::kEmpty, "");
  };
  EXPECT_TRUE(decodes({entry(42, 6), entry(43, 8)}));
  EXPECT_FALSE(decodes({entry(41, 6)})) << "at the index before";
  EXPECT_FALSE(decodes({entry(43, 6)})) << "behind a gap";
  EXPECT_FALSE(decodes({entry(42, 6), entry(44, 6)})) << "with a gap between";
  EXPECT_FALSE(decodes({entry(42, 5)})) << "of an earlier term than the entry before";
  EXPECT_FALSE(decodes({entry(42, 8), entry(43, 7)})) << "with falling terms";
}

TEST(Codec, ReadsEntriesThatStandBackToBack) {
  const Entry first = make_entry(1, 1, EntryType::kEmpty, "");
  const Entry second = make_entry(2, 1, EntryType::kCommand, "x");
  const std::string both = std::string(first.encoded.view()) + std::string(second.encoded.view());
  std::vector<Entry> entries;
  ASSERT_TRUE(decode_entries(SharedBytes(both), entries));
  EXPECT_EQ(entries, (std::vector<Entry>{first, second}));
  EXPECT_FALSE(decode_entries(SharedBytes(both + "x"), entries));
}

}  // namespace
}  // namespace kv
