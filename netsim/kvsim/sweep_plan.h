#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "netsim/scenario.h"
#include "netsim/swarm.h"

namespace kv::sim {

/// From the first to the last, both included.
struct SeedRange {
  std::uint64_t first{1};
  std::uint64_t last{1};
  friend bool operator==(SeedRange, SeedRange) = default;
};

/// Every count-th item, beginning with the index-th; from 1.
struct Shard {
  std::uint64_t index{1};
  std::uint64_t count{1};
  friend bool operator==(Shard, Shard) = default;
};

/// A setting that takes several values.
struct Vary {
  std::string key{};
  std::vector<std::string> values{};
  friend bool operator==(const Vary&, const Vary&) = default;
};

/// "1..10000" or "7".
Result<SeedRange> parse_seeds(std::string_view text);
/// "2/8".
Result<Shard> parse_shard(std::string_view text);
/// "nodes=3,5". Commas within brackets and quotes belong to a value.
Result<Vary> parse_vary(std::string_view text);

std::string to_text(SeedRange seeds);
std::string to_text(Shard shard);

/// What a sweep does. Its items are numbered from 0: all variations with the first seed, then all
/// with the second one, so that a sweep that was stopped has as many runs of each variation.
struct SweepPlan {
  std::string file{};              ///< the scenario's path
  std::string title{};             ///< the scenario's
  std::uint64_t scenario_hash{0};  ///< of the file's text
  std::string version{};           ///< of the program
  Settings set{};
  std::vector<Vary> vary{};
  SeedRange seeds{};
  Shard shard{};
  std::optional<SwarmOptions> swarm{};  ///< each seed is a run of its own, of no file

  std::uint64_t variations() const;
  /// Of all shards.
  std::uint64_t items() const;
  /// Of this shard.
  std::uint64_t items_of_shard() const;
  std::uint64_t seed_of(std::uint64_t item) const { return seeds.first + item / variations(); }
  std::uint64_t variation_of(std::uint64_t item) const { return item % variations(); }
  bool in_shard(std::uint64_t item) const { return item % shard.count == shard.index - 1; }
  /// One value for each `vary`, the last one changing fastest.
  std::vector<std::string> values_of(std::uint64_t variation) const;
  /// "nodes=3" for each `vary`, behind `set`.
  Settings settings_of(std::uint64_t variation) const;
  /// The command that repeats a run: "kvsim run a.json --seed 7 --set nodes=3", or "kvsim fuzz
  /// --seeds 7".
  std::string replay_command(std::uint64_t item) const;
  /// The command that cuts a run of a swarm down: "kvsim shrink 7".
  std::string shrink_command(std::uint64_t item) const;
};

/// Seeds and shard as they were typed (an empty shard is the whole) into the plan.
Outcome read_part(const std::string& seeds, const std::string& shard, SweepPlan& plan);

/// What to draw from, as it was typed: --nodes "3..7" or "5", --faults "crash,cut" or "all",
/// --length "90s". What is empty is as usual.
Result<SwarmOptions> read_swarm(const std::string& nodes, const std::string& faults,
                                const std::string& length);
/// " --nodes 3..5 --faults crash,cut": what differs from the defaults.
std::string to_text(const SwarmOptions& options);

/// An Error if the plan has more runs than can be numbered, or its shard more than can be kept.
Outcome check_size(const SweepPlan& plan);

/// As a POSIX shell takes it for one word.
std::string shell_word(const std::string& text);

}  // namespace kv::sim
