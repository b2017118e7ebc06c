#include "soak/soak_client.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "steady_now.h"

namespace kv::soak {
namespace {

/// For what must be answered, once the round stops: longer than any failover.
constexpr Duration kPatience = seconds(30);

std::int64_t integer_in(const RespReply& reply) {
  std::int64_t number = 0;
  std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), number);
  return number;
}

}  // namespace

Instant Round::now() const {
  return Instant{} + (steady_now() - began);
}

SoakClient::SoakClient(Round& round, std::uint32_t number, Rng rng)
    : round_(round), number_(number), rng_(rng), caller_(round.cluster) {}

void SoakClient::run() {
  while (!round_.stopping) {
    step();
    // Leaves the nodes time for each other, and bounds the history.
    std::this_thread::sleep_for(std::chrono::microseconds(rng_.below(4000)));
  }
}

void SoakClient::step() {
  const std::uint64_t draw = rng_.below(100);
  if (draw < 32) return use_register(OperationKind::kSet);
  if (draw < 70) return use_register(OperationKind::kGet);
  if (draw < 78) return use_register(OperationKind::kDelete);
  if (draw < 88) return increment();
  increment_once();
}

void SoakClient::use_register(OperationKind kind) {
  sim::Operation operation;
  operation.client = number_;
  operation.kind = kind;
  operation.key = round_.register_key(rng_.below(kRegisters));
  Words words{"GET", operation.key};
  if (kind == OperationKind::kDelete) words[0] = "DEL";
  if (kind == OperationKind::kSet) {
    operation.value = "c" + std::to_string(number_) + "-" + std::to_string(++writes_);
    words = {"SET", operation.key, text_of(operation.value)};
  }
  operation.called = round_.now();
  const Answered answered = ask(kind, words);
  operation.returned = round_.now();
  note(std::move(operation), answered);
}

/// A read may go to any node: it promises the same everywhere.
Answered SoakClient::ask(OperationKind kind, const Words& words) {
  const bool anywhere = kind == OperationKind::kGet && rng_.below(2) == 0;
  return anywhere ? caller_.ask(rng_.below(round_.cluster.members.size()), words)
                  : caller_.ask_primary(words);
}

void SoakClient::note(sim::Operation operation, const Answered& answered) {
  operation.ending = answered.ending;
  if (answered.ending == Ending::kOk) {
    if (answered.reply.mark == '-') return note_surprise(operation.key, answered.reply);
    if (operation.kind != OperationKind::kGet) ++round_.acknowledged;
    if (operation.kind == OperationKind::kGet && !answered.reply.null)
      operation.found = name_in(answered.reply.text);
  }
  history_.operations.push_back(std::move(operation));
}

void SoakClient::increment() {
  Increment increment{number_, round_.tally_key(), 0, round_.now(), {}, Ending::kPending};
  note(std::move(increment), caller_.ask_primary({"INCR", round_.tally_key()}));
}

/// Sent again until its outcome is known: it must count once.
void SoakClient::increment_once() {
  const std::string key = rng_.below(2) == 0 ? round_.counter_key() : round_.own_key(number_);
  const Words words{"KV.ONCE", round_.own_key(number_), std::to_string(++sequence_), "INCR", key};
  Increment increment{number_, key, 0, round_.now(), {}, Ending::kPending};
  std::optional<Instant> give_up_at;
  const auto give_up = [&] {
    if (!give_up_at && round_.stopping) give_up_at = steady_now() + kPatience;
    return give_up_at && steady_now() >= *give_up_at;
  };
  Answered answered = caller_.insist(words, give_up);
  // An attempt before the last one may have had an effect.
  if (answered.ending == Ending::kRefused) answered.ending = Ending::kUnknown;
  note(std::move(increment), answered);
}

void SoakClient::note(Increment increment, const Answered& answered) {
  increment.returned = round_.now();
  increment.ending = answered.ending;
  if (answered.ending == Ending::kOk) {
    if (answered.reply.mark != ':') return note_surprise(increment.counter, answered.reply);
    increment.result = integer_in(answered.reply);
    ++round_.acknowledged;
  }
  history_.increments.push_back(std::move(increment));
}

void SoakClient::note_surprise(const std::string& what, const RespReply& reply) {
  history_.surprises.push_back("client " + std::to_string(number_) + " was answered about " + what +
                               ": " + reply.readable());
}

}  // namespace kv::soak
