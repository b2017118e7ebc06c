#include "sweep_plan.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "core/duration_text.h"
#include "nearest_word.h"
#include "netsim/chaos.h"
#include "netsim/scenario_language.h"

namespace kv::sim {
namespace {

constexpr std::uint64_t kMostItems = 1'000'000'000'000;
constexpr std::uint64_t kMostItemsOfShard = 10'000'000;  // all of them are kept in memory

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

/// Cut at the commas that are within no bracket and no quotes.
std::vector<std::string> cut_at_commas(std::string_view text) {
  std::vector<std::string> values(1);
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ',' && depth == 0 && !quoted) {
      values.emplace_back();
      continue;
    }
    values.back() += c;
    if (quoted && c == '\\' && i + 1 < text.size()) {
      values.back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      depth += c == '[' || c == '{' ? 1 : 0;
      depth -= (c == ']' || c == '}') && depth > 0 ? 1 : 0;
    }
  }
  return values;
}

Error missing_value(const std::string& what) {
  return Error{what + ": a value is missing before or behind a comma."};
}

Error repeated_value(const std::string& what, const std::string& value) {
  return Error{what + ": the value " + value + " is there twice."};
}

Outcome read_nodes(const std::string& text, SwarmOptions& swarm) {
  if (text.empty()) return success();
  const Result<SeedRange> range = parse_seeds(text);
  if (!range || range->first < 1 || range->last > kMaxNodes) {
    return Error{"--nodes " + text + ": write how many, from 1 to " + std::to_string(kMaxNodes) +
                 ", such as 3..7 or 5."};
  }
  swarm.min_nodes = static_cast<std::uint32_t>(range->first);
  swarm.max_nodes = static_cast<std::uint32_t>(range->last);
  return success();
}

Outcome read_faults(const std::string& text, SwarmOptions& swarm) {
  if (text.empty() || text == "all") return success();
  std::vector<std::string_view> known;
  for (const Verb verb : Chaos::classes()) known.push_back(verb_name(verb));
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      return Error{"--faults " + text + ": there is no class '" + word + "'" +
                   did_you_mean(word, known) + ". Write some, such as crash,cut, or all."};
    }
    swarm.faults.push_back(word);
    begin = end + 1;
  }
  return success();
}

Outcome read_length(const std::string& text, SwarmOptions& swarm) {
  if (text.empty()) return success();
  const Result<Duration> length = parse_duration(text);
  if (!length) return Error{"--length " + text + ": " + length.error().message};
  if (*length < kShortestSwarm) {
    return Error{"--length " + text + " leaves no time for faults and recovery: take at least " +
                 to_text(kShortestSwarm) + "."};
  }
  swarm.length = *length;
  return success();
}

}  // namespace

