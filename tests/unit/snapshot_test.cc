#include "core/snapshot.h"

#include <string>

#include <gtest/gtest.h>

#include "core/hash.h"
#include "core/rng.h"

namespace kv {
namespace {

using namespace std::string_literals;

constexpr std::size_t kFrontBytes = 5;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kHeaderPayloadBytes = 8 + 4 + 8 + 8 + 4;
constexpr std::size_t kHeaderBlockBytes = kFrontBytes + kHeaderPayloadBytes + kChecksumBytes;

SnapshotPtr make_snapshot(std::uint32_t shard_count, std::uint64_t keys, std::size_t value_bytes) {
  Snapshot snapshot{42, 3, KvStore(shard_count)};
  for (std::uint64_t i = 0; i < keys; ++i) {
    snapshot.state.set("key-" + std::to_string(i), std::string(value_bytes, 'v'));
  }
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

std::string encode_file(const SnapshotPtr& snapshot, std::size_t target_bytes = 256 << 10) {
  SnapshotEncoder encoder(*snapshot);
  std::string file;
  for (std::string piece = encoder.next(target_bytes); !piece.empty();
       piece = encoder.next(target_bytes)) {
    file += piece;
  }
  EXPECT_TRUE(encoder.next(target_bytes).empty());
  return file;
}

Result<SnapshotPtr> decode_file(std::string_view file, std::size_t piece_bytes = 64 << 10,
                                std::uint32_t shard_count = 4) {
  SnapshotDecoder decoder("some.snap", shard_count);
  for (std::size_t at = 0; at < file.size(); at += piece_bytes) {
    const Outcome fed = decoder.feed(file.substr(at, piece_bytes));
    if (!fed) return fed.error();
  }
  return decoder.finish();
}

/// A block with a right checksum, chained from `chain`.
std::string block_of(char kind, const std::string& payload, std::uint64_t& chain) {
  std::string block;
  Encoder encoder(block);
  encoder.u32(static_cast<std::uint32_t>(payload.size()));
  encoder.raw({&kind, 1});
  encoder.raw(payload);
  chain = hash64(block, chain);
  encoder.u64(chain);
  return block;
}

std::string header_payload(std::uint32_t version, std::uint32_t shard_count) {
  std::string payload;
  Encoder encoder(payload);
  encoder.raw("KVSNAP01");
  encoder.u32(version);
  encoder.u64(42);
  encoder.u64(3);
  encoder.u32(shard_count);
  return payload;
}

std::string words(std::initializer_list<std::uint32_t> list) {
  std::string payload;
  for (const std::uint32_t word : list) Encoder(payload).u32(word);
  return payload;
}

void expect_error(const Result<SnapshotPtr>& decoded, std::string_view part) {
  ASSERT_FALSE(decoded) << part;
  const std::string& message = decoded.error().message;
  EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_EQ(message.find("some.snap"), 0U) << message;
}

TEST(Snapshot, SurvivesItsFile) {
  const SnapshotPtr snapshot = make_snapshot(16, 500, 300);
  for (const std::size_t target_bytes : {1UL, 1'000UL, 10'000'000UL}) {
    const std::string file = encode_file(snapshot, target_bytes);
    for (const std::size_t piece_bytes : {1UL, 7UL, 4'096UL, file.size()}) {
      const Result<SnapshotPtr> decoded = decode_file(file, piece_bytes, 64);
      ASSERT_TRUE(decoded) << decoded.error().message;
      EXPECT_EQ((*decoded)->last_index, 42U);
      EXPECT_EQ((*decoded)->last_term, 3U);
      EXPECT_EQ((*decoded)->state.shard_count(), 64U);
      EXPECT_EQ((*decoded)->state.size(), 500U);
      EXPECT_EQ((*decoded)->state.state_hash(), snapshot->state.state_hash());
    }
  }
}

TEST(Snapshot, CarriesExpiriesTheClockAndSessions) {
  Snapshot snapshot{42, 3, KvStore(8)};
  KvStore& state = snapshot.state;
  for (std::uint64_t i = 0; i < 100; ++i) {
    state.set("key-" + std::to_string(i), std::string(i * 20, 'v'), i % 3 == 0 ? 0 : 1'000 + i);
  }
  for (std::uint64_t i = 0; i < 30; ++i) {
    state.set_session("client-" + std::to_string(i), {i, std::string(i, 'a'), 5'000 + i});
  }
  state.advance_clock(1'050);
  const std::string file = encode_file(std::make_shared<const Snapshot>(snapshot), 300);
  for (const std::uint32_t shard_count : {1U, 8U, 64U}) {
    const Result<SnapshotPtr> decoded = decode_file(file, 100, shard_count);
    ASSERT_TRUE(decoded) << decoded.error().message;
    const KvStore& loaded = (*decoded)->state;
    EXPECT_EQ(loaded.state_hash(), state.state_hash());
    EXPECT_EQ(loaded.clock_ms(), 1'050U);
    EXPECT_EQ(loaded.size(), 100U);
    EXPECT_EQ(loaded.live_size(), state.live_size());
    EXPECT_EQ(loaded.next_expiry_ms(), 1'001U);
    EXPECT_EQ(loaded.find("key-49"), std::nullopt);
    EXPECT_EQ(loaded.find("key-52")->expires_ms, 1'052U);
    EXPECT_EQ(loaded.sessions(), 30U);
    const std::optional<Session> session = loaded.find_session("client-7");
    ASSERT_TRUE(session);
    EXPECT_EQ(session->sequence, 7U);
    EXPECT_EQ(session->answer, "aaaaaaa");
    EXPECT_EQ(session->expires_ms, 5'007U);
  }
}

TEST(Snapshot, OfAnEmptyStoreSurvivesItsFile) {
  const Result<SnapshotPtr> decoded = decode_file(encode_file(make_snapshot(8, 0, 0)));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ((*decoded)->state.size(), 0U);
}

TEST(Snapshot, IsWrittenInPiecesOfAboutTheTarget) {
  const SnapshotPtr snapshot = make_snapshot(256, 5'000, 100);
  SnapshotEncoder encoder(*snapshot);
  int pieces = 0;
  for (std::string piece = encoder.next(20'000); !piece.empty(); piece = encoder.next(20'000)) {
    EXPECT_LE(piece.size(), 20'100U);
    ++pieces;
  }
  EXPECT_GT(pieces, 25);
  EXPECT_LT(pieces, 45);
}

TEST(Snapshot, RefusesEveryTruncation) {
  const std::string file = encode_file(make_snapshot(4, 6, 10), 60);
  for (std::size_t size = 0; size < file.size(); ++size) {
    expect_error(decode_file(std::string_view(file).substr(0, size)), "the file ends too early");
  }
}

TEST(Snapshot, RefusesEveryFlippedBit) {
  const std::string file = encode_file(make_snapshot(4, 6, 10), 60);
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    std::string damaged = file;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const Result<SnapshotPtr> decoded = decode_file(damaged, 1'000);
    expect_error(decoded, "at offset");
    EXPECT_NE(decoded.error().message.find("from the primary"), std::string::npos);
  }
}

TEST(Snapshot, NamesTheOffsetOfTheDamage) {
  std::string file = encode_file(make_snapshot(4, 6, 10), 60);
  file[kHeaderBlockBytes + 20] = 'X';
  expect_error(decode_file(file, 3),
               "at offset " + std::to_string(kHeaderBlockBytes) + ": the checksum");
}

TEST(Snapshot, StaysRefusedOnceItWasDamaged) {
  std::string file = encode_file(make_snapshot(1, 6, 10));
  file[kHeaderBlockBytes + 20] = 'X';
  SnapshotDecoder decoder("some.snap", 1);
  EXPECT_FALSE(decoder.feed(file));
  EXPECT_FALSE(decoder.feed(""));
  EXPECT_FALSE(decoder.finish());
}

TEST(Snapshot, RefusesAnotherFile) {
  expect_error(decode_file("#!/bin/sh\necho hello world\n"), "not a snapshot file");
  expect_error(decode_file(std::string(100'000, '\0')), "not a snapshot file");
  expect_error(decode_file(""), "ends too early");
}

TEST(Snapshot, RefusesAnotherFormatVersion) {
  std::uint64_t chain = 0;
  const std::string longer = header_payload(3, 4) + "fields of the future";
  const Result<SnapshotPtr> decoded = decode_file(block_of(1, longer, chain));
  expect_error(decoded, "format version 3, and this program reads version 2");
  chain = 0;
  expect_error(decode_file(block_of(1, header_payload(1, 4), chain)),
               "format version 1, and this program reads version 2");
}

TEST(Snapshot, RefusesBytesBehindItsEnd) {
  const std::string file = encode_file(make_snapshot(1, 1, 1));
  SnapshotDecoder decoder("some.snap", 1);
  EXPECT_FALSE(decoder.feed(file + "x"));
  EXPECT_FALSE(decoder.finish());
  expect_error(decode_file(file + "x"), "behind the end");
  expect_error(decode_file(file + "x", file.size()), "behind the end");
}

TEST(Snapshot, RefusesBlocksThatAreLostDoubledOrMoved) {
  SnapshotEncoder encoder(*make_snapshot(2, 10, 10));
  const std::string header = encoder.next(1);
  const std::string first = encoder.next(1);
  const std::string second = encoder.next(1);
  const std::string end = encoder.next(1);
  ASSERT_TRUE(decode_file(header + first + second + end));
  expect_error(decode_file(header + second + end), "checksum");
  expect_error(decode_file(header + first + end), "checksum");
  expect_error(decode_file(header + first + first + second + end), "checksum");
  expect_error(decode_file(header + second + first + end), "checksum");
  expect_error(decode_file(header + header + first + second + end), "checksum");
}

TEST(Snapshot, RefusesBlocksThatMakeNoSenseThoughTheirChecksumsAreRight) {
  const std::string one_key = words({1, 1, 1}) + "kv";
  const struct {
    char kind;
    std::string payload;
    std::string_view reason;
  } cases[] = {
      {1, header_payload(2, 2), "kind 1 is out of order"},
      {3, words({0, 0}), "kind 3 is out of order"},
      {9, "", "kind 9 is out of order"},
      {2, "", "out of order"},
      {2, words({1, 2, 0}), "out of order"},
      {2, words({0, 0}), "out of order"},
      {2, words({0, 3, 0, 0, 0}), "out of order"},
      {2, words({0, UINT32_MAX, 0}), "out of order"},
      {2, words({0, 2, 0}), "shard 2 of a run of 2"},
      {2, words({0, 1, 0, 0}), "4 bytes are left over"},
      {2, words({0, 1, UINT32_MAX, UINT32_MAX, UINT32_MAX}), "bytes end before"},
      {2, words({0, 2}) + one_key + one_key, "came before"},
  };
  for (const auto& bad : cases) {
    std::uint64_t chain = 0;
    std::string file = block_of(1, header_payload(2, 2), chain);
    file += block_of(bad.kind, bad.payload, chain);
    expect_error(decode_file(file), bad.reason);
  }
}

TEST(Snapshot, RefusesAWrongHeaderOrNumberOfKeys) {
  std::uint64_t chain = 0;
  expect_error(decode_file(block_of(1, header_payload(2, 0), chain)), "header makes no sense");
  chain = 0;
  expect_error(decode_file(block_of(1, header_payload(2, 1) + "x", chain)),
               "header makes no sense");
  for (const std::string& end : {words({1, 0}), words({0}), words({0, 0, 0})}) {
    chain = 0;
    std::string file = block_of(1, header_payload(2, 1), chain);
    file += block_of(2, words({0, 1, 0}), chain);
    file += block_of(3, end, chain);
    expect_error(decode_file(file), "number of keys");
  }
}

TEST(Snapshot, WaitsForAHostileBlockSizeWithoutHoldingMemoryForIt) {
  std::uint64_t chain = 0;
  const std::string file = block_of(1, header_payload(2, 4096), chain) + "\xff\xff\xff\xff\x02"s;
  expect_error(decode_file(file + std::string(1'000, 'x')), "ends too early");
}

TEST(Snapshot, RefusesRandomDamage) {
  Rng rng(9);
  const std::string file = encode_file(make_snapshot(4, 20, 10), 60);
  for (int round = 0; round < 2'000; ++round) {
    std::string damaged = file;
    const std::uint64_t changes = 1 + rng.below(8);
    for (std::uint64_t i = 0; i < changes; ++i) {
      char& changed = damaged[rng.below(damaged.size())];
      changed = static_cast<char>(changed ^ static_cast<char>(1 + rng.below(255)));
    }
    if (damaged == file) continue;
    EXPECT_FALSE(decode_file(damaged));
  }
}

TEST(ShardRun, CarriesAllShardsToAnotherStore) {
  const SnapshotPtr snapshot = make_snapshot(32, 1'000, 50);
  KvStore loaded(32);
  int runs = 0;
  for (std::uint32_t first = 0; first < 32;) {
    const ShardRun run = encode_shards(snapshot->state, first, 5'000);
    ASSERT_GT(run.end, first);
    const Outcome outcome = load_shards(loaded, run.end - first, run.data);
    ASSERT_TRUE(outcome) << outcome.error().message;
    first = run.end;
    ++runs;
  }
  EXPECT_GT(runs, 10);
  EXPECT_EQ(loaded.state_hash(), snapshot->state.state_hash());
}

TEST(ShardRun, HasAtLeastOneShardAndNoMoreThanFit) {
  const SnapshotPtr snapshot = make_snapshot(8, 400, 100);
  EXPECT_EQ(encode_shards(snapshot->state, 3, 0).end, 4U);
  EXPECT_EQ(encode_shards(snapshot->state, 0, 1 << 20).end, 8U);
  const ShardRun run = encode_shards(snapshot->state, 0, 14'000);
  EXPECT_LE(run.data.size(), 14'000U);
  EXPECT_GT(run.data.size(), 7'000U);
}

TEST(ShardRun, RefusesTooFewOrTooManyShards) {
  const SnapshotPtr snapshot = make_snapshot(4, 20, 10);
  const ShardRun run = encode_shards(snapshot->state, 0, 1 << 20);
  for (const std::uint32_t count : {0U, 3U, 5U, UINT32_MAX}) {
    KvStore loaded(4);
    EXPECT_FALSE(load_shards(loaded, count, run.data)) << count;
  }
}

TEST(ShardRun, HasTheDocumentedLayout) {
  KvStore state(1);
  state.set("k", "v", 0x0304);
  state.set_session("cl", {5, "a", 0x0102});
  state.advance_clock(9);
  EXPECT_EQ(encode_shards(state, 0, 1 << 20).data,
            "\3\0\0\0"
            "\0\0\0\0\0\0\0\xc0\x9\0\0\0\0\0\0\0"
            "\2\0\0\0\x9\0\0\xa0\2\1\0\0\0\0\0\0cl\5\0\0\0\0\0\0\0a"
            "\1\0\0\0\1\0\0\x80\4\3\0\0\0\0\0\0kv"s);
}

TEST(ShardRun, RefusesRecordsThatNoStoreMade) {
  const std::string time = "\x9\0\0\0\0\0\0\0"s;
  const std::string clock = "\0\0\0\0\0\0\0\xc0"s + time;
  const std::string session = "\1\0\0\0\x8\0\0\xa0"s + time + "c12345678";
  const struct {
    std::string records;
    char count;
    std::string_view reason;
  } cases[] = {
      {clock + clock, 2, "record 2 of 2 is a clock that came before"},
      {session + session, 2, "record 2 of 2 is a session that came before"},
      {"\0\0\0\0\0\0\0\x40"s, 1, "a clock of no time"},
      {"\1\0\0\0\0\0\0\xc0"s + time + "k", 1, "a clock of no time"},
      {"\0\0\0\0\1\0\0\xc0"s + time + "v", 1, "a clock of no time"},
      {"\1\0\0\0\7\0\0\xa0"s + time + "c1234567", 1, "a session without a number"},
      {"\1\0\0\0\0\0\0\x80\0\0\0\0\0\0\0\0k"s, 1, "an empty expiry"},
      {"\1\0\0\0\0\0\0\x60k"s, 1, "an unknown kind"},
      {"\1\0\0\0\0\0\0\x80\1"s, 1, "bytes end before"},
  };
  for (const auto& bad : cases) {
    KvStore loaded(4);
    const Outcome outcome = load_shards(loaded, 1, std::string{bad.count, 0, 0, 0} + bad.records);
    ASSERT_FALSE(outcome) << bad.reason;
    EXPECT_NE(outcome.error().message.find(bad.reason), std::string::npos)
        << outcome.error().message;
  }
  KvStore loaded(4);
  EXPECT_TRUE(load_shards(loaded, 1, "\2\0\0\0"s + clock + session));
  EXPECT_EQ(loaded.sessions(), 1U);
}

TEST(SnapshotFileName, AndBack) {
  EXPECT_EQ(snapshot_file_name(42), "snapshot-000000000042.snap");
  for (const LogIndex index : {LogIndex{0}, LogIndex{42}, LogIndex{999'999'999'999},
                               LogIndex{1'000'000'000'000}, LogIndex{UINT64_MAX}}) {
    EXPECT_EQ(parse_snapshot_file_name(snapshot_file_name(index)), index);
  }
}

TEST(SnapshotFileName, RefusesAllOthers) {
  for (const std::string_view name :
       {"", "snapshot-", "snapshot-.snap", "snapshot-42.snap", "snapshot-000000000042.snap.tmp",
        "snapshot-000000000042", "napshot-0000000000042.snap", "snapshot-00000000004x.snap",
        "snapshot--00000000042.snap", "snapshot-0000000000042.snap",
        "snapshot-18446744073709551616.snap", "segment-000000000042.snap",
        "snapshot-000000000042.snaq"}) {
    EXPECT_EQ(parse_snapshot_file_name(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace kv
