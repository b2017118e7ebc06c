// What recovery makes of damaged files: it refuses and says where, or it finds all that was
// durable.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "netsim/disk.h"
#include "netsim/recovery.h"

namespace kv::sim {
namespace {

constexpr std::uint32_t kShards = 4;

Wal::Options options() {
  return {"node1", 4096, "node1, node2, node3"};
}

/// What a node knows when it starts.
struct Knowledge {
  HardState hard_state{};
  std::vector<Entry> entries{};  ///< behind the snapshot
  LogIndex covered{0};
  std::uint64_t state_hash{0};
  friend bool operator==(const Knowledge&, const Knowledge&) = default;
};
struct Start {
  std::optional<Knowledge> found{};  ///< nothing: refused
  std::string refusal{};
};

/// The disk is the test's own: recovery changes it.
Start start(Disk disk) {
  Result<Wal::Opened> opened = recover(disk, options(), 1, kShards);
  if (!opened) return {std::nullopt, opened.error().message};
  Recovered& recovered = opened->recovered;
  Knowledge found{recovered.hard_state, std::move(recovered.entries), 0, 0};
  if (recovered.snapshot) {
    found.covered = recovered.snapshot->last_index;
    found.state_hash = recovered.snapshot->state.state_hash();
  }
  std::erase_if(found.entries, [&](const Entry& entry) { return entry.index <= found.covered; });
  return {std::move(found), {}};
}

/// A node that writes groups of entries, saves snapshots and loses power now and then.
class Life {
 public:
  explicit Life(std::uint64_t seed) : rng_(seed) {
    boot();
    const std::uint64_t groups = 20 + rng_.below(60);
    for (std::uint64_t i = 0; i < groups; ++i) {
      write_group();
      if (rng_.below(8) == 0) save_snapshot();
      if (rng_.below(12) != 0) continue;
      disk.cut_power(rng_);
      boot();
    }
    write_group();
    if (rng_.below(2) == 0) execute(wal_->mark());
  }

  std::uint64_t vouched_bytes() const { return wal_->vouched_bytes(); }
  bool ever_knew(const Knowledge& found) const {
    return std::find(past_.begin(), past_.end(), found) != past_.end();
  }
  const Knowledge& knows() const { return past_.back(); }
  std::string newest_log() const {
    std::string newest;
    for (const std::string& name : disk.names()) {
      if (Wal::is_segment_name(name)) newest = name;
    }
    return newest;
  }
  /// Those that recovery reads.
  std::vector<std::string> files() const {
    std::vector<std::string> read;
    for (const std::string& name : disk.names()) {
      if (Wal::is_segment_name(name) || parse_snapshot_file_name(name)) read.push_back(name);
    }
    return read;
  }

  Disk disk{};

 private:
  void execute(const std::vector<DiskOperation>& operations) {
    for (const DiskOperation& operation : operations) ASSERT_TRUE(disk.execute(operation));
  }

  void boot() {
    Result<Wal::Opened> opened = recover(disk, options(), 7, kShards);
    ASSERT_TRUE(opened) << opened.error().message;
    wal_.emplace(std::move(opened->wal));
    remember();
  }

  void remember() {
    Start start = sim::start(disk);
    ASSERT_TRUE(start.found) << start.refusal;
    past_.push_back(std::move(*start.found));
  }

  void write_group() {
    for (std::uint64_t writes = 1 + rng_.below(3); writes > 0; --writes) {
      Write write;
      if (rng_.below(4) == 0) write.hard_state = HardState{++term_, 1 + NodeId(rng_.below(3)), {}};
      for (std::uint64_t count = 1 + rng_.below(3); count > 0; --count) {
        const std::string payload(rng_.below(rng_.below(10) == 0 ? 1500 : 80), 'p');
        write.append.push_back(make_entry(++last_, term_, EntryType::kCommand, payload));
      }
      write.discard_through = discard_;
      execute(wal_->append(write));
      remember();
    }
    execute(wal_->sync());
    execute(wal_->prepare());
    if (rng_.below(3) == 0) execute(wal_->mark());
  }

  void save_snapshot() {
    Snapshot snapshot{last_, term_, KvStore(kShards)};
    for (LogIndex i = 1; i <= 20; ++i) snapshot.state.set("key-" + std::to_string(i), "value");
    execute({SaveSnapshot{std::make_shared<const Snapshot>(std::move(snapshot))}});
    discard_ = last_ - rng_.below(std::min<LogIndex>(last_, 5));
    remember();
  }

