#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/types.h"
#include "netsim/history.h"

namespace kv::soak {

/// One increment of a counter as its client saw it; with KV.ONCE that includes the repetitions.
struct Increment {
  std::uint32_t client{0};
  std::string counter{};   ///< its key
  std::int64_t result{0};  ///< what the counter became; 0 unless it ended well
  Instant called{};
  Instant returned{};  ///< meaningless when the outcome is unknown
  Ending ending{Ending::kPending};
};

/// All that the clients saw in one round, on one monotonic clock.
struct History {
  std::vector<sim::Operation> operations{};
  std::vector<Increment> increments{};
  std::vector<std::string> surprises{};  ///< answers that no client should ever get

  void append(History&& other);
  /// Gives the operations numbers from 1, by which violations name them.
  void number();
};

/// Text that a register holds: `name`, and for some names enough behind it to fill the log.
std::string text_of(const std::string& name);
/// The name in a text that text_of() made; any other text is left as it is, so that the checker
/// finds a value that nobody wrote.
std::string name_in(const std::string& text);

/// What is wrong with the registers, in words; nothing: their history is linearizable.
std::optional<std::string> check_registers(const History& history);

/// What is wrong with a counter that began at 0, that only these increments changed, and that was
/// `total` in the end. Exact when no outcome is unknown.
std::optional<std::string> check_counter(std::vector<Increment> increments, std::int64_t total);

/// Between `from` and `to`, the longest time in which no write was acknowledged.
Duration longest_silence(const History& history, Instant from, Instant to);

/// One JSON object a line, operations in the order of their numbers, then increments.
Outcome write_history(const History& history, const std::string& path);

}  // namespace kv::soak
