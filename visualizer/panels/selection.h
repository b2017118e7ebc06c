#pragma once

#include <cstddef>
#include <cstdint>

#include "core/types.h"

namespace kv::viz {

class History;

/// What the inspector tells about.
struct Selection {
  enum class Kind : unsigned char { kNothing, kNode, kLink, kMessage, kEntry, kRecord };
  Kind kind{Kind::kNothing};
  NodeId node{kNoNode};      ///< kNode; kLink: one end
  NodeId to{kNoNode};        ///< kLink: the other
  std::uint64_t message{0};  ///< kMessage
  LogIndex index{0};         ///< kEntry
  Term term{0};              ///< kEntry
  std::size_t position{0};   ///< kRecord
  friend bool operator==(const Selection&, const Selection&) = default;
};

/// For what something was worked out that costs too much for every frame: where it is kept, this
/// says whether it is still right.
struct Basis {
  /// While time moves, things are worked out this often, in seconds of the viewer's clock.
  static constexpr double kInterval = 0.1;

  const History* history{nullptr};
  Selection selection{};
  std::size_t position{0};  ///< of the moment
  Instant at{};             ///< where the playhead is
  std::size_t end{0};       ///< of the recording, which may still grow
  double clock{0};          ///< when it was worked out

  /// `moving`: the playhead moves by itself.
  bool covers(const Basis& wanted, bool moving) const {
    if (history == nullptr || history != wanted.history) return false;
    if (selection != wanted.selection) return false;
    const bool same_moment = position == wanted.position && at == wanted.at;
    if (same_moment && end == wanted.end) return true;
    if (!same_moment && !moving) return false;
    return wanted.clock - clock < kInterval;
  }
};

}  // namespace kv::viz
