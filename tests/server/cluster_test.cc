#include "server/cluster.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

std::string why_refused(std::string_view text) {
  const Result<ClusterConfig> parsed = parse_cluster(text);
  return parsed ? "accepted" : parsed.error().message;
}

void expect_refused(std::string_view text, std::string_view because) {
  EXPECT_NE(why_refused(text).find(because), std::string::npos)
      << text << " -> " << why_refused(text);
}

TEST(Cluster, NumbersTheNodesByNameWhateverTheOrderOfTheList) {
  const Result<ClusterConfig> cluster = parse_cluster("c=h3:3,a=h1:1,b=h2:2");
  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->id_of("a"), 1u);
  EXPECT_EQ(cluster->id_of("c"), 3u);
  EXPECT_EQ(cluster->find(NodeId{2})->node_id, "b");
  EXPECT_EQ(cluster->find("c")->host, "h3");
  EXPECT_EQ(to_string(*cluster), "a=h1:1,b=h2:2,c=h3:3");
  EXPECT_EQ(cluster->names(), "a, b, c");
}

TEST(Cluster, SortsByBytesSoTenComesBeforeTwo) {
  EXPECT_EQ(parse_cluster("node2=h:1,node10=h:2")->id_of("node10"), 1u);
}

TEST(Cluster, FindsNothingForStrangers) {
  const ClusterConfig cluster = default_cluster();
  EXPECT_EQ(cluster.find("node4"), nullptr);
  EXPECT_EQ(cluster.find(kNoNode), nullptr);
  EXPECT_EQ(cluster.find(NodeId{4}), nullptr);
  EXPECT_EQ(cluster.id_of(""), kNoNode);
}

TEST(Cluster, TheDefaultIsTheDocumentedThreeNodes) {
  EXPECT_EQ(to_string(default_cluster()),
            "node1=127.0.0.1:6379,node2=127.0.0.1:6380,node3=127.0.0.1:6381");
  EXPECT_EQ(*parse_cluster(to_string(default_cluster())), default_cluster());
  EXPECT_EQ(default_cluster().members[0].peer_port(), 16379);
  EXPECT_EQ(default_cluster().members[0].peer_address(), "127.0.0.1:16379");
}

TEST(Cluster, TakesIpv6InBrackets) {
  const Result<ClusterConfig> cluster = parse_cluster("a=[::1]:6379,b=[fe80::1%eth0]:6379");
  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->members[0].host, "::1");
  EXPECT_EQ(cluster->members[0].address(), "[::1]:6379");
  EXPECT_EQ(*parse_cluster(to_string(*cluster)), *cluster);
  expect_refused("a=::1:6379", "in brackets");
  expect_refused("a=[::1:6379", "brackets");
  expect_refused("a=[]:6379", "brackets");
  expect_refused("a=[::1]", "port");
}

TEST(Cluster, IgnoresSpacesBetweenNodes) {
  EXPECT_EQ(to_string(*parse_cluster(" a=h:1 , b=h:2 ")), "a=h:1,b=h:2");
}

TEST(Cluster, RefusesBadSyntax) {
  expect_refused("", "empty");
  expect_refused("  ", "empty");
  expect_refused("node1", "'=' is missing");
  expect_refused("node1=127.0.0.1", "port");
  expect_refused("node1=:6379", "host is empty");
  expect_refused("a=h:1,", "missing next to a ','");
  expect_refused(",a=h:1", "missing next to a ','");
  expect_refused("a=h:1,,b=h:2", "missing next to a ','");
  expect_refused("a=h:1;b=h:2", "contains ':'");
  expect_refused("a=ho st:1", "no host has");
  expect_refused("a=b=h:1", "no host has");
}

TEST(Cluster, RefusesBadNames) {
  expect_refused("=h:1", "name before '=' is empty");
  expect_refused("no de=h:1", "'no de'");
  expect_refused("n/1=h:1", "'n/1'");
  expect_refused("..=h:1", "'..'");
  expect_refused("kn\xC3\xB6=h:1", "A-Z");
  expect_refused(std::string(65, 'x') + "=h:1", "65 bytes");
  EXPECT_TRUE(parse_cluster(std::string(64, 'x') + "=h:1"));
  EXPECT_TRUE(parse_cluster("A_b.c-9=h:1"));
}

TEST(Cluster, RefusesPortsThatDoNotFitWithThePeerPort) {
  EXPECT_TRUE(parse_cluster("a=h:1"));
  EXPECT_EQ(parse_cluster("a=h:55535")->members[0].peer_port(), 65535);
  expect_refused("a=h:55536", "out of range");
  expect_refused("a=h:65536", "out of range");
  expect_refused("a=h:0", "out of range");
  expect_refused("a=h:99999999999999999999", "out of range");
  expect_refused("a=h:-1", "no number");
  expect_refused("a=h:", "no number");
  expect_refused("a=h:63x", "'63x'");
}

TEST(Cluster, RefusesNodesThatStandInEachOthersWay) {
  expect_refused("a=h:1,a=h:2", "'a' stands there twice");
  expect_refused("a=h:1,b=h:1", "same address h:1");
  expect_refused("a=h:6379,b=h:16379", "where the peers of 'a' talk");
  expect_refused("a=h:16379,b=h:6379", "where the peers of 'b' talk");
  EXPECT_TRUE(parse_cluster("a=h1:6379,b=h2:16379"));
}

TEST(Cluster, EveryRefusalShowsAnExample) {
  EXPECT_NE(why_refused("junk").find("node1=127.0.0.1:6379"), std::string::npos);
  EXPECT_NE(why_refused("junk").find("'junk'"), std::string::npos);
}

}  // namespace
}  // namespace kv
