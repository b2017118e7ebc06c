// Running nodes, as the visualizer sees them.
#include "server/live_cluster.h"

#include <csignal>

#include <gtest/gtest.h>

#include "child_process.h"
#include "model/entry_life.h"
#include "sources/live_cluster.h"

namespace kv {
namespace {

using viz::Standing;
using Watched = viz::LiveCluster;

/// Lets the view work until `condition` holds.
bool comes_true(Watched& view, const std::function<bool()>& condition) {
  return eventually([&] {
    view.pump(milliseconds(20));
    return condition();
  });
}

Standing standing(const Watched& view, NodeId id) {
  return view.history().latest().node(id).standing();
}

NodeId primary_of(const Watched& view) {
  return view.history().latest().primary();
}

bool sees_all_of(Watched& view) {
  return comes_true(view, [&] {
    for (const viz::NodeMoment& node : view.history().latest().nodes) {
      if (node.standing() == Standing::kUnknown) return false;
    }
    return primary_of(view) != kNoNode;
  });
}

TEST(LiveView, KnowsThePrimaryOfAClusterThatRanBefore) {
  const LiveCluster cluster;
  Watched view(cluster.config());
  ASSERT_TRUE(sees_all_of(view));
  EXPECT_EQ(primary_of(view), cluster.config().id_of(cluster.primary()));
  EXPECT_TRUE(view.problem().empty());
  for (NodeId id = 1; id <= 3; ++id) {
    EXPECT_EQ(standing(view, id),
              id == primary_of(view) ? Standing::kPrimary : Standing::kSecondary);
  }
}

TEST(LiveView, ShowsAWriteOnItsWay) {
  const LiveCluster cluster;
  Watched view(cluster.config());
  ASSERT_TRUE(sees_all_of(view));
  const LogIndex before = view.history().latest().node(1).log.last;
  ASSERT_TRUE(cluster.execute("SET colour blue").ok());
  const auto applied_everywhere = [&] {
    for (NodeId id = 1; id <= 3; ++id) {
      if (view.history().latest().node(id).log.applied <= before) return false;
    }
    return true;
  };
  ASSERT_TRUE(comes_true(view, applied_everywhere));
  const viz::LogView& log = view.history().latest().node(1).log;
  const std::string words =
      viz::command_words(view.history().recording(), log.last, log.last_term());
  EXPECT_NE(words.find("colour"), std::string::npos) << words;
}

TEST(LiveView, ShowsAFailoverAndTheReturn) {
  LiveCluster cluster;
  Watched view(cluster.config());
  ASSERT_TRUE(sees_all_of(view));
  const std::string old = cluster.primary();
  const NodeId old_id = cluster.config().id_of(old);
  cluster.kill(old);
  ASSERT_TRUE(
      comes_true(view, [&] { return primary_of(view) != kNoNode && primary_of(view) != old_id; }));
  EXPECT_EQ(standing(view, old_id), Standing::kDown);
  EXPECT_EQ(view.history().chronicle().outages().size(), 1u);
  EXPECT_FALSE(view.watches()[old_id - 1].problem.empty());
  cluster.start(old);
  EXPECT_TRUE(comes_true(view, [&] { return standing(view, old_id) == Standing::kSecondary; }));
}

TEST(LiveView, TellsANodeThatStandsStillFromOneThatIsGone) {
  LiveCluster cluster;
  Watched view(cluster.config());
  ASSERT_TRUE(sees_all_of(view));
  const std::string name = cluster.secondaries().front();
  const NodeId id = cluster.config().id_of(name);
  cluster.signal(name, SIGSTOP);
  EXPECT_TRUE(comes_true(view, [&] { return standing(view, id) == Standing::kPaused; }));
  cluster.signal(name, SIGCONT);
  EXPECT_TRUE(comes_true(view, [&] { return standing(view, id) == Standing::kSecondary; }));
}

TEST(LiveView, IsLessThanASecondBehind) {
  const LiveCluster cluster;
  Watched view(cluster.config());
  ASSERT_TRUE(sees_all_of(view));
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(cluster.execute("SET k v").ok());
    view.pump(milliseconds(20));
    EXPECT_LT(view.lag(), seconds(1));
  }
}

TEST(LiveView, SaysWhatToDoWhereNoNodeRuns) {
  const Result<ClusterConfig> nobody =
      parse_cluster("node1=127.0.0.1:1,node2=127.0.0.1:2,node3=127.0.0.1:3");
  ASSERT_TRUE(nobody);
  Watched view(*nobody);
  ASSERT_TRUE(comes_true(view, [&] {
    return view.watches()[0].problem.find("can't be reached") != std::string::npos;
  }));
  EXPECT_NE(view.problem().find("./kv up"), std::string::npos);
  EXPECT_TRUE(view.history().recording().empty());
}

TEST(LiveView, StrikesOnlyWhatKvctlStartsAgain) {
  const LiveCluster cluster;
  Watched view(cluster.config());
  ASSERT_TRUE(sees_all_of(view));
  viz::Fault fault;
  fault.node = 1;
  fault.kind = viz::Fault::Kind::kCrash;
  EXPECT_TRUE(view.refusal(fault));
  EXPECT_FALSE(view.inflict({}, fault));
  fault.kind = viz::Fault::Kind::kCut;
  EXPECT_TRUE(view.refusal(fault));
  EXPECT_TRUE(sees_all_of(view));
}

/// Nodes that a kvctl runs, as a person would have them.
class Supervised {
 public:
  Supervised() : cluster_(not_started()) {
    const Result<pid_t> started =
        spawn({KVCTL_PATH, "--cluster", to_string(cluster_.config()), "start", "--timing", "lan",
               "--restart-after", "1s", "--data-dir", cluster_.folder() + "/supervised"},
              cluster_.folder() + "/kvctl.log");
    EXPECT_TRUE(started);
    kvctl_ = started ? *started : 0;
  }
  ~Supervised() {
    if (kvctl_ == 0) return;
    ::kill(kvctl_, SIGTERM);
    EXPECT_TRUE(eventually([&] { return ending_of(kvctl_).has_value(); }));
  }
  const ClusterConfig& config() const { return cluster_.config(); }

 private:
  static LiveCluster::Options not_started() {
    LiveCluster::Options options;
    options.start = false;
    return options;
  }

  LiveCluster cluster_;
  pid_t kvctl_{0};
};

TEST(LiveView, KillsAndPausesWhatKvctlRuns) {
  const Supervised supervised;
  Watched view(supervised.config());
  ASSERT_TRUE(sees_all_of(view));
  viz::Fault fault;
  fault.node = primary_of(view);
  fault.kind = viz::Fault::Kind::kPause;
  ASSERT_TRUE(view.inflict({}, fault));
  EXPECT_TRUE(comes_true(view, [&] { return standing(view, fault.node) == Standing::kPaused; }));
  fault.kind = viz::Fault::Kind::kResume;
  ASSERT_TRUE(view.inflict({}, fault));
  EXPECT_TRUE(comes_true(view, [&] { return standing(view, fault.node) == Standing::kSecondary; }));
  fault.kind = viz::Fault::Kind::kCrash;
  ASSERT_TRUE(view.inflict({}, fault));
  EXPECT_TRUE(comes_true(view, [&] { return standing(view, fault.node) == Standing::kDown; }));
  EXPECT_TRUE(comes_true(view, [&] { return standing(view, fault.node) == Standing::kSecondary; }));
}

}  // namespace
}  // namespace kv
