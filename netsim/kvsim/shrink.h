#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include "netsim/scenario.h"

namespace kv::sim {

/// Simpler scenarios to try, in their order; some may turn out to be none.
struct Candidates {
  std::size_t count{0};
  /// The i-th, i < count. Gives the same whenever it is called, in any process.
  std::function<std::optional<Scenario>(std::size_t)> make{};
};

/// Says which scenarios fail as the one does that is shrunk.
class Trial {
 public:
  struct Hit {
    std::size_t index{0};
    Instant broke_at{};  ///< nothing later can matter; the end of the run if that isn't known
  };

  virtual ~Trial() = default;
  /// The first one of the candidates, from index `from` on, that fails in the same way.
  virtual std::optional<Hit> first_failing(const Candidates& candidates, std::size_t from) = 0;
  /// No more may be tried: what has been found so far is the result.
  virtual bool over() const = 0;
};

struct ShrinkOptions {
  /// Steps from then on stay, and so does the end of the run: of a failure that is only one if all
  /// was mended before.
  std::optional<Instant> keep_from{};
  /// Whether a run in this process can't abort: then its operations can become steps.
  bool may_run{true};
};

struct Shrunk {
  Scenario scenario{};
  bool minimal{false};  ///< no single step can be left out
};

/// Cuts a scenario without chaos down, as long as it fails in the same way: fewer steps first
/// (delta debugging, Zeller and Hildebrandt 2002), then fewer nodes and clients, plainer
/// surroundings, rounder numbers. `broke_at` as in Hit.
Shrunk shrink(const Scenario& failing, Instant broke_at, Trial& trial,
              const ShrinkOptions& options = {});

}  // namespace kv::sim
