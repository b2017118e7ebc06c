#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "netsim/scenario.h"

namespace kv::sim {

// The words of the scenario language, as data: the reader, its messages, and the test that holds
// scenarios/scenario.schema.json to them all go by these tables.

/// A key that an object of a scenario may have.
struct Key {
  std::string_view name{};
  std::string_view form{};  ///< what its value is: the name of a definition in the schema
  bool needed{false};
};

/// An object of a scenario.
struct ObjectForm {
  std::string_view name{};   ///< of its definition in the schema
  std::string_view words{};  ///< in messages: "'network'", "a node's times"
  std::span<const Key> keys{};
};
std::span<const ObjectForm> object_forms();
/// The name must exist.
const ObjectForm& object_form(std::string_view name);

/// A step is an object with these keys, one verb, and what goes with that verb.
std::span<const Key> step_keys();
struct VerbForm {
  Verb verb{};
  Key key{};  ///< the verb itself
  std::span<const Key> extras{};
};
std::span<const VerbForm> verb_forms();

/// An expectation is an object with one claim, perhaps a caption, and perhaps its moment.
std::span<const Key> moment_keys();
struct ClaimForm {
  Key key{};          ///< the claim itself
  bool timed{false};  ///< may have a moment; else it is about the whole run
};
std::span<const ClaimForm> claim_forms();
/// "caption".
const Key& caption_key();

/// A set of words, one of which is expected.
struct WordList {
  std::string_view name{};   ///< of its definition in the schema
  std::string_view words{};  ///< in messages: "a message's kind"
  std::span<const std::string_view> list{};
};
std::span<const WordList> word_lists();
/// The name must exist.
const WordList& word_list(std::string_view name);

/// The checker that watches over what `promise` says ("linearizable"), or is called so itself;
/// nothing for another text.
std::optional<std::string_view> checker_named(std::string_view promise);
/// What the checker of this name watches over, in words. The name must exist.
std::string_view promise_of(std::string_view checker);

inline constexpr std::uint64_t kMaxNodes = 9;
inline constexpr std::uint64_t kMaxSteps = 10'000;
inline constexpr std::uint64_t kMaxExpectations = 1'000;
/// A clock runs between half and one and a half of its right speed.
inline constexpr std::int64_t kMostDriftPpm = 500'000;
inline constexpr std::uint64_t kMaxScenarioBytes = 1 << 20;
/// No time in a scenario is longer.
inline constexpr Duration kLongest = seconds(std::int64_t{30} * 24 * 3600);

}  // namespace kv::sim
