#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/command.h"
#include "core/kv_store.h"

namespace kv {

/// Has the keys of the commands that come next fetched into the processor's caches. In a large
/// store a lookup waits for memory four or five times in a row, longer than all else that a command
/// costs; the lookups of a group wait at the same time. It is advice: nothing depends on it.
class KeyPrefetch {
 public:
  explicit KeyPrefetch(const KvStore& store) : store_(store) {}

  /// Called before each of the `left` commands that are still to be carried out; command_at(i) is
  /// the i-th of them, encoded.
  template <typename CommandAt>
  void before_next(std::size_t left, CommandAt command_at) {
    if (fetched_ == 0) {
      fetched_ = std::min(left, kGroup);
      if (fetched_ >= kWorthwhile) fetch(command_at);
    }
    --fetched_;
  }

 private:
  static constexpr std::size_t kGroup = KvStore::kPrefetchAtOnce;
  static constexpr std::size_t kWorthwhile = 4;

  template <typename CommandAt>
  void fetch(CommandAt command_at) {
    std::array<std::string_view, kGroup> keys;
    for (std::size_t i = 0; i < fetched_; ++i) keys[i] = key_of(command_at(i));
    store_.prefetch({keys.data(), fetched_});
  }

  const KvStore& store_;
  std::size_t fetched_{0};  ///< of the commands that come next
};

}  // namespace kv
