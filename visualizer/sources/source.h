#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/types.h"
#include "model/history.h"
#include "netsim/scenario.h"

namespace kv::viz {

class Rehearsal;
class LiveCluster;

/// What a hand can do to a cluster. The simulator knows all of them, a running cluster some.
struct Fault {
  enum class Kind : unsigned char {
    kCrash,
    kPowerCut,
    kRestart,
    kPause,
    kResume,
    kWipe,
    kIsolate,    ///< from all other nodes
    kReconnect,  ///< all links of the node are healed
    kCut,        ///< messages from `node` to `to`; both ways with `both`
    kMend,       ///< that link, both ways
    kDelay,      ///< messages from `node` to `to` (and back with `both`) take `span` longer
    kLoss,       ///< `percent` of them are lost
    kSlowDisk,   ///< syncs take `span`
    kPartition,  ///< into `groups`
    kHealAll,
    kTransfer,  ///< the primary hands over to `node`
    kSet,       ///< a client sets `key` to `value`
  };

  Kind kind{};
  NodeId node{kNoNode};
  NodeId to{kNoNode};
  bool both{true};
  Duration span{};
  unsigned percent{0};
  std::vector<std::vector<NodeId>> groups{};
  std::string key{};
  std::string value{};
};
/// For a button or a list: "crash node1", "cut node1 from node2".
std::string describe(const Fault& fault, const ClusterInfo& cluster);

/// Where a history comes from: a scenario that is simulated here, a trace, running nodes.
class Source {
 public:
  enum class Kind : unsigned char { kScenario, kTrace, kLive };
  /// How far the source is in making its history.
  struct Progress {
    bool busy{false};
    double share{1};      ///< of 0 to 1
    std::string words{};  ///< "reading: 420,000 records"
  };

  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  virtual Kind kind() const = 0;
  /// The same object until a pump(); it may be another one then.
  virtual const History& history() const = 0;
  /// Does what there is to do, for about this long on the caller's clock. Never blocks.
  virtual void pump(Duration budget) = 0;
  virtual Progress progress() const { return {}; }
  /// What is wrong and what to do about it, or empty. What there is of a history can be watched.
  virtual std::string problem() const { return {}; }
  /// The time until which there is something to play; not before the history's end.
  virtual Instant horizon() const { return history().recording().end_time(); }
  /// Why this can't be done here, or nothing if it can.
  virtual std::optional<std::string> refusal(const Fault& fault) const;
  /// Does it. In a rehearsal at this time, and what came after is played anew; in a running
  /// cluster now.
  virtual Outcome inflict(Instant at, const Fault& fault);

  /// What is rehearsed, or was when the trace was made; null: not known.
  virtual const sim::Scenario* scenario() const { return nullptr; }

  /// Null if the source is something else.
  virtual Rehearsal* rehearsal() { return nullptr; }
  virtual LiveCluster* live() { return nullptr; }
};

}  // namespace kv::viz
