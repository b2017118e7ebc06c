#pragma once

#include <string>
#include <vector>

#include "core/command.h"
#include "core/kv_store.h"
#include "core/operations.h"
#include "core/rng.h"

namespace kv {

/// A command that owns its bytes, so that a test can say it in one line.
struct Said {
  Operation operation{};
  std::string key{};
  std::string value{};
  std::int64_t number{0};
  std::uint8_t options{0};
  std::vector<std::string> more{};
  std::int64_t second{0};
  std::uint64_t time_ms{0};

  Command command() const {
    Command command;
    command.operation = operation;
    command.options = options;
    command.time_ms = time_ms;
    command.number = number;
    command.second = second;
    command.key = key;
    command.value = value;
    command.more = {more.begin(), more.end()};
    return command;
  }
  std::string encoded() const { return encode_command(command()); }
};

inline Answer run_on(KvStore& store, const Said& said) {
  return execute(store, said.command());
}
inline Answer read_from(const KvStore& store, const Said& said) {
  return read(store, said.command());
}
inline Answer list_of(std::vector<Answer> items) {
  return Answer::list(std::move(items));
}
inline Answer integer(std::int64_t number) {
  return Answer::of(number);
}
inline Answer text(std::string_view text) {
  return Answer::of(text);
}
inline Answer error(std::string_view text) {
  return Answer::error(text);
}

/// Any operation, on few keys, with options and numbers that often make sense. `time_ms` is its
/// time, around which its expiries lie.
Said random_said(Rng& rng, std::uint64_t time_ms);

}  // namespace kv
