#include "hosts/connecting.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kv::viz {
namespace {

using Answers = std::vector<Result<NodeStatus>>;

ClusterConfig three_addresses() {
  return {{{"node1", "10.0.0.1", 6379}, {"node2", "10.0.0.2", 6379}, {"node3", "10.0.0.3", 6379}}};
}

/// What the node `name` of a cluster with these nodes says.
NodeStatus says(const std::string& name, const std::vector<std::string>& all) {
  NodeStatus status;
  status.node_id = name;
  for (const std::string& peer : all) {
    if (peer != name) status.peers.push_back({peer, true, false, {}});
  }
  return status;
}
NodeStatus says(const std::string& name) {
  return says(name, {"a", "b", "c"});
}

std::string error_of(const Answers& answers) {
  const Result<ClusterConfig> named = with_names(three_addresses(), answers);
  return named ? "no error" : named.error().message;
}

TEST(Connecting, TakesNamesFromTheNodesInAnyOrder) {
  const auto named = with_names(three_addresses(), {says("c"), says("a"), says("b")});
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(to_string(*named), "a=10.0.0.2:6379,b=10.0.0.3:6379,c=10.0.0.1:6379");
}

TEST(Connecting, FindsTheNameOfOneNodeThatIsDown) {
  const auto named = with_names(three_addresses(), {says("c"), Error{"refused"}, says("b")});
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(to_string(*named), "a=10.0.0.2:6379,b=10.0.0.3:6379,c=10.0.0.1:6379");
}

TEST(Connecting, CannotGuessTheNamesOfTwo) {
  EXPECT_EQ(error_of({says("c"), Error{"refused"}, Error{"refused"}}),
            "no answer from 10.0.0.2:6379, 10.0.0.3:6379, so the names there are not known. Start "
            "what is down, or name all nodes: --cluster name=host:port,…");
  EXPECT_NE(error_of({Error{"refused"}, Error{"refused"}, Error{"refused"}}).find("no answer from"),
            std::string::npos);
}

TEST(Connecting, NoticesANodeThatIsMissingFromTheList) {
  const std::vector<std::string> four{"a", "b", "c", "d"};
  EXPECT_EQ(error_of({says("a", four), says("b", four), says("c", four)}),
            "the cluster has more nodes: d. Give the addresses of all");
}

TEST(Connecting, NoticesANodeThatIsThereTwice) {
  EXPECT_EQ(error_of({says("a"), says("b"), says("a")}),
            "a answers at two addresses, one of them is 10.0.0.3:6379: give each node once");
}

TEST(Connecting, NoticesANodeOfAnotherCluster) {
  EXPECT_NE(error_of({says("a", {"a", "b"}), says("b", {"a", "b"}), says("x", {"x"})}), "no error");
}

}  // namespace
}  // namespace kv::viz