  Rng rng_;
  std::optional<Wal> wal_{};
  std::vector<Knowledge> past_{};
  LogIndex last_{0};
  LogIndex discard_{0};
  Term term_{1};
};

bool names_one_of(const std::string& words, const std::vector<std::string>& files) {
  return std::any_of(files.begin(), files.end(), [&](const std::string& file) {
    return words.find(file) != std::string::npos;
  });
}

constexpr std::uint64_t kLives = 60;
constexpr int kDamages = 150;

TEST(DiskDamage, AFlippedBitIsFoundOrHarmless) {
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= kLives && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Life life(seed);
    Rng rng(seed);
    const std::vector<std::string> files = life.files();
    for (int i = 0; i < kDamages; ++i) {
      const std::string& file = files[rng.below(files.size())];
      const std::uint64_t offset = rng.below(life.disk.content(file).size());
      Disk damaged = life.disk;
      if (!damaged.flip_bit(file, offset, static_cast<std::uint32_t>(rng.below(8)))) continue;
      if (rng.below(2) == 0) damaged.cut_power(rng);
      const Start restart = start(std::move(damaged));
      SCOPED_TRACE(file + " at " + std::to_string(offset));
      if (!restart.found) {
        ++refused;
        EXPECT_TRUE(names_one_of(restart.refusal, files)) << restart.refusal;
        EXPECT_NE(restart.refusal.find(" the "), std::string::npos) << restart.refusal;
        continue;
      }
      EXPECT_TRUE(life.ever_knew(*restart.found));
      // Behind that offset, damage can pass for a write that the power cut tore.
      if (file == life.newest_log() && offset >= life.vouched_bytes()) continue;
      EXPECT_EQ(*restart.found, life.knows());
    }
  }
  EXPECT_GT(refused, 1000);
}

/// What a sector holds after a write that went astray: nothing, noise, or another sector's bytes.
std::string astray(const Disk& disk, const std::vector<std::string>& files, Rng& rng) {
  std::string bytes(Disk::kSectorBytes, '\0');
  const std::uint64_t kind = rng.below(3);
  if (kind == 0) return bytes;
  const std::string& source = disk.content(files[rng.below(files.size())]);
  for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
  if (kind == 1) return bytes;
  const std::uint64_t sectors = source.size() / Disk::kSectorBytes;
  return sectors == 0 ? bytes
                      : source.substr(rng.below(sectors) * Disk::kSectorBytes, Disk::kSectorBytes);
}

TEST(DiskDamage, ALostOrMisdirectedWriteIsFoundUnlessItIsTheEndOfTheLog) {
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= kLives && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Life life(seed);
    Rng rng(seed);
    const std::vector<std::string> files = life.files();
    for (int i = 0; i < kDamages; ++i) {
      const std::string& file = files[rng.below(files.size())];
      const std::string& content = life.disk.content(file);
      const std::uint64_t sector = rng.below(content.size()) / Disk::kSectorBytes;
      const std::uint64_t offset = sector * Disk::kSectorBytes;
      std::string bytes = astray(life.disk, files, rng);
      bytes.resize(std::min<std::uint64_t>(bytes.size(), content.size() - offset));
      Disk damaged = life.disk;
      ASSERT_TRUE(damaged.execute(WriteAt{file, offset, bytes}));
      const Start restart = start(std::move(damaged));
      SCOPED_TRACE(file + " sector " + std::to_string(sector));
      if (!restart.found) {
        ++refused;
        EXPECT_TRUE(names_one_of(restart.refusal, files)) << restart.refusal;
        continue;
      }
      EXPECT_TRUE(life.ever_knew(*restart.found)) << "made up";
      const bool has_end = offset + Disk::kSectorBytes > life.vouched_bytes();
      if (file == life.newest_log() && has_end) continue;
      EXPECT_EQ(*restart.found, life.knows());
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(DiskDamage, ASectorThatCannotBeReadIsAlwaysARefusal) {
  for (std::uint64_t seed = 1; seed <= kLives; ++seed) {
    const Life life(seed);
    Rng rng(seed);
    for (const std::string& file : life.files()) {
      const bool read = Wal::is_segment_name(file) || file == life.files().back();
      if (!read) continue;  // an older snapshot
      const std::uint64_t offset = rng.below(life.disk.content(file).size());
      Disk damaged = life.disk;
      ASSERT_TRUE(damaged.spoil_sector(file, offset));
      const Start restart = start(std::move(damaged));
      ASSERT_FALSE(restart.found);
      const std::uint64_t begin = offset / Disk::kSectorBytes * Disk::kSectorBytes;
      EXPECT_EQ(restart.refusal, "cannot read " + file + " at offset " + std::to_string(begin) +
                                     ": Input/output error." + std::string(kDamageWayOut));
    }
  }
}

}  // namespace
}  // namespace kv::sim
