#include "model/history.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/check.h"

namespace kv::viz {

History::History(ClusterInfo cluster)
    : recording_(std::move(cluster)),
      chronicle_(recording_.cluster()),
      latest_(recording_.cluster().size()),
      checkpoints_{latest_} {}

void History::append(Record record) {
  const std::size_t position = recording_.end();
  recording_.append(std::move(record));
  const Record& appended = recording_[position];
  latest_.apply(appended);
  chronicle_.append(appended, position, latest_);
  if (latest_.position % kStride == 0) checkpoints_.push_back(latest_);
}

void History::keep(std::size_t most) {
  const std::size_t end = recording_.end();
  if (end - recording_.first() <= most) return;
  const std::size_t first = end - most;
  // The oldest checkpoint moves along with the oldest record: it is what the dropped ones led to.
  const auto nearest =
      std::upper_bound(checkpoints_.begin(), checkpoints_.end(), first,
                       [](std::size_t at, const Moment& moment) { return at < moment.position; });
  checkpoints_.erase(checkpoints_.begin(), std::prev(nearest));
  Moment& oldest = checkpoints_.front();
  while (oldest.position < first) oldest.apply(recording_[oldest.position]);
  recording_.keep(most);
  chronicle_.drop_before(first);
}

Moment History::moment(std::size_t position) const {
  Moment moment = checkpoints_.front();
  seek(moment, position);
  return moment;
}

void History::seek(Moment& moment, std::size_t position) const {
  CHECK(position >= recording_.first() && position <= recording_.end());
  const auto behind =
      std::upper_bound(checkpoints_.begin(), checkpoints_.end(), position,
                       [](std::size_t at, const Moment& other) { return at < other.position; });
  const Moment& nearest = *std::prev(behind);
  if (moment.position < nearest.position || moment.position > position) moment = nearest;
  while (moment.position < position) moment.apply(recording_[moment.position]);
}

}  // namespace kv::viz
