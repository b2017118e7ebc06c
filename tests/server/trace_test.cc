// TRACE against real nodes: what somebody sees who watches them.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "core/command.h"
#include "core/trace_json.h"
#include "server/live_cluster.h"

namespace kv {
namespace {

Instant wall_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count()};
}

/// The event or fact of that kind; null if it is another one.
template <typename Happened>
const Happened* as(const Record& record) {
  if constexpr (std::is_constructible_v<Event, Happened>) {
    const auto* event = std::get_if<Event>(&record.fact);
    return event == nullptr ? nullptr : std::get_if<Happened>(event);
  } else {
    return std::get_if<Happened>(&record.fact);
  }
}

LineConnection connect(const LiveCluster& cluster, const std::string& node) {
  auto connection = LineConnection::connect("127.0.0.1", cluster.member(node).port, seconds(2));
  EXPECT_TRUE(connection);
  return std::move(*connection);
}

/// Watches a node, and checks what holds for every trace.
class Watcher {
 public:
  Watcher(const LiveCluster& cluster, const std::string& node)
      : names_(cluster.names()), connection_(connect(cluster, node)) {
    EXPECT_TRUE(connection_.send("TRACE\n", seconds(2)));
  }

  LineConnection& connection() { return connection_; }

  void expect_header() {
    const auto line = connection_.receive(seconds(5));
    ASSERT_TRUE(line) << line.error().message;
    const Result<TraceHeader> header = trace_header_from_json(*line);
    ASSERT_TRUE(header) << *line;
    EXPECT_EQ(header->nodes, names_);
    EXPECT_EQ(header->program.find("kvnode "), 0U);
  }
  /// Nothing: the trace has ended.
  std::optional<Record> next() {
    const auto line = connection_.receive(seconds(5));
    if (!line) return std::nullopt;
    const Result<Record> record = record_from_json(*line, names_);
    EXPECT_TRUE(record) << *line;
    if (!record) return std::nullopt;
    EXPECT_EQ(record->sequence, ++sequence_);
    EXPECT_GE(record->at, latest_);
    latest_ = record->at;
    return *record;
  }
  /// All records up to the first one that `wanted` holds for, which is the last one; or up to the
  /// trace's end.
  std::vector<Record> until(const std::function<bool(const Record&)>& wanted) {
    std::vector<Record> seen;
    while (auto record = next()) {
      seen.push_back(std::move(*record));
      if (wanted(seen.back())) break;
    }
    return seen;
  }

 private:
  std::vector<std::string> names_;
  LineConnection connection_;
  std::uint64_t sequence_{0};
  Instant latest_{};
};

/// Position of the first record that `wanted` holds for; the end if there is none.
std::size_t find(const std::vector<Record>& records,
                 const std::function<bool(const Record&)>& wanted) {
  const auto found = std::find_if(records.begin(), records.end(), wanted);
  return static_cast<std::size_t>(found - records.begin());
}

/// A SET of that key is among the entries of a REPLICATE to that node.
bool carries(const Record& record, NodeId to, std::string_view key) {
  const auto* sent = as<MessageSent>(record);
  if (sent == nullptr || sent->content->to != to) return false;
  const auto* append = std::get_if<AppendRequest>(&sent->content->body);
  if (append == nullptr) return false;
  return std::any_of(append->entries.begin(), append->entries.end(), [&](const Entry& entry) {
    const Result<Command> command = decode_command(entry.payload());
    return command && command->operation == Operation::kSet && command->key == key;
  });
}

LiveCluster::Options one_node() {
  LiveCluster::Options options;
  options.nodes = 1;
  return options;
}

TEST(Trace, BeginsWithWhatTheNodeIs) {
  LiveCluster cluster;
  ASSERT_EQ(cluster.primary(), "node1");
  const Instant before = wall_now();
  for (const std::string& node : cluster.names()) {
    Watcher watcher(cluster, node);
    watcher.expect_header();
    const auto first = watcher.next();
    ASSERT_TRUE(first);
    const auto* observed = as<NodeObserved>(*first);
    ASSERT_NE(observed, nullptr) << describe(first->fact);
    EXPECT_EQ(first->node, cluster.config().id_of(node));
    EXPECT_EQ(observed->leader, cluster.config().id_of("node1"));
    EXPECT_EQ(observed->role, node == "node1" ? Role::kLeader : Role::kFollower);
    EXPECT_EQ(observed->serving, node == "node1");
    EXPECT_EQ(observed->first_index, 1U);
    EXPECT_GE(observed->last_index, 1U);
    EXPECT_NE(observed->incarnation, 0U);
    EXPECT_GE(first->at, before);
    EXPECT_LE(first->at, wall_now());
  }
}

