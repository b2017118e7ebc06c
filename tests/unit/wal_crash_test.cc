// What recovery must give after damage of every kind: flips, truncations, and crashes at every
// moment.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "core/wal.h"
#include "netsim/disk.h"
#include "netsim/recovery.h"

namespace kv {
namespace {

constexpr std::uint64_t kSegmentBytes = 4096;

Wal::Options options() {
  return {"node1", kSegmentBytes};
}

SnapshotPtr snapshot_at(LogIndex index, Term term) {
  return std::make_shared<const Snapshot>(Snapshot{index, term, KvStore(1)});
}

void execute(sim::Disk& disk, const std::vector<DiskOperation>& operations) {
  for (const DiskOperation& operation : operations) ASSERT_TRUE(disk.execute(operation));
}

/// What the node knows after some write, and what recovery should find with `snapshot` on disk.
struct Model {
  HardState hard_state{};
  LogIndex base{0};  ///< the log begins behind it
  LogIndex last_index{0};
  std::map<LogIndex, Entry> log{};

  void apply(const Write& write) {
    if (write.hard_state) hard_state = *write.hard_state;
    if (write.install) {
      restart_behind(write.install->last_index);
    }
    for (const Entry& entry : write.append) {
      log.erase(log.lower_bound(entry.index), log.end());
      log.emplace(entry.index, entry);
      last_index = entry.index;
    }
  }

  void reconcile(const SnapshotPtr& snapshot) {
    if (!snapshot) return;
    const auto same = log.find(snapshot->last_index);
    const bool agrees = same != log.end() && same->second.term == snapshot->last_term;
    if (!agrees && base != snapshot->last_index) restart_behind(snapshot->last_index);
    if (snapshot->last_term > hard_state.term) {
      hard_state.term = snapshot->last_term;
      hard_state.voted_for = kNoNode;
    }
  }

  void restart_behind(LogIndex index) {
    log.clear();
    base = index;
    last_index = index;
  }

  bool matches(const Recovered& recovered) const {
    const LogIndex covered = recovered.snapshot ? recovered.snapshot->last_index : 0;
    if (recovered.hard_state != hard_state) return false;
    LogIndex next = recovered.entries.empty() ? covered + 1 : recovered.entries.front().index;
    if (next > covered + 1) return false;
    for (const Entry& entry : recovered.entries) {
      const auto here = log.find(entry.index);
      if (entry.index != next++ || here == log.end() || here->second != entry) return false;
    }
    return next == last_index + 1;
  }
};

/// A node that writes at random and whose machine fails at random.
class Life {
 public:
  explicit Life(std::uint64_t seed) : rng_(seed) {
    Wal::Opened opened = Wal::create(options(), 5);
    wal_.emplace(std::move(opened.wal));
    execute(disk_, opened.operations);
  }

  void run(int crashes) {
    for (int i = 0; i < crashes && !::testing::Test::HasFailure(); ++i) {
      live_until_a_crash();
      recover();
    }
  }

 private:
  /// Each operation may be the last one.
  bool executed(const std::vector<DiskOperation>& operations) {
    for (const DiskOperation& operation : operations) {
      if (const SaveSnapshot* save = std::get_if<SaveSnapshot>(&operation)) {
        if (!executed(sim::Disk::snapshot_operations(save->snapshot, disk_.names()))) return false;
        covered_ = save->snapshot->last_index;
        continue;
      }
      if (rng_.below(kMeanOperations) == 0) return false;
      execute(disk_, {operation});
      while (!saving_.empty() && rng_.below(3) != 0) go_on_saving();
    }
    return true;
  }

  void live_until_a_crash() {
    for (;;) {
      for (std::uint64_t i = 1 + rng_.below(4); i > 0; --i) {
        const Write write = random_write();
        if (write.install) {  // its hard state comes to the disk before its snapshot
          Write first;
          first.hard_state = write.hard_state;
          remember(first);
        }
        remember(write);
        if (!executed(wal_->append(write))) return;
      }
      if (!executed(wal_->sync())) return;
      possible_.erase(possible_.begin(), possible_.end() - 1);
      if (!executed(wal_->prepare())) return;
      if (rng_.below(2) == 0 && !executed(wal_->mark())) return;
    }
  }

