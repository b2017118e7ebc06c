#include "command_samples.h"

#include <iterator>

namespace kv {
namespace {

constexpr Operation kWrites[] = {
    Operation::kSet,     Operation::kSet,          Operation::kDelete,       Operation::kTakeOut,
    Operation::kAdd,     Operation::kAddFloat,     Operation::kAppend,       Operation::kSetRange,
    Operation::kSetMany, Operation::kExpire,       Operation::kPersist,      Operation::kRename,
    Operation::kCopy,    Operation::kGetAndExpire, Operation::kAdvanceClock, Operation::kExpire};
constexpr Operation kReads[] = {Operation::kGet,    Operation::kGetMany,     Operation::kLength,
                                Operation::kExists, Operation::kGetRange,    Operation::kType,
                                Operation::kExpiry, Operation::kFingerprint, Operation::kMemory,
                                Operation::kSize,   Operation::kEcho};

std::string random_key(Rng& rng) {
  return "key-" + std::to_string(rng.below(40));
}

std::string random_text(Rng& rng) {
  constexpr std::string_view kTexts[] = {
      "", "7", "-1", "0.25", "1e3", "text", "9223372036854775807"};
  const std::uint64_t which = rng.below(std::size(kTexts) + 1);
  if (which < std::size(kTexts)) return std::string(kTexts[which]);
  return std::string(rng.below(2'000), static_cast<char>(rng.below(256)));
}

std::int64_t random_number(Rng& rng, Operation operation, std::uint64_t time_ms) {
  switch (operation) {
    case Operation::kSet:
    case Operation::kExpire:
    case Operation::kGetAndExpire:
      return rng.below(2) == 0 ? 0 : static_cast<std::int64_t>(time_ms + rng.below(4'000)) - 500;
    default:
      return static_cast<std::int64_t>(rng.below(60)) - 20;
  }
}

Said random_single(Rng& rng, Operation operation, std::uint64_t time_ms) {
  Said said;
  said.operation = operation;
  said.key = random_key(rng);
  const bool names_key = operation == Operation::kRename || operation == Operation::kCopy;
  said.value = names_key ? random_key(rng) : random_text(rng);
  said.number = random_number(rng, operation, time_ms);
  said.second = static_cast<std::int64_t>(rng.below(40)) - 20;
  if (rng.below(2) == 0) said.options = static_cast<std::uint8_t>(1U << rng.below(6));
  for (std::uint64_t left = rng.below(3); left > 0; --left) said.more.push_back(random_key(rng));
  said.time_ms = time_ms;
  return said;
}

Said random_inner(Rng& rng, std::uint64_t time_ms) {
  if (rng.below(3) == 0) return random_single(rng, kReads[rng.below(std::size(kReads))], time_ms);
  return random_single(rng, kWrites[rng.below(std::size(kWrites))], time_ms);
}

}  // namespace

Said random_said(Rng& rng, std::uint64_t time_ms) {
  const std::uint64_t kind = rng.below(400);
  Said said;
  said.time_ms = time_ms;
  if (kind == 0) {
    said.operation = Operation::kFlush;
  } else if (kind < 40) {
    said.operation = Operation::kTransaction;
    for (std::uint64_t left = rng.below(4); left > 0; --left)
      said.more.push_back(random_inner(rng, time_ms).encoded());
  } else if (kind < 80) {
    said.operation = Operation::kOnce;
    said.key = "client-" + std::to_string(rng.below(6));
    said.number = static_cast<std::int64_t>(1 + rng.below(5));
    said.value = random_single(rng, kWrites[rng.below(std::size(kWrites))], time_ms).encoded();
  } else {
    return random_inner(rng, time_ms);
  }
  return said;
}

}  // namespace kv
