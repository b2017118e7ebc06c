#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/command.h"

namespace kv {

using Words = std::vector<std::string_view>;

/// A store command as the primary proposes or reads it, or the error to answer (Redis's text,
/// without the '-'). Views into the words, or into `bytes`.
using ParsedCommand = std::variant<Command, std::string>;

/// What a parser may know beside the words.
struct ParseContext {
  std::uint64_t now_ms{0};  ///< the primary's clock: for relative times, and Command::time_ms
  std::uint64_t random{0};  ///< for RANDOMKEY
  /// Keeps alive what a Command's views point into beyond the words (KV.ONCE's encoded command).
  std::string bytes{};
};

enum CommandFlag : std::uint32_t {
  kWrites = 1,       ///< "write"
  kReads = 2,        ///< "readonly"
  kFast = 4,         ///< "fast"
  kAdmin = 8,        ///< "admin"
  kDangerous = 16,   ///< in @dangerous
  kLoopback = 32,    ///< taken from the node's own machine only
  kNotInMulti = 64,  ///< "no_multi": refused between MULTI and EXEC
  kAtOnce = 128,  ///< carried out between MULTI and EXEC as well (EXEC, DISCARD, WATCH, RESET …)
  kSubscribed = 256,  ///< taken in RESP2's subscribed state
  kGivesText = 1024,  ///< a write whose answer may be a whole value
  kConnection = 512,  ///< in @connection
  kGrows = 2048,      ///< "denyoom": may make the store larger
  kWraps = 4096,      ///< "movablekeys": words[3] and on are a command, the keys are that one's
};

/// What is done with a command that isn't the store's: by the session (redis_session.h).
enum class Verb : std::uint8_t {
  kStore,  ///< parse() it
  // the connection
  kAuth,
  kClient,
  kEcho,
  kHello,
  kPing,
  kQuit,
  kReset,
  kSelect,
  // transactions
  kMulti,
  kExec,
  kDiscard,
  kWatch,
  kUnwatch,
  // the node
  kCommand,
  kConfig,
  kInfo,
  kTime,
  kLastSave,
  kSave,
  kBgSave,
  kBgRewriteAof,
  kShutdown,
  kSlowlog,
  kMemory,
  kStatus,
  // the cluster
  kRole,
  kWait,
  kWaitAof,
  kReadOnly,
  kReadWrite,
  kAsking,
  kCluster,
  kSentinel,
  kReplicaOf,
  kFailover,
  // channels
  kSubscribe,
  kUnsubscribe,
  kPSubscribe,
  kPUnsubscribe,
};

/// One row of the table from which dispatch, COMMAND, COMMAND DOCS, permissions and
/// docs/commands.md come.
struct RedisCommand {
  std::string_view name{};  ///< lower case; "client" for all of its subcommands
  int arity{0};             ///< with the name; negative: at least that many
  std::uint32_t flags{0};
  int first_key{0};  ///< position of the first key; 0: none
  int last_key{0};   ///< negative: from the end
  int key_step{0};
  std::string_view group{};      ///< "string", "generic", "connection", "server", "cluster" …
  std::string_view arguments{};  ///< "key value [NX | XX] [GET] …"
  std::string_view summary{};    ///< one sentence without its full stop
  Verb verb{Verb::kStore};
  /// Only with Verb::kStore. `words` has the name first and fits the arity.
  ParsedCommand (*parse)(const Words& words, ParseContext& context){nullptr};
  std::string_view since{};    ///< Redis's version that brought it
  std::string_view key_use{};  ///< "RW access delete; OW update": of the first key(s); the second
  std::string_view tips{};     ///< for clients of sharded clusters, with blanks between them
  std::string_view complexity{"O(1)"};
};

/// `lower` is in small letters; `word` in any.
bool same_word(std::string_view word, std::string_view lower);

/// Ascending by name.
std::span<const RedisCommand> redis_commands();
/// "client|id" …, ascending by name: for COMMAND's replies. Positions count from the first word.
std::span<const RedisCommand> redis_subcommands();
/// In any case of letters; null: there is none.
const RedisCommand* find_redis_command(std::string_view name);
/// Null: there is none that COMMAND knows.
const RedisCommand* find_redis_subcommand(std::string_view name, std::string_view subcommand);
/// Whether that many words, the name among them, are right.
bool fits(const RedisCommand& command, std::size_t words);
/// Positions of the keys in `words`.
std::vector<std::size_t> key_positions(const RedisCommand& command, const Words& words);

/// "ERR unknown command 'foo', with args beginning with: 'a' 'b' "
std::string unknown_command(const Words& words);
/// "ERR wrong number of arguments for 'get' command"
std::string wrong_arity(std::string_view name);
/// "ERR unknown subcommand 'foo'. Try CLIENT HELP."
std::string unknown_subcommand(std::string_view command, std::string_view subcommand);

/// COMMAND and its subcommands, RESP2 or RESP3, appended to `out`.
void command_reply(std::string& out, int protocol, const Words& words);
/// Commands as a table in Markdown: docs/commands.md.
std::string commands_document();

}  // namespace kv
