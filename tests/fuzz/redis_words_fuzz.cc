#include <algorithm>

#include "core/operations.h"
#include "redis_commands.h"
#include "redis_reply.h"
#include "request_reader.h"
#include "targets.h"

namespace kv::fuzz {
namespace {

/// SETRANGE and the like make megabytes of a few bytes: nothing is learned from many of these.
constexpr std::uint64_t kMaxStoreBytes = 16 << 20;
constexpr std::uint64_t kNowMs = 1'700'000'000'000;

std::string carry_out(KvStore& store, const Command& command) {
  const std::string payload = encode_command(command);
  const auto decoded = decode_command(payload);
  if (!decoded) return "the log doesn't take a command: " + decoded.error().message;
  if (encode_command(*decoded) != payload) return "the log changes a command";
  clock_matters(store, *decoded);
  const Answer answer =
      writes(decoded->operation) ? execute(store, *decoded) : read(store, *decoded);
  for (const int protocol : {2, 3}) {
    std::string reply;
    RedisReply(reply, protocol).answer(answer);
    if (!reply.ends_with("\r\n")) return "a reply has no end";
  }
  return {};
}

std::string run_words(KvStore& store, const Words& words) {
  const RedisCommand* command = find_redis_command(words[0]);
  if (command == nullptr) return unknown_command(words).empty() ? "an error without a text" : "";
  if (!fits(*command, words.size())) {
    return wrong_arity(command->name).empty() ? "an error without a text" : "";
  }
  for (const std::size_t position : key_positions(*command, words)) {
    if (position == 0 || position >= words.size()) return "a key that isn't there";
  }
  std::string reply;
  if (command->verb == Verb::kCommand) command_reply(reply, 3, words);
  if (command->parse == nullptr) return {};
  ParseContext context;
  context.now_ms = kNowMs;
  const ParsedCommand parsed = command->parse(words, context);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    return error->empty() ? "an error without a text" : "";
  }
  return carry_out(store, *std::get_if<Command>(&parsed));
}

/// Lines in Redis's inline form.
std::string run(std::string_view input) {
  KvStore store(4);
  while (!input.empty() && store.memory_bytes() < kMaxStoreBytes) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const auto line = split_inline(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
    if (!line || line->empty()) continue;
    const std::string wrong = run_words(store, Words(line->begin(), line->end()));
    if (!wrong.empty()) return wrong;
  }
  return {};
}

std::vector<std::string> seeds() {
  std::vector<std::string> inputs{
      "SET k v EX 10 NX GET\nSETEX k 10 v\nGETEX k PERSIST\nEXPIRE k 5 GT\nPTTL k",
      "MSET a 1 b 2\nINCR a\nINCRBYFLOAT a 0.5\nMGET a b c\nSCAN 0 MATCH * COUNT 5\nKEYS [a-c]*",
      "SETRANGE k 5 x\nGETRANGE k 0 -1\nAPPEND k \"\\xff\\n\"\nCOPY k l REPLACE\nRENAME l m"};
  for (const RedisCommand& command : redis_commands()) {
    std::string line(command.name);
    for (int i = 1; i < std::abs(command.arity); ++i) line += " " + std::to_string(i);
    inputs.push_back("SET 1 1\n" + line + "\n" + line + " x y");
  }
  return inputs;
}

}  // namespace

const Target redis_words{"redis_words", run, seeds};

}  // namespace kv::fuzz