  void remember(const Write& write) {
    possible_.push_back(last());
    possible_.back().apply(write);
  }

  Write random_write() {
    const Model& now = last();
    committed_ += rng_.below(now.last_index - committed_ + 1) / 2;
    Write write;
    if (rng_.below(4) == 0 || now.hard_state.term < term_) {
      write.hard_state = HardState{term_ += rng_.below(3), 1 + NodeId(rng_.below(3)), {{2, 9}}};
    }
    LogIndex next = now.last_index + 1;
    if (rng_.below(40) == 0) {
      write.hard_state = HardState{++term_, kNoNode, {}};
      next += rng_.below(20);
      write.install = snapshot_at(next++, term_);
      committed_ = next - 1;
    } else if (rng_.below(8) == 0) {
      next -= rng_.below(now.last_index - committed_ + 1);
      write.hard_state = HardState{++term_, kNoNode, {}};
    }
    for (std::uint64_t count = rng_.below(6); count > 0; --count) {
      const std::string payload(rng_.below(rng_.below(20) == 0 ? 6000 : 200), '\0');
      write.append.push_back(make_entry(next++, term_, EntryType::kCommand, payload));
    }
    if (rng_.below(10) == 0) save_snapshot();
    if (covered_ > 0 && rng_.below(5) == 0) {
      write.discard_through = covered_ - rng_.below(std::min<LogIndex>(covered_, 10));
    }
    return write;
  }

  /// In the background, of committed entries, whether or not this node's disk has them already.
  void save_snapshot() {
    const auto entry = last().log.find(committed_);
    if (entry == last().log.end() || !saving_.empty()) return;
    const SnapshotPtr snapshot = snapshot_at(committed_, entry->second.term);
    for (DiskOperation& operation : sim::Disk::snapshot_operations(snapshot, {})) {
      saving_.push_back(std::move(operation));
    }
    saved_ = committed_;
  }

  void go_on_saving() {
    execute(disk_, {saving_.front()});
    saving_.pop_front();
    if (saving_.empty()) covered_ = std::max(covered_, saved_);
  }

  void recover() {
    do {
      saving_.clear();
      if (rng_.below(4) != 0) disk_.cut_power(rng_);  // else only the process died
      Result<SnapshotPtr> snapshot = sim::newest_snapshot(disk_, 1);
      ASSERT_TRUE(snapshot) << snapshot.error().message;
      Result<Wal::Opened> opened = Wal::open(options(), sim::log_segments(disk_), *snapshot);
      ASSERT_TRUE(opened) << opened.error().message;
      adopt(opened->recovered);
      if (::testing::Test::HasFailure()) return;
      wal_.emplace(std::move(opened->wal));
      covered_ = *snapshot ? (*snapshot)->last_index : 0;
      if (executed(opened->operations)) break;
    } while (true);
    possible_ = {recovered_};
    committed_ = std::min(committed_, last().last_index);
  }

  void adopt(const Recovered& recovered) {
    for (std::size_t i = possible_.size(); i-- > 0;) {
      Model model = possible_[i];
      model.reconcile(recovered.snapshot);
      if (!model.matches(recovered)) continue;
      // A crash amid recovery's operations may still lead to an older one of these.
      possible_.erase(possible_.begin() + static_cast<std::ptrdiff_t>(i) + 1, possible_.end());
      recovered_ = model;
      return;
    }
    FAIL() << "recovered a state that no prefix of the writes has; last index "
           << (recovered.entries.empty() ? 0 : recovered.entries.back().index);
  }

  const Model& last() const { return possible_.back(); }

  static constexpr std::uint64_t kMeanOperations = 60;

  Rng rng_;
  sim::Disk disk_{};
  std::optional<Wal> wal_{};
  std::deque<DiskOperation> saving_{};  ///< of a snapshot, still to do
  LogIndex saved_{0};                   ///< by saving_
  LogIndex covered_{0};                 ///< by a durable snapshot
  std::vector<Model> possible_{
      Model{}};  ///< the state at the last sync, and after each write since
  Model recovered_{};
  LogIndex committed_{0};
  Term term_{1};
};

TEST(WalCrash, RecoversEverythingThatWasSynced) {
  for (std::uint64_t seed = 1; seed <= 1500 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life(seed).run(8);
  }
}

TEST(WalCrash, LeavesNothingOrAnEmptyLogWhenItIsCreated) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Rng rng(seed);
    const Wal::Opened created = Wal::create(options(), 5);
    sim::Disk disk;
    const auto count = static_cast<std::ptrdiff_t>(rng.below(created.operations.size() + 1));
    execute(disk, {created.operations.begin(), created.operations.begin() + count});
    disk.cut_power(rng);
    if (sim::log_segments(disk).empty()) continue;
    const Result<Wal::Opened> opened = Wal::open(options(), sim::log_segments(disk), nullptr);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_FALSE(opened->recovered.has_history());
  }
}

