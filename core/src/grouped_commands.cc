#include "grouped_commands.h"

#include <string>
#include <vector>

#include "key_commands.h"

namespace kv::commands {
namespace {

bool is_grouped(Operation operation) {
  return operation == Operation::kTransaction || operation == Operation::kOnce;
}

/// An encoded answer that may be kept in a session, whatever its size.
std::string kept_answer(const Answer& answer) {
  std::string encoded = encode_answer(answer);
  if (encoded.size() <= kMaxKeptAnswerBytes) return encoded;
  return encode_answer(Answer::error(
      "ERR the command was carried out, but its answer was too large to be kept for a retry"));
}

}  // namespace

Answer transaction(KvStore& store, const Command& command, CommandRoom& room) {
  if (command.number < 0 || static_cast<std::uint64_t>(command.number) > command.more.size()) {
    return Answer::error("ERR a transaction can't have more conditions than commands");
  }
  const auto conditions = static_cast<std::size_t>(command.number);
  std::vector<Command> commands;
  commands.reserve(command.more.size());
  for (const std::string_view item : command.more) {
    Result<Command> decoded = decode_command(item);
    if (!decoded || is_grouped(decoded->operation)) {
      return Answer::error("ERR a transaction has a command that can't be in it");
    }
    commands.push_back(std::move(*decoded));
  }
  for (std::size_t i = 0; i < conditions; ++i) {
    if (commands[i].operation != Operation::kFingerprint) {
      return Answer::error("ERR a transaction's condition must be a fingerprint");
    }
    if (fingerprint(store, commands[i].key) != commands[i].number) return Answer::nil_list();
  }
  std::vector<Answer> answers;
  answers.reserve(commands.size() - conditions);
  for (std::size_t i = conditions; i < commands.size(); ++i) {
    answers.push_back(carry_out(store, commands[i], room));
  }
  return Answer::list(std::move(answers));
}

Answer once(KvStore& store, const Command& command, CommandRoom& room) {
  const Result<Command> inner = decode_command(command.value);
  if (!inner || !writes(inner->operation) || is_grouped(inner->operation)) {
    return Answer::error("ERR only a single write can be carried out once");
  }
  if (command.number < 1) return Answer::error("ERR a sequence number begins with 1");
  const auto sequence = static_cast<std::uint64_t>(command.number);
  const std::optional<Session> session = store.find_session(command.key);
  if (!session && sequence != 1) {
    return Answer::error(
        "NOSESSION The session of this client is unknown or has expired; begin again with a new "
        "client name at sequence 1");
  }
  const std::uint64_t last = session ? session->sequence : 0;
  if (sequence < last) {
    return Answer::error("STALESEQ This client has gone on to sequence " + std::to_string(last) +
                         " already");
  }
  const std::uint64_t expires_ms = store.clock_ms() + kSessionMs;
  if (sequence == last) {
    const std::string kept(session->answer);
    store.set_session(command.key, {last, kept, expires_ms});
    return decode_answer(kept).value_or(Answer::error("ERR the kept answer is damaged"));
  }
  Answer answer = carry_out(store, *inner, room);
  store.set_session(command.key, {sequence, kept_answer(answer), expires_ms});
  store.limit_sessions(kMaxSessions);
  return answer;
}

}  // namespace kv::commands