std::string shell_word(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_-./=:,+%@").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

Result<SeedRange> parse_seeds(std::string_view text) {
  const std::string what = "--seeds " + std::string(text);
  const std::size_t dots = text.find("..");
  const bool one = dots == std::string_view::npos;
  const std::optional<std::uint64_t> first = whole_number(text.substr(0, dots));
  const std::optional<std::uint64_t> last = one ? first : whole_number(text.substr(dots + 2));
  if (!first || !last) {
    return Error{what +
                 " is no range: write the first and the last seed, whole numbers with "
                 "'..' between them, such as 1..10000."};
  }
  if (*first > *last) {
    return Error{what + " runs backwards: write " + to_text(SeedRange{*last, *first}) + "."};
  }
  return SeedRange{*first, *last};
}

Result<Shard> parse_shard(std::string_view text) {
  const std::string what = "--shard " + std::string(text);
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::optional<std::uint64_t> index = whole_number(text.substr(0, slash));
  const std::optional<std::uint64_t> count =
      slash == text.size() ? std::nullopt : whole_number(text.substr(slash + 1));
  if (!index || !count) {
    return Error{what + " is no shard: write its number and how many there are, such as 2/8."};
  }
  if (*count == 0) return Error{what + ": there must be at least one shard, as in 1/1."};
  if (*index == 0 || *index > *count) {
    return Error{what + ": shards are numbered from 1 to " + std::to_string(*count) +
                 (*index == 0 ? ", not from 0." : ".")};
  }
  return Shard{*index, *count};
}

Result<Vary> parse_vary(std::string_view text) {
  const std::string what = "--vary " + std::string(text);
  const std::size_t equals = std::min(text.find('='), text.size());
  if (equals == 0 || equals == text.size()) {
    return Error{what +
                 ": write a path, '=' and values with commas between them, such as "
                 "network.latency=1ms,20ms."};
  }
  Vary vary{std::string(text.substr(0, equals)), cut_at_commas(text.substr(equals + 1))};
  std::set<std::string> seen;
  for (const std::string& value : vary.values) {
    if (value.empty()) return missing_value(what);
    const bool is_new = seen.insert(value).second;
    if (!is_new) return repeated_value(what, value);
  }
  return vary;
}

std::string to_text(SeedRange seeds) {
  return std::to_string(seeds.first) + ".." + std::to_string(seeds.last);
}

std::string to_text(Shard shard) {
  return std::to_string(shard.index) + "/" + std::to_string(shard.count);
}

std::uint64_t SweepPlan::variations() const {
  std::uint64_t count = 1;
  for (const Vary& each : vary) count *= each.values.size();
  return count;
}

std::uint64_t SweepPlan::items() const {
  return (seeds.last - seeds.first + 1) * variations();
}

std::uint64_t SweepPlan::items_of_shard() const {
  const std::uint64_t before = shard.index - 1;
  return items() <= before ? 0 : (items() - before - 1) / shard.count + 1;
}

std::vector<std::string> SweepPlan::values_of(std::uint64_t variation) const {
  std::vector<std::string> values(vary.size());
  for (std::size_t i = vary.size(); i-- > 0;) {
    values[i] = vary[i].values[variation % vary[i].values.size()];
    variation /= vary[i].values.size();
  }
  return values;
}

Settings SweepPlan::settings_of(std::uint64_t variation) const {
  Settings settings = set;
  const std::vector<std::string> values = values_of(variation);
  for (std::size_t i = 0; i < vary.size(); ++i) {
    settings.push_back(vary[i].key + "=" + values[i]);
  }
  return settings;
}

Outcome read_part(const std::string& seeds, const std::string& shard, SweepPlan& plan) {
  const Result<SeedRange> range = parse_seeds(seeds);
  if (!range) return range.error();
  plan.seeds = *range;
  if (shard.empty()) return success();
  const Result<Shard> part = parse_shard(shard);
  if (!part) return part.error();
  plan.shard = *part;
  return success();
}

Result<SwarmOptions> read_swarm(const std::string& nodes, const std::string& faults,
                                const std::string& length) {
  SwarmOptions swarm;
  for (const Outcome& read :
       {read_nodes(nodes, swarm), read_faults(faults, swarm), read_length(length, swarm)}) {
    if (!read) return read.error();
  }
  return swarm;
}

std::string to_text(const SwarmOptions& options) {
  const SwarmOptions usual;
  std::string text;
  if (options.min_nodes != usual.min_nodes || options.max_nodes != usual.max_nodes)
    text += " --nodes " + to_text(SeedRange{options.min_nodes, options.max_nodes});
  for (const std::string& fault : options.faults)
    text += (&fault == &options.faults.front() ? " --faults " : ",") + fault;
  if (options.length != usual.length) text += " --length " + kv::to_text(options.length);
  return text;
}

std::string SweepPlan::shrink_command(std::uint64_t item) const {
  return "kvsim shrink " + std::to_string(seed_of(item)) + to_text(swarm.value_or(SwarmOptions{}));
}

std::string SweepPlan::replay_command(std::uint64_t item) const {
  if (swarm) return "kvsim fuzz --seeds " + std::to_string(seed_of(item)) + to_text(*swarm);
  std::string command =
      "kvsim run " + shell_word(file) + " --seed " + std::to_string(seed_of(item));
  for (const std::string& setting : settings_of(variation_of(item))) {
    command += " --set " + shell_word(setting);
  }
  return command;
}

Outcome check_size(const SweepPlan& plan) {
  std::uint64_t variations = 1;
  for (const Vary& each : plan.vary) {
    if (each.values.size() > kMostItems / variations) {
      return Error{"--vary gives more than " + std::to_string(kMostItems) +
                   " variations: leave some values out."};
    }
    variations *= each.values.size();
  }
  if (plan.seeds.last - plan.seeds.first >= kMostItems / variations) {
    return Error{"--seeds " + to_text(plan.seeds) + " with " + std::to_string(variations) +
                 " variations is more than " + std::to_string(kMostItems) +
                 " runs: take fewer seeds."};
  }
  if (plan.items_of_shard() > kMostItemsOfShard) {
    return Error{"A sweep of " + std::to_string(plan.items_of_shard()) +
                 " runs is too large for one process: split it with --shard i/" +
                 std::to_string((plan.items() - 1) / kMostItemsOfShard + 1) + " or more."};
  }
  if (plan.items_of_shard() == 0) {
    return Error{"--shard " + to_text(plan.shard) + " is empty: there are only " +
                 std::to_string(plan.items()) + " runs, so take at most as many shards."};
  }
  return success();
}

}  // namespace kv::sim
