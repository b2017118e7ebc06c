#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/types.h"
#include "netsim/scenario.h"
#include "panels/app_state.h"
#include "server/cluster.h"

namespace kv::viz {

/// Pictures of a stretch of time, for a film.
struct FilmOptions {
  std::string folder{};
  unsigned frames_per_second{30};
  std::optional<Duration> from{};  ///< nothing: the beginning
  std::optional<Duration> to{};    ///< nothing: the end
};

/// What kvviz was started with, checked: nothing in it contradicts anything else.
struct Options {
  /// What to open; kFile: whatever its content says.
  enum class Open : unsigned char { kNothing, kFile, kScenario, kTrace, kCluster };

  Open open{Open::kNothing};
  std::string file{};
  ClusterConfig cluster{};
  bool names_known{true};  ///< false: the names in `cluster` stand for those that the nodes tell
  sim::Settings settings{};
  std::optional<std::uint64_t> seed{};

  std::optional<Duration> at{};
  std::optional<double> speed{};
  std::string select{};  ///< as typed: names are known when the file is open
  Panel panel{Panel::kStage};
  TimeWindow zoom{};
  bool charts{false};
  bool light{false};
  bool builtin_font{false};
  int width{1600};
  int height{900};
  std::optional<float> scale{};  ///< nothing: as the display has it

  std::string screenshot{};
  std::optional<FilmOptions> film{};
  unsigned measure{0};       ///< frames to time
  unsigned frames{0};        ///< the window closes after so many; 0: when the user closes it
  std::string last_frame{};  ///< a picture of what the window showed then

  bool headless() const { return !screenshot.empty() || film.has_value() || measure > 0; }
};

/// The program should print `text` (stdout if status is 0, else stderr) and exit.
struct UsageExit {
  int status{0};
  std::string text{};
};

/// `arguments` without the program's name.
std::variant<Options, UsageExit> parse_options(std::vector<std::string> arguments);

/// "12.5s", "250ms": as parse_duration(), with decimals.
Result<Duration> parse_time(std::string_view text);

}  // namespace kv::viz
