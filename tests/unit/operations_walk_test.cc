#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "command_samples.h"
#include "core/operations.h"
#include "core/snapshot.h"

namespace kv {
namespace {

/// What a follower gets that is sent a snapshot.
KvStore sent_over(const KvStore& store, std::uint32_t shard_count, std::size_t target_bytes) {
  KvStore loaded(shard_count);
  for (std::uint32_t first = 0; first < store.shard_count();) {
    const ShardRun run = encode_shards(store, first, target_bytes);
    const Outcome outcome = load_shards(loaded, run.end - first, run.data);
    EXPECT_TRUE(outcome) << outcome.error().message;
    first = run.end;
  }
  return loaded;
}

// The other store is sent over now and then, into another number of shards, and isn't swept.
TEST(OperationsWalk, AStoreThatWasSentOverGoesOnLikeItsSource) {
  Rng rng(11);
  std::uint64_t time_ms = 1'000'000;
  KvStore store(64);
  KvStore other(64);
  std::uint64_t errors = 0;
  for (int step = 0; step < 30'000; ++step) {
    if (rng.below(3) == 0) time_ms += rng.below(200);
    if (rng.below(2'000) == 0) time_ms += 2 * kSessionMs;
    const Said said = random_said(rng, time_ms - rng.below(50));
    const std::string payload = said.encoded();
    const Result<Command> decoded = decode_command(payload);
    ASSERT_TRUE(decoded) << decoded.error().message;
    const Answer answer = execute(store, *decoded);
    if (answer.is_error()) ++errors;
    ASSERT_EQ(answer, execute(other, *decoded)) << to_string(said.operation) << " at " << step;
    if (rng.below(100) == 0) {
      other = sent_over(other, 1U << rng.below(8), 1 + rng.below(10'000));
      ASSERT_EQ(other.state_hash(), store.state_hash()) << step;
    }
    if (rng.below(50) == 0) store.sweep(64);
    if (rng.below(50) == 0) store.take_garbage();
  }
  EXPECT_EQ(other.state_hash(), store.state_hash());
  EXPECT_EQ(other.live_size(), store.live_size());
  EXPECT_EQ(other.sessions(), store.sessions());
  EXPECT_GT(errors, 300U);
  EXPECT_LT(errors, 10'000U);
}

// A copy that is taken before a command sees nothing of it.
TEST(OperationsWalk, CopiesStayAsTheyWere) {
  Rng rng(12);
  std::uint64_t time_ms = 1'000'000;
  KvStore store(8);
  for (int step = 0; step < 5'000; ++step) {
    time_ms += rng.below(20);
    const KvStore copy = store;
    const std::uint64_t before = copy.state_hash();
    run_on(store, random_said(rng, time_ms));
    ASSERT_EQ(copy.state_hash(), before) << step;
  }
}

TEST(OperationsWalk, NoCommandThatDecodesDoesHarm) {
  Rng rng(13);
  KvStore store(8);
  int carried_out = 0;
  for (int step = 0; step < 60'000; ++step) {
    std::string payload = random_said(rng, 1'000 + rng.below(1'000)).encoded();
    const std::uint64_t changes = rng.below(4);
    for (std::uint64_t i = 0; i < changes; ++i) {
      payload[rng.below(std::min<std::uint64_t>(payload.size(), 40))] =
          static_cast<char>(rng.below(rng.below(2) == 0 ? 4 : 256));
    }
    const Result<Command> decoded = decode_command(payload);
    if (!decoded) continue;
    ++carried_out;
    const Answer answer = execute(store, *decoded);
    ASSERT_EQ(decode_answer(encode_answer(answer)), answer);
    clock_matters(store, *decoded);
    read(store, *decoded);
  }
  EXPECT_GT(carried_out, 20'000);
}

}  // namespace
}  // namespace kv
