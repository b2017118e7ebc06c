#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "netsim/scenario.h"
#include "story.h"
#include "story_text.h"
#include "terminal_style.h"

namespace kv::sim {

struct Telling {
  bool everything{false};           ///< every event
  std::uint32_t speed_permille{0};  ///< of real time; 0: as fast as it goes
  std::optional<Instant> until{};   ///< the story ends here; the run goes on
};

/// Tells a run on standard output while it goes on.
class StoryTeller {
 public:
  /// `style` must outlive it.
  StoryTeller(const Scenario& scenario, const Telling& telling, const TerminalStyle& style);
  void hear(const std::vector<Record>& records);
  void finish();
  /// Waited so that lines came at the given speed.
  Duration slept() const { return slept_; }

 private:
  void print(const std::vector<StoryLine>& lines);

  Telling telling_;
  Story story_;
  StoryText text_;
  Instant begun_{};  ///< on the wall's clock
  Duration slept_{};
  bool cut_short_{false};
};

}  // namespace kv::sim
