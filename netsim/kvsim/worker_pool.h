#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/types.h"

namespace kv::sim {

/// What worker processes do. Each works on a copy of its own: what it changes, nobody else sees.
class Job {
 public:
  virtual ~Job() = default;
  /// The result as one line, without its end. May abort: then this item alone is lost.
  virtual std::string run(std::uint64_t item) = 0;
};

/// Takes what comes of the items, in the parent process, in any order.
class Collector {
 public:
  virtual ~Collector() = default;
  virtual void take(std::uint64_t item, const std::string& line) = 0;
  /// The worker died or took too long; `words` say why.
  virtual void lost(std::uint64_t item, const std::string& words) = 0;
  /// A few times a second. `elapsed` is real time since the beginning.
  virtual void tick(Duration elapsed) = 0;
  /// Whether no more items shall be begun; those that were begun still come to their end.
  virtual bool enough() const = 0;
};

/// first, first + step … below end.
struct ItemRange {
  std::uint64_t first{0};
  std::uint64_t step{1};
  std::uint64_t end{0};
};

struct PoolOptions {
  std::uint32_t jobs{1};
  Duration patience{seconds(60)};  ///< real time for an item, then its worker is killed
  std::optional<Duration> time{};  ///< real time; then no more items are begun
};

struct PoolEnd {
  bool interrupted{false};  ///< by Ctrl-C or SIGTERM; items that were begun are left out
  Duration elapsed{};       ///< real time
};

/// Does the items in worker processes, in their order. A worker that dies is replaced. Workers end
/// with the parent. An Error if not one process can be started.
Result<PoolEnd> run_in_workers(Job& job, ItemRange items, Collector& collector,
                               const PoolOptions& options);

/// Processors that this process may use.
std::uint32_t core_count();

}  // namespace kv::sim
