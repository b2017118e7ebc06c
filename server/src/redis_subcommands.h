#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "node_facts.h"
#include "redis_commands.h"
#include "redis_reply.h"

namespace kv {

/// One row of the table of a command that has subcommands (CLUSTER, SENTINEL, CONFIG).
struct Subcommand {
  std::string_view name{};       ///< lower case
  int arity{0};                  ///< with the command's name and its own; negative: at least
  std::string_view arguments{};  ///< as HELP shows them
  std::string_view summary{};    ///< for HELP, one sentence; empty: HELP doesn't show it
  void (*answer)(RedisReply& reply, const NodeFacts& facts, const Words& words){nullptr};
};

/// The row for words[1]. Null: there is none, or the number of words is wrong, and the error has
/// been answered. `command` in lower case.
const Subcommand* find_subcommand(RedisReply& reply, std::string_view command, const Words& words,
                                  std::span<const Subcommand> table);
void help_reply(RedisReply& reply, std::string_view command, std::span<const Subcommand> table);

/// Nothing: the error has been answered.
std::optional<std::int64_t> integer_argument(RedisReply& reply, std::string_view text);

}  // namespace kv