TEST(Trace, ShowsThatAnIdleNodeIsAlive) {
  LiveCluster::Options options = one_node();
  options.timing = "documented";
  LiveCluster cluster(options);
  Watcher watcher(cluster, "node1");
  watcher.expect_header();
  for (int i = 0; i < 3; ++i) {
    const auto seen =
        watcher.until([](const Record& r) { return as<ClientsServed>(r) != nullptr; });
    ASSERT_FALSE(seen.empty());
    const auto* served = as<ClientsServed>(seen.back());
    ASSERT_NE(served, nullptr);
    EXPECT_EQ(served->ok + served->refused + served->unknown, 0U);
  }
}

TEST(Trace, ShowsAWriteOnItsWay) {
  LiveCluster cluster;
  ASSERT_EQ(cluster.primary(), "node1");
  Watcher primary(cluster, "node1");
  Watcher secondary(cluster, "node2");
  for (Watcher* watcher : {&primary, &secondary}) {
    watcher->expect_header();
    ASSERT_TRUE(watcher->next());
  }
  ASSERT_TRUE(cluster.execute("SET hello world").ok());
  const auto seen = primary.until([](const Record& r) {
    const auto* served = as<ClientsServed>(r);
    return served != nullptr && served->ok > 0;
  });
  const std::size_t end = seen.size();
  const std::size_t appended =
      find(seen, [](const Record& r) { return as<EntriesAppended>(r) != nullptr; });
  ASSERT_LT(appended, end);
  const LogIndex index = as<EntriesAppended>(seen[appended])->first;
  const std::size_t sent = find(seen, [](const Record& r) { return carries(r, 2, "hello"); });
  const std::size_t committed = find(seen, [&](const Record& r) {
    return as<CommitAdvanced>(r) != nullptr && as<CommitAdvanced>(r)->commit >= index;
  });
  const std::size_t applied = find(seen, [&](const Record& r) {
    return as<EntriesApplied>(r) != nullptr && as<EntriesApplied>(r)->last >= index;
  });
  EXPECT_LT(appended, sent);
  EXPECT_LT(sent, committed);
  EXPECT_LT(committed, applied);
  EXPECT_LT(applied, end - 1);
  EXPECT_LT(find(seen, [](const Record& r) { return carries(r, 3, "hello"); }), end);
  EXPECT_GT(as<ClientsServed>(seen.back())->median_ns, 0);

  const auto followed = secondary.until([&](const Record& r) {
    return as<EntriesApplied>(r) != nullptr && as<EntriesApplied>(r)->last >= index;
  });
  const auto promised = find(followed, [&](const Record& r) {
    const auto* reply = as<MessageSent>(r);
    const auto* body = reply ? std::get_if<AppendReply>(&reply->content->body) : nullptr;
    return body != nullptr && body->durable >= index;
  });
  const auto persisted = find(followed, [&](const Record& r) {
    return as<EntriesPersisted>(r) != nullptr && as<EntriesPersisted>(r)->last >= index;
  });
  EXPECT_LT(persisted, promised);
  EXPECT_LT(promised, followed.size());
}

TEST(Trace, ShowsAnElectionStepByStep) {
  LiveCluster cluster;
  ASSERT_EQ(cluster.primary(), "node1");
  Watcher watchers[] = {{cluster, "node2"}, {cluster, "node3"}};
  for (Watcher& watcher : watchers) watcher.expect_header();
  cluster.kill("node1");
  const std::string next = cluster.primary();
  Watcher& watcher = watchers[next == "node2" ? 0 : 1];
  const auto seen = watcher.until([](const Record& r) {
    const auto* changed = as<RoleChanged>(r);
    return changed != nullptr && changed->to == Role::kLeader;
  });
  const auto position = [&](const auto& wanted) { return find(seen, wanted); };
  const std::size_t asks = position([](const Record& r) {
    return as<CampaignStarted>(r) != nullptr && as<CampaignStarted>(r)->pre;
  });
  const std::size_t asked = position([](const Record& r) {
    const auto* sent = as<MessageSent>(r);
    return sent != nullptr && form_of(sent->content->body) == "ELECTION";
  });
  const std::size_t campaigns = position([](const Record& r) {
    return as<CampaignStarted>(r) != nullptr && !as<CampaignStarted>(r)->pre;
  });
  const std::size_t voted = position([](const Record& r) {
    const auto* vote = as<VoteReceived>(r);
    return vote != nullptr && vote->granted && !vote->pre;
  });
  EXPECT_LT(asks, asked);
  EXPECT_LT(asked, campaigns);
  EXPECT_LT(campaigns, voted);
  EXPECT_LT(voted, seen.size() - 1);
  const auto later =
      watcher.until([](const Record& r) { return as<MessageDropped>(r) != nullptr; });
  ASSERT_NE(as<MessageDropped>(later.back()), nullptr);
  EXPECT_EQ(later.back().node, 1U) << "nobody is there to receive it";
  EXPECT_EQ(as<MessageDropped>(later.back())->from, cluster.config().id_of(next));
  EXPECT_EQ(as<MessageDropped>(later.back())->reason, DropReason::kNodeDown);
}

