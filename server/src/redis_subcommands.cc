#include "redis_subcommands.h"

#include <algorithm>
#include <string>

#include "redis_parsers.h"

namespace kv {
namespace {

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

bool has_right_arity(const Subcommand& row, const Words& words) {
  const auto count = static_cast<int>(words.size());
  return row.arity < 0 ? count >= -row.arity : count == row.arity;
}

}  // namespace

std::optional<std::int64_t> integer_argument(RedisReply& reply, std::string_view text) {
  const std::optional<std::int64_t> number = parsers::to_integer(text);
  if (!number) reply.error(parsers::not_an_integer());
  return number;
}

const Subcommand* find_subcommand(RedisReply& reply, std::string_view command, const Words& words,
                                  std::span<const Subcommand> table) {
  const auto row = std::find_if(table.begin(), table.end(), [&](const Subcommand& candidate) {
    return same_word(words[1], candidate.name);
  });
  if (row == table.end()) {
    reply.error(unknown_subcommand(command, words[1]));
    return nullptr;
  }
  if (!has_right_arity(*row, words)) {
    reply.error(wrong_arity(std::string(command) + "|" + std::string(row->name)));
    return nullptr;
  }
  return &*row;
}

void help_reply(RedisReply& reply, std::string_view command, std::span<const Subcommand> table) {
  const auto shown = [](const Subcommand& row) { return !row.summary.empty(); };
  const auto rows = static_cast<std::size_t>(std::count_if(table.begin(), table.end(), shown));
  reply.list(1 + 2 * rows);
  reply.word(upper_case(command) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Subcommand& row : table) {
    if (!shown(row)) continue;
    std::string usage = upper_case(row.name);
    if (!row.arguments.empty()) usage += " " + std::string(row.arguments);
    reply.word(usage);
    reply.word("    " + std::string(row.summary));
  }
}

}  // namespace kv