/// A log of a few segments whose history is known write by write.
struct SmallLog {
  sim::Disk disk{};
  std::vector<Model> history{Model{}};
  std::size_t known_synced{0};  ///< so many writes lie before the last mark

  explicit SmallLog(int unmarked_writes) {
    Wal::Opened opened = Wal::create(options(), 5);
    execute(disk, opened.operations);
    Wal& wal = opened.wal;
    LogIndex index = 1;
    const auto commit = [&] {
      Write write;
      if (index % 3 == 1) write.hard_state = HardState{index, 1, {{3, index}}};
      const std::string payload(60 + index, 'v');
      write.append.push_back(make_entry(index, 1, EntryType::kCommand, payload));
      ++index;
      history.push_back(history.back());
      history.back().apply(write);
      execute(disk, wal.append(write));
    };
    while (sim::log_segments(disk).size() < 2 || index < 35) {
      commit();
      execute(disk, wal.sync());
      execute(disk, wal.prepare());
    }
    execute(disk, wal.mark());
    known_synced = history.size() - 1;
    for (int i = 0; i < unmarked_writes; ++i) commit();
  }

  /// No crash, and an Error or a prefix of the history with all that was known to be synced.
  void expect_sound(const std::vector<Wal::File>& files) const {
    const Result<Wal::Opened> opened = Wal::open(options(), files, nullptr);
    if (!opened) {
      EXPECT_FALSE(opened.error().message.empty());
      return;
    }
    const auto matches = [&](const Model& model) { return model.matches(opened->recovered); };
    EXPECT_TRUE(std::any_of(history.begin() + static_cast<std::ptrdiff_t>(known_synced),
                            history.end(), matches));
  }
};

TEST(WalCrash, NeverGivesWrongDataAfterAFlippedBit) {
  for (const int unmarked_writes : {0, 3}) {
    const SmallLog log(unmarked_writes);
    std::vector<Wal::File> files = sim::log_segments(log.disk);
    log.expect_sound(files);
    for (Wal::File& file : files) {
      for (std::size_t byte = 0; byte < file.bytes.size(); ++byte) {
        for (int bit = 0; bit < 8; ++bit) {
          SCOPED_TRACE(file.name + " byte " + std::to_string(byte) + " bit " + std::to_string(bit));
          const char before = file.bytes[byte];
          file.bytes[byte] = static_cast<char>(before ^ (1 << bit));
          log.expect_sound(files);
          file.bytes[byte] = before;
        }
        if (HasFailure()) return;
      }
    }
  }
}

TEST(WalCrash, RefusesEveryTruncation) {
  const SmallLog log(3);
  const std::vector<Wal::File> files = sim::log_segments(log.disk);
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (std::size_t size = 0; size < files[i].bytes.size(); ++size) {
      std::vector<Wal::File> damaged = files;
      damaged[i].bytes.resize(size);
      EXPECT_FALSE(Wal::open(options(), damaged, nullptr)) << files[i].name << " " << size;
    }
  }
}

TEST(WalCrash, NeverGivesWrongDataAfterLostSectors) {
  const SmallLog log(3);
  const std::vector<Wal::File> files = sim::log_segments(log.disk);
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Rng rng(seed);
    std::vector<Wal::File> damaged = files;
    std::string& bytes = damaged[rng.below(damaged.size())].bytes;
    const std::size_t at = rng.below(bytes.size());
    for (std::size_t i = at; i < std::min(at + rng.below(600), bytes.size()); ++i) {
      bytes[i] = static_cast<char>(rng.below(256));
    }
    SCOPED_TRACE(seed);
    log.expect_sound(damaged);
  }
}

}  // namespace
}  // namespace kv