TEST(Trace, EndsWithTheShutdown) {
  LiveCluster cluster;
  ASSERT_EQ(cluster.primary(), "node1");
  Watcher watcher(cluster, "node1");
  watcher.expect_header();
  ASSERT_TRUE(watcher.next());
  EXPECT_EQ(cluster.stop("node1"), 0);
  const auto seen = watcher.until([](const Record&) { return false; });
  ASSERT_FALSE(seen.empty());
  const auto* stopped = as<NodeStopped>(seen.back());
  ASSERT_NE(stopped, nullptr) << describe(seen.back().fact);
  EXPECT_EQ(stopped->cause, StopCause::kShutdown);
  EXPECT_LT(find(seen, [](const Record& r) { return as<TransferStarted>(r) != nullptr; }),
            seen.size());
}

TEST(Trace, AnswersWhatWasAskedBeforeAndNothingBehind) {
  LiveCluster cluster(one_node());
  auto connection = connect(cluster, "node1");
  ASSERT_TRUE(connection.send("SET a 1\nGET a\nPING\nTRACE\nSET a 2\nPING\n", seconds(2)));
  for (const char* answer : {"Key 'a' set", "\"value\": 1", "PONG"}) {
    const auto line = connection.receive(seconds(5));
    ASSERT_TRUE(line);
    EXPECT_NE(line->find(answer), std::string::npos) << *line;
  }
  const auto header = connection.receive(seconds(5));
  ASSERT_TRUE(header);
  EXPECT_TRUE(trace_header_from_json(*header)) << *header;
  ASSERT_TRUE(connection.send("SET a 3\n", seconds(2)));
  for (int i = 0; i < 3; ++i) {
    const auto line = connection.receive(seconds(5));
    ASSERT_TRUE(line);
    EXPECT_TRUE(record_from_json(*line, cluster.names())) << *line;
  }
  EXPECT_EQ(cluster.execute("GET a").value, "1");
}

TEST(Trace, RefusesAFifthWatcherUntilOneGoes) {
  LiveCluster cluster(one_node());
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < 4; ++i) {
    watchers.push_back(std::make_unique<Watcher>(cluster, "node1"));
    watchers.back()->expect_header();
  }
  auto fifth = connect(cluster, "node1");
  const auto refusal = fifth.request("TRACE", seconds(5));
  ASSERT_TRUE(refusal);
  EXPECT_NE(refusal->find("OVERLOADED"), std::string::npos) << *refusal;
  const auto pong = fifth.request("PING", seconds(5));
  ASSERT_TRUE(pong);
  EXPECT_NE(pong->find("PONG"), std::string::npos) << *pong;
  watchers.pop_back();
  EXPECT_TRUE(eventually([&] {
    const auto line = fifth.request("TRACE", seconds(5));
    return line && trace_header_from_json(*line);
  }));
}

TEST(Trace, AWatcherThatDoesNotReadMissesRecordsAndStopsNobody) {
  LiveCluster cluster;
  ASSERT_EQ(cluster.primary(), "node1");
  Watcher stuck(cluster, "node1");
  // Bytes that take six each in JSON fill what there is sooner.
  const std::string line = "SET key " + std::string(250, '\x01') + "\n";
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += line;
  auto client = connect(cluster, "node1");
  // Much more than it takes until the node and the sockets' buffers hold no more for `stuck`.
  constexpr std::size_t kEnoughBytes = 5 << 20;
  std::atomic<std::size_t> shown_bytes{0};
  std::thread reader([&] {
    Watcher keen(cluster, "node1");
    while (shown_bytes < kEnoughBytes) {
      const auto shown = keen.connection().receive(seconds(5));
      if (!shown) break;
      shown_bytes += shown->size();
    }
  });
  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE(client.send(lines, seconds(5)));
    for (int i = 0; i < 100; ++i) {
      const auto answer = client.receive(seconds(5));
      EXPECT_TRUE(answer && answer->find("OK") != std::string::npos);
    }
    return shown_bytes >= kEnoughBytes;
  }));
  reader.join();
  stuck.expect_header();
  const auto seen = stuck.until([](const Record& r) { return as<RecordsLost>(r) != nullptr; });
  ASSERT_NE(as<RecordsLost>(seen.back()), nullptr);
  EXPECT_GT(as<RecordsLost>(seen.back())->count, 0U);
  const auto after = stuck.next();
  ASSERT_TRUE(after);
  ASSERT_NE(as<NodeObserved>(*after), nullptr);
  EXPECT_GT(as<NodeObserved>(*after)->commit, 100U);
}

}  // namespace
}  // namespace kv
