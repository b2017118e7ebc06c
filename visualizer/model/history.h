#pragma once

#include <cstddef>
#include <vector>

#include "model/chronicle.h"
#include "model/moment.h"
#include "model/recording.h"

namespace kv::viz {

/// A recording, its digest, and checkpoints that make any moment of it cheap: at most kStride
/// records away from one.
class History {
 public:
  static constexpr std::size_t kStride = 4096;

  explicit History(ClusterInfo cluster);

  void append(Record record);
  /// Keeps the newest `most` records (of a cluster that is watched for long).
  void keep(std::size_t most);

  const Recording& recording() const { return recording_; }
  const Chronicle& chronicle() const { return chronicle_; }
  const ClusterInfo& cluster() const { return recording_.cluster(); }
  /// After all records.
  const Moment& latest() const { return latest_; }

  /// After the records before `position`; first() <= position <= end() of the recording.
  Moment moment(std::size_t position) const;
  /// Moves `moment`, of this history, there: cheap where it is a little behind.
  void seek(Moment& moment, std::size_t position) const;

 private:
  Recording recording_;
  Chronicle chronicle_;
  Moment latest_;
  /// Ascending positions, the first one at first() of the recording, then one every kStride.
  std::vector<Moment> checkpoints_{};
};

}  // namespace kv::viz
