#include "core/entry.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/rng.h"

namespace kv {
namespace {

TEST(Entry, LaysItsFieldsOutAsDocumented) {
  const Entry entry = make_entry(0x0102, 3, EntryType::kCommand, "xy");
  const std::string expected("\x13\0\0\0\x01\x02\x01\0\0\0\0\0\0\x03\0\0\0\0\0\0\0xy", 23);
  EXPECT_EQ(entry.encoded.view(), expected);
  EXPECT_EQ(entry.payload(), "xy");
  EXPECT_EQ(entry.size(), 23u);
}

TEST(Entry, ComesBackFromItsBytes) {
  const Entry first = make_entry(7, 2, EntryType::kEmpty, "");
  const Entry second = make_entry(8, 3, EntryType::kCommand, std::string("a\0b", 3));
  const SharedBytes bytes(std::string(first.encoded.view()) + std::string(second.encoded.view()));
  std::size_t offset = 0;
  EXPECT_EQ(*decode_entry(bytes, offset), first);
  EXPECT_EQ(*decode_entry(bytes, offset), second);
  EXPECT_EQ(offset, bytes.size());
}

TEST(Entry, SharesTheBytesItIsDecodedFrom) {
  const SharedBytes bytes(std::string(make_entry(1, 1, EntryType::kCommand, "v").encoded.view()));
  std::size_t offset = 0;
  EXPECT_EQ(decode_entry(bytes, offset)->encoded.view().data(), bytes.view().data());
}

TEST(EntryMaker, MakesTheSameBytesInSharedBlocks) {
  EntryMaker maker;
  Rng rng(3);
  std::vector<Entry> made;
  std::vector<Entry> expected;
  for (LogIndex index = 1; index <= 3'000; ++index) {
    const std::string payload(rng.below(index % 50 == 0 ? 100'000 : 300), static_cast<char>(index));
    expected.push_back(make_entry(index, 7, EntryType::kCommand, payload));
    made.push_back(maker.make(index, 7, EntryType::kCommand, payload));
  }
  EXPECT_EQ(made, expected);
}

TEST(EntryMaker, PutsEntriesBehindEachOther) {
  EntryMaker maker;
  const Entry first = maker.make(1, 1, EntryType::kCommand, "a");
  const Entry second = maker.make(2, 1, EntryType::kCommand, "b");
  EXPECT_EQ(first.encoded.view().data() + first.size(), second.encoded.view().data());
}

TEST(EntryMaker, NeverWritesWhereItsCopyDoes) {
  EntryMaker maker;
  const Entry before = maker.make(1, 1, EntryType::kCommand, "before");
  EntryMaker copy(maker);
  const Entry first = maker.make(2, 1, EntryType::kCommand, "first");
  const Entry second = copy.make(2, 1, EntryType::kCommand, "second");
  copy = maker;
  const Entry third = copy.make(3, 1, EntryType::kCommand, "third");
  const Entry fourth = maker.make(3, 1, EntryType::kCommand, "fourth");
  EntryMaker moved(std::move(maker));
  const Entry fifth = moved.make(4, 1, EntryType::kCommand, "fifth");
  EXPECT_EQ(before.payload(), "before");
  EXPECT_EQ(first.payload(), "first");
  EXPECT_EQ(second.payload(), "second");
  EXPECT_EQ(third.payload(), "third");
  EXPECT_EQ(fourth.payload(), "fourth");
  EXPECT_EQ(fifth.payload(), "fifth");
}

TEST(Entry, RefusesEveryTruncation) {
  const Entry entry = make_entry(7, 2, EntryType::kCommand, "payload");
  for (std::size_t size = 0; size < entry.size(); ++size) {
    std::size_t offset = 0;
    EXPECT_FALSE(decode_entry(entry.encoded.slice(0, size), offset)) << size;
    EXPECT_EQ(offset, 0u);
  }
}

TEST(Entry, RefusesBytesThatNoEntryHas) {
  const std::string good(make_entry(7, 2, EntryType::kCommand, "p").encoded.view());
  const auto error_of = [](std::string bytes) {
    std::size_t offset = 3;
    return decode_entry(SharedBytes("xyz" + bytes), offset).error().message;
  };
  std::string short_size = good;
  short_size[0] = 16;
  EXPECT_EQ(error_of(short_size), "no valid log entry at offset 3: it is too short");
  std::string huge_size = good;
  huge_size.replace(0, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(error_of(huge_size), "no valid log entry at offset 3: it is cut off");
  std::string unknown_type = good;
  unknown_type[4] = 9;
  EXPECT_EQ(error_of(unknown_type), "no valid log entry at offset 3: unknown type 9");
  std::string no_index = good;
  no_index[5] = 0;
  EXPECT_EQ(error_of(no_index), "no valid log entry at offset 3: index 0");
}

}  // namespace
}  // namespace kv
