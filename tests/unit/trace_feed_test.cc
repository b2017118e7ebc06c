#include "trace_feed.h"

#include <sstream>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace kv {
namespace {

constexpr std::size_t kMiB = 1 << 20;

/// Reads a feed's lines back, and checks what holds for all of them.
class Watched {
 public:
  /// The facts of the records in `text`, in words.
  std::vector<std::string> read(const std::string& text) {
    std::vector<std::string> facts;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (nodes_.empty()) {
        const Result<TraceHeader> header = trace_header_from_json(line);
        EXPECT_TRUE(header) << line;
        if (!header) return facts;
        EXPECT_EQ(header->program.substr(0, 7), "kvnode ");
        nodes_ = header->nodes;
        continue;
      }
      const Result<Record> record = record_from_json(line, nodes_);
      EXPECT_TRUE(record) << line;
      if (!record) return facts;
      EXPECT_EQ(record->sequence, ++sequence_);
      EXPECT_GE(record->at, latest_);
      latest_ = record->at;
      facts.push_back(describe(record->fact));
    }
    return facts;
  }
  const std::vector<std::string>& nodes() const { return nodes_; }

 private:
  std::vector<std::string> nodes_{};
  std::uint64_t sequence_{0};
  Instant latest_{};
};

/// A node at the time `tick`, which has just applied that entry.
TraceBatch batch(std::int64_t tick) {
  const auto index = static_cast<LogIndex>(tick);
  NodeObserved present;
  present.last_index = present.applied = present.commit = index;
  return {{{0, Instant{tick}, 2, Event{EntriesApplied{index}}}}, {0, Instant{tick}, 2, present}};
}

std::string observed(std::int64_t tick) {
  return describe(batch(tick).present.fact);
}
std::string applied(std::int64_t tick) {
  return describe(batch(tick).records.front().fact);
}

struct Feed {
  std::vector<std::string> show(std::int64_t tick, std::size_t unsent_bytes = 0) {
    std::string out;
    feed.append(out, batch(tick), unsent_bytes);
    return watched.read(out);
  }
  TraceFeed feed{default_cluster()};
  Watched watched{};
};

using Facts = std::vector<std::string>;

TEST(TraceFeed, BeginsWithTheHeaderAndWhatTheNodeIs) {
  Feed feed;
  EXPECT_EQ(feed.show(7), Facts{observed(7)}) << "what was before is no news";
  EXPECT_EQ(feed.watched.nodes(), (std::vector<std::string>{"node1", "node2", "node3"}));
  EXPECT_EQ(feed.show(8), Facts{applied(8)});
  EXPECT_EQ(feed.show(9), Facts{applied(9)});
}

TEST(TraceFeed, CountsWhatASlowWatcherMisses) {
  Feed feed;
  feed.show(1);
  EXPECT_EQ(feed.show(2, kMiB - 1), Facts{applied(2)});
  EXPECT_EQ(feed.show(3, kMiB), Facts{});
  EXPECT_EQ(feed.show(4, 3 * kMiB), Facts{});
  EXPECT_EQ(feed.show(5, kMiB - 1), Facts{}) << "a little room is no room";
  EXPECT_EQ(feed.show(6, kMiB / 2), (Facts{describe(RecordsLost{4}), observed(6)}));
  EXPECT_EQ(feed.show(7, kMiB / 2), Facts{applied(7)});
  EXPECT_EQ(feed.show(8, kMiB), Facts{});
  EXPECT_EQ(feed.show(9), (Facts{describe(RecordsLost{2}), observed(9)}));
}

TEST(TraceFeed, WaitsForAnswersBeforeItBegins) {
  Feed feed;
  EXPECT_EQ(feed.show(1, 2 * kMiB), Facts{});
  EXPECT_EQ(feed.show(2), Facts{observed(2)}) << "nothing is lost that was never begun";
}

}  // namespace
}  // namespace kv
