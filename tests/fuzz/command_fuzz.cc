#include "core/bytes.h"
#include "core/command.h"
#include "core/operations.h"
#include "targets.h"

namespace kv::fuzz {
namespace {

constexpr std::uint32_t kShards = 4;
constexpr std::uint32_t kOtherShards = 1;

/// Makes a value of megabytes out of a few bytes: nothing is learned from many of these.
bool is_costly(const Command& command) {
  constexpr std::int64_t kCheap = 64 << 10;
  if (command.operation == Operation::kSetRange) {
    return command.number > kCheap && command.number <= std::int64_t{kMaxValueBytes};
  }
  if (command.operation == Operation::kOnce) {
    const auto inner = decode_command(command.value);
    return inner && is_costly(*inner);
  }
  if (command.operation != Operation::kTransaction) return false;
  for (const std::string_view item : command.more) {
    const auto inner = decode_command(item);
    if (inner && is_costly(*inner)) return true;
  }
  return false;
}

/// One state machine on two nodes, and one with its keys in other shards.
struct Stores {
  KvStore first{kShards};
  KvStore second{kShards};
  KvStore other{kOtherShards};
};

std::string check_answer(const Answer& answer) {
  const auto again = decode_answer(encode_answer(answer));
  return again && *again == answer ? "" : "an answer reads differently";
}

std::string check_read(const Stores& stores, const Command& command) {
  clock_matters(stores.first, command);
  const Answer answer = read(stores.first, command);
  if (answer != read(stores.second, command)) return "two nodes read differently";
  return check_answer(answer);
}

std::string carry_out(Stores& stores, std::string_view payload) {
  const auto command = decode_command(payload);
  if (!command) return {};
  if (encode_command(*command) != payload) return "a command encodes differently";
  if (is_costly(*command)) return {};
  const std::string wrong = check_read(stores, *command);
  if (!wrong.empty()) return wrong;
  const Answer answer = execute(stores.first, *command);
  if (answer != execute(stores.second, *command)) return "two nodes answer differently";
  execute(stores.other, *command);
  return check_answer(answer);
}

/// Commands, each behind its size as u16; what is left over is tried as an answer.
std::string run(std::string_view input) {
  Stores stores;
  Decoder in(input);
  while (in.remaining() >= 2) {
    const std::size_t low = in.u8();
    const std::size_t size = low | std::size_t{in.u8()} << 8;
    if (size > in.remaining()) break;
    const std::string wrong = carry_out(stores, in.raw(size));
    if (!wrong.empty()) return wrong;
  }
  const std::uint64_t hash = stores.first.state_hash();
  if (hash != stores.second.state_hash()) return "two nodes have different states";
  if (hash != stores.other.state_hash()) return "the state depends on the number of shards";
  const std::string_view rest = in.raw(in.remaining());
  const auto answer = decode_answer(rest);
  return !answer || encode_answer(*answer) == rest ? "" : "an answer encodes differently";
}

std::string sequence(const std::vector<Command>& commands) {
  std::string input;
  for (const Command& command : commands) {
    const std::string payload = encode_command(command);
    input += static_cast<char>(payload.size() & 0xFF);
    input += static_cast<char>(payload.size() >> 8);
    input += payload;
  }
  return input;
}

Command command_of(Operation operation, std::string_view key, std::string_view value = {},
                   std::int64_t number = 0) {
  Command command;
  command.operation = operation;
  command.key = key;
  command.value = value;
  command.number = number;
  return command;
}

/// Each operation on a text, a number and an expiring key.
std::string one_seed(Operation operation) {
  Command expiring = set_command("t", "\x7F");
  expiring.number = 2'000;
  Command tried = command_of(operation, "k", "12", 1);
  tried.time_ms = 1'000;
  tried.second = 2;
  Command again = command_of(operation, "t", "k", 3'000);
  again.time_ms = 2'500;
  again.more = {"n", "7"};
  return sequence({set_command("k", "value"), set_command("n", "41"), expiring, tried, again});
}

std::string grouped_seed() {
  const std::string set = encode_command(set_command("k", "v"));
  const std::string add = encode_command(command_of(Operation::kAdd, "n", {}, 5));
  const std::string get = encode_command(get_command("k"));
  const std::string unchanged = encode_command(command_of(Operation::kFingerprint, "k"));
  Command transaction = command_of(Operation::kTransaction, {});
  transaction.more = {unchanged, set, add, get};
  transaction.number = 1;
  const Command once = command_of(Operation::kOnce, "client", add, 1);
  return sequence({transaction, once, once, transaction}) +
         encode_answer(Answer::list({Answer::of(1), Answer::nil(), Answer::ok()}));
}

std::vector<std::string> seeds() {
  std::vector<std::string> inputs{grouped_seed()};
  for (int number = 1; number < 256; ++number) {
    const auto operation = static_cast<Operation>(number);
    if (operation == Operation::kTransaction || operation == Operation::kOnce) continue;
    if (to_string(operation) != to_string(Operation{})) inputs.push_back(one_seed(operation));
  }
  return inputs;
}

}  // namespace

const Target command{"command", run, seeds};

}  // namespace kv::fuzz
