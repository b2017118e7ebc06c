#include "redis_commands.h"

#include <algorithm>
#include <array>

#include "redis_command_table.h"

namespace kv {
namespace {

constexpr std::size_t kCommands = std::size(kRedisCommands);
static_assert(std::is_sorted(std::begin(kRedisCommands), std::end(kRedisCommands),
                             [](const RedisCommand& a, const RedisCommand& b) {
                               return a.name < b.name;
                             }));

/// Texts of a client are repeated in errors up to this many bytes, as Redis does.
constexpr std::size_t kMaxRepeated = 128;

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool same(std::string_view word, std::string_view lower_word) {
  if (word.size() != lower_word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower(word[i]) != lower_word[i]) return false;
  }
  return true;
}

// Each request's name is looked up here: a table with many holes, filled by the compiler.
constexpr std::size_t kPlaces = 1024;
constexpr std::uint8_t kNobody = UINT8_MAX;
static_assert(kCommands < kNobody);

constexpr std::size_t place_of(std::string_view name) {
  std::uint32_t hash = static_cast<std::uint32_t>(name.size());
  // With this bit letters are small; other bytes stay apart enough.
  for (const char c : name) hash = hash * 31 + (static_cast<unsigned char>(c) | 0x20U);
  return (hash ^ (hash >> 10)) % kPlaces;
}

constexpr std::array<std::uint8_t, kPlaces> kRowOfPlace = [] {
  std::array<std::uint8_t, kPlaces> rows{};
  for (std::uint8_t& row : rows) row = kNobody;
  for (std::size_t i = 0; i < kCommands; ++i) {
    std::size_t place = place_of(kRedisCommands[i].name);
    while (rows[place] != kNobody) place = (place + 1) % kPlaces;
    rows[place] = static_cast<std::uint8_t>(i);
  }
  return rows;
}();

constexpr std::size_t kLongestName = [] {
  std::size_t longest = 0;
  for (const RedisCommand& row : kRedisCommands) longest = std::max(longest, row.name.size());
  return longest;
}();

/// Where a wrapping command's own command begins.
constexpr std::size_t kWrapped = 3;

std::vector<std::size_t> wrapped_key_positions(const Words& words) {
  if (words.size() <= kWrapped) return {};
  const Words inner(words.begin() + kWrapped, words.end());
  const RedisCommand* const row = find_redis_command(inner[0]);
  // Not a wrapping one again: a client could make this as deep as it likes.
  if (row == nullptr || (row->flags & kWraps) != 0) return {};
  std::vector<std::size_t> positions = key_positions(*row, inner);
  for (std::size_t& position : positions) position += kWrapped;
  return positions;
}

}  // namespace

bool same_word(std::string_view word, std::string_view lower) {
  return same(word, lower);
}

std::span<const RedisCommand> redis_commands() {
  return kRedisCommands;
}

const RedisCommand* find_redis_command(std::string_view name) {
  if (name.size() > kLongestName) return nullptr;
  for (std::size_t place = place_of(name);; place = (place + 1) % kPlaces) {
    const std::uint8_t row = kRowOfPlace[place];
    if (row == kNobody) return nullptr;
    if (same(name, kRedisCommands[row].name)) return &kRedisCommands[row];
  }
}

const RedisCommand* find_redis_subcommand(std::string_view name, std::string_view subcommand) {
  const std::string wanted = parsers::lower_case(name) + "|" + parsers::lower_case(subcommand);
  const std::span<const RedisCommand> rows = redis_subcommands();
  const auto found = std::lower_bound(
      rows.begin(), rows.end(), wanted,
      [](const RedisCommand& row, const std::string& text) { return row.name < text; });
  return found != rows.end() && found->name == wanted ? &*found : nullptr;
}

bool fits(const RedisCommand& command, std::size_t words) {
  const auto count = static_cast<std::int64_t>(words);
  return command.arity < 0 ? count >= -command.arity : count == command.arity;
}

std::vector<std::size_t> key_positions(const RedisCommand& command, const Words& words) {
  if ((command.flags & kWraps) != 0) return wrapped_key_positions(words);
  const RedisCommand* row = &command;
  if (command.verb != Verb::kStore && command.first_key == 0 && words.size() > 1) {
    row = find_redis_subcommand(command.name, words[1]);
  }
  if (row == nullptr || row->first_key == 0) return {};
  const auto count = static_cast<std::int64_t>(words.size());
  const std::int64_t last = row->last_key < 0 ? count + row->last_key : row->last_key;
  std::vector<std::size_t> positions;
  for (std::int64_t i = row->first_key; i <= std::min(last, count - 1); i += row->key_step) {
    positions.push_back(static_cast<std::size_t>(i));
  }
  return positions;
}

std::string unknown_command(const Words& words) {
  std::string arguments;
  for (std::size_t i = 1; i < words.size() && arguments.size() < kMaxRepeated; ++i) {
    arguments += "'";
    arguments += words[i].substr(0, kMaxRepeated - (arguments.size() - 1));
    arguments += "' ";
  }
  return "ERR unknown command '" + std::string(words[0].substr(0, kMaxRepeated)) +
         "', with args beginning with: " + arguments;
}

std::string wrong_arity(std::string_view name) {
  return "ERR wrong number of arguments for '" + std::string(name) + "' command";
}

std::string unknown_subcommand(std::string_view command, std::string_view subcommand) {
  std::string upper(command);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return "ERR unknown subcommand '" + std::string(subcommand.substr(0, kMaxRepeated)) + "'. Try " +
         upper + " HELP.";
}

}  // namespace kv
