#include "netsim/trace_diff.h"

#include <gtest/gtest.h>

#include "support/trace_samples.h"

namespace kv::sim {
namespace {

/// Node 1 persists entries, a millisecond after each other.
TraceFile sample_trace(std::uint64_t count) {
  TraceFile trace;
  trace.header = {"kvsim 0.1.0", sample_nodes(), 42, "{\n\"nodes\": 3\n}\n", {}};
  for (std::uint64_t i = 1; i <= count; ++i) {
    trace.records.push_back(
        {i, Instant{static_cast<std::int64_t>(i) * 1'000'000}, 1, Event{EntriesPersisted{i}}});
  }
  return trace;
}

TEST(TraceDiff, FindsNothingBetweenEqualTraces) {
  const TraceFile trace = sample_trace(9);
  EXPECT_EQ(first_difference(trace.records, sample_trace(9).records), std::nullopt);
  EXPECT_EQ(explain_difference(trace, sample_trace(9)), "All 9 records are equal.\n");
}

TEST(TraceDiff, FindsTheFirstRecordThatDiffers) {
  for (std::size_t position = 0; position < 9; ++position) {
    TraceFile other = sample_trace(9);
    other.records[position].node = 2;
    other.records.back().at = Instant{99'000'000};
    EXPECT_EQ(first_difference(sample_trace(9).records, other.records), position);
  }
}

TEST(TraceDiff, FindsWhereOneTraceEnds) {
  EXPECT_EQ(first_difference(sample_trace(9).records, sample_trace(4).records), 4u);
  EXPECT_EQ(first_difference(sample_trace(4).records, sample_trace(9).records), 4u);
  EXPECT_EQ(first_difference({}, sample_trace(1).records), 0u);
}

TEST(TraceDiff, SeesADifferenceWithinAMessage) {
  const auto sending = [](std::uint64_t read_round) {
    AppendRequest heartbeat;
    heartbeat.read_round = read_round;
    TraceFile trace = sample_trace(0);
    trace.records.push_back(
        {1,
         {},
         1,
         MessageSent{1, std::make_shared<const Message>(Message{1, 2, 0, 7, 7, heartbeat})}});
    return trace;
  };
  EXPECT_EQ(first_difference(sending(1).records, sending(1).records), std::nullopt);
  EXPECT_EQ(explain_difference(sending(1), sending(2)),
            "Record 1 differs:\n"
            "  A  1  0.000000 s  node1  sends HEARTBEAT to node 2 in term 0 (message 1)\n"
            "  B  1  0.000000 s  node1  sends HEARTBEAT to node 2 in term 0 (message 1)\n"
            "In full:\n"
            "  A  " +
                to_json_line(sending(1).records[0], sample_nodes()) +
                "\n"
                "  B  " +
                to_json_line(sending(2).records[0], sample_nodes()) + "\n");
}

TEST(TraceDiff, ShowsWhatCameBefore) {
  TraceFile other = sample_trace(12);
  other.records[10] = {11, Instant{11'000'500}, kNoNode, Event{CommitAdvanced{10}}};
  EXPECT_EQ(explain_difference(sample_trace(12), other, 2),
            "The first 10 records are equal; the last of them:\n"
            "      9     0.009000 s  node1    persisted through 9\n"
            "     10     0.010000 s  node1    persisted through 10\n"
            "Record 11 differs:\n"
            "  A  11     0.011000 s  node1    persisted through 11\n"
            "  B  11  0.011000500 s  cluster  commits through 10\n");
}

TEST(TraceDiff, ShowsNoMoreThanThereIs) {
  EXPECT_EQ(explain_difference(sample_trace(1), sample_trace(2)),
            "The first 1 records are equal; the last of them:\n"
            "     1  0.001000 s  node1  persisted through 1\n"
            "Record 2 differs:\n"
            "  A                        has no more records\n"
            "  B  2  0.002000 s  node1  persisted through 2\n");
  EXPECT_EQ(explain_difference(sample_trace(2), sample_trace(1), 0),
            "The first 1 records are equal.\n"
            "Record 2 differs:\n"
            "  A  2  0.002000 s  node1  persisted through 2\n"
            "  B                        has no more records\n");
}

TEST(TraceDiff, SaysWhatTheHeadersDifferIn) {
  const TraceFile a = sample_trace(3);
  TraceFile b = sample_trace(3);
  EXPECT_TRUE(header_differences(a.header, b.header).empty());
  b.header = {
      "kvsim 0.2.0", {"n1", "n2"}, 43, "{\n\"nodes\": 2\n}\n", {"nodes=2", "network.loss=0.1"}};
  EXPECT_EQ(explain_difference(a, b),
            "The headers differ:\n"
            "  program: kvsim 0.1.0 in A, kvsim 0.2.0 in B\n"
            "  nodes: node1 node2 node3 in A, n1 n2 in B\n"
            "  seed: 42 in A, 43 in B\n"
            "  settings: none in A, nodes=2 network.loss=0.1 in B\n"
            "  scenario: the files differ from line 2 on\n"
            "All 3 records are equal.\n");
}

}  // namespace
}  // namespace kv::sim
