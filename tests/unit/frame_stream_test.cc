#include "frame_stream.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/codec.h"
#include "core/rng.h"

namespace kv {
namespace {

std::string bytes_of(std::string payload) {
  const Frame frame = make_frame(std::move(payload));
  return std::string(frame.header.data(), frame.header.size()) + frame.payload;
}

/// Feeds `size` bytes at a time; "ERROR" stands for an error, which ends the stream.
std::vector<std::string> read_in_pieces(std::string_view stream, std::size_t size,
                                        std::size_t max_payload_bytes = kMaxFrameBytes) {
  FrameReader reader(max_payload_bytes);
  std::vector<std::string> payloads;
  for (std::size_t at = 0; at < stream.size(); at += size) {
    reader.feed(stream.substr(at, size));
    while (true) {
      const auto next = reader.next();
      if (!next) {
        payloads.emplace_back("ERROR");
        return payloads;
      }
      if (!*next) break;
      payloads.emplace_back((*next)->view());
    }
  }
  return payloads;
}

ClusterConfig cluster() {
  return {
      {{"node1", "127.0.0.1", 6379}, {"node2", "127.0.0.1", 6380}, {"node3", "127.0.0.1", 6381}}};
}

Hello hello(std::string from, std::string to) {
  return {cluster_fingerprint(cluster()), std::move(from), std::move(to), 77};
}

std::string refusal(const Hello& hello) {
  const auto from = check_hello(hello, cluster(), 2);
  return from ? "accepted" : from.error().message;
}

TEST(FrameReader, GivesTheSamePayloadsHoweverTheStreamIsCut) {
  const std::vector<std::string> payloads{"first", "", std::string(300, 'x'),
                                          std::string("\0\xff\n", 3)};
  std::string stream;
  for (const std::string& payload : payloads) stream += bytes_of(payload);
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    ASSERT_EQ(read_in_pieces(stream, size), payloads) << "in pieces of " << size;
  }
}

TEST(FrameReader, WaitsForTheRestOfATruncatedFrame) {
  const std::string frame = bytes_of("payload");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_TRUE(read_in_pieces(std::string_view(frame).substr(0, size), 64).empty()) << size;
  }
}

TEST(FrameReader, FindsEveryBitFlip) {
  const std::string good = bytes_of("the payload of a frame");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto payloads = read_in_pieces(bad, bad.size(), 1000);
    // A flip in the size may make it wait for more; it never yields a payload.
    EXPECT_TRUE(payloads.empty() || payloads == std::vector<std::string>{"ERROR"}) << "bit " << bit;
  }
}

/// A message as a primary sends it: entries of up to some hundred bytes.
std::string encoded_message(Rng& rng) {
  const Term term = 1 + rng.below(9);
  AppendRequest request;
  request.previous_index = rng.below(1000);
  request.previous_term = term;
  for (std::uint64_t count = rng.below(4); count > 0; --count) {
    const LogIndex index = request.previous_index + 1 + request.entries.size();
    const std::string payload(rng.below(300), 'v');
    request.entries.push_back(make_entry(index, term, EntryType::kCommand, payload));
  }
  Message message;
  message.term = term;
  message.body = std::move(request);
  return encode_message(message);
}

TEST(FrameReader, LetsNoDamagedMessageThrough) {
  Rng rng(1);
  for (int round = 0; round < 5000; ++round) {
    const std::vector<std::string> sent{encoded_message(rng), encoded_message(rng),
                                        encoded_message(rng)};
    std::string stream;
    for (const std::string& message : sent) stream += bytes_of(message);
    const std::size_t first = rng.below(stream.size());
    // One bit, some bytes, or a burst: within two hundred bytes.
    const std::uint64_t flips = 1ULL << rng.below(8);
    for (std::uint64_t i = 0; i < flips; ++i) {
      const std::size_t at = std::min(first + (i == 0 ? 0 : rng.below(200)), stream.size() - 1);
      const std::uint64_t change = flips == 1 ? 1ULL << rng.below(8) : 1 + rng.below(255);
      stream[at] = static_cast<char>(static_cast<std::uint64_t>(stream[at]) ^ change);
    }
    const std::vector<std::string> got = read_in_pieces(stream, 1 + rng.below(2000));
    std::size_t whole = 0;
    while (whole < got.size() && whole < sent.size() && got[whole] == sent[whole]) ++whole;
    const bool nothing_else =
        whole == got.size() || (whole + 1 == got.size() && got[whole] == "ERROR");
    EXPECT_TRUE(nothing_else) << "round " << round;
  }
}

TEST(FrameReader, RefusesAnOversizedFrameByItsHeader) {
  EXPECT_EQ(read_in_pieces(bytes_of(std::string(100, 'x')), 7, 100).size(), 1U);
  FrameReader reader(100);
  reader.feed(bytes_of(std::string(101, 'x')).substr(0, kFrameHeaderBytes));
  const auto next = reader.next();
  ASSERT_FALSE(next);
  EXPECT_NE(next.error().message.find("101 bytes"), std::string::npos) << next.error().message;
}

TEST(FrameReader, RefusesTextOfOtherProtocols) {
  for (const char* text : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SET a b\nSET a b\nSET a b\n",
                           "{\"type\": \"HEARTBEAT\", \"from_node\": \"node1\"}\n"}) {
    EXPECT_EQ(read_in_pieces(text, 5), std::vector<std::string>{"ERROR"}) << text;
  }
}

TEST(Hello, SurvivesItsEncoding) {
  const auto decoded = decode_hello(encode_hello(hello("node1", "node2")));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->cluster, cluster_fingerprint(cluster()));
  EXPECT_EQ(decoded->from, "node1");
  EXPECT_EQ(decoded->to, "node2");
  EXPECT_EQ(decoded->incarnation, 77U);
}

TEST(Hello, IsRefusedWhenTruncatedOrLengthened) {
  const std::string good = encode_hello(hello("node1", "node2"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_hello(std::string_view(good).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_hello(good + "x"));
}

TEST(Hello, NamesBothVersionsWhenTheyDiffer) {
  std::string payload = encode_hello(hello("node1", "node2"));
  payload[std::string_view("understudy-peer").size()] = 9;
  const auto decoded = decode_hello(payload);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("version 9"), std::string::npos)
      << decoded.error().message;
}

TEST(Hello, IsAcceptedFromAnotherMember) {
  const auto from = check_hello(hello("node3", "node2"), cluster(), 2);
  ASSERT_TRUE(from);
  EXPECT_EQ(*from, 3U);
}

TEST(Hello, IsRefusedWithWhatDiffers) {
  EXPECT_NE(refusal(hello("node1", "node3")).find("wants to reach node3 but this is node2"),
            std::string::npos);
  EXPECT_NE(refusal(hello("node9", "node2")).find("node9 is not a member"), std::string::npos);
  EXPECT_NE(refusal(hello("node2", "node2")).find("its own --node-id"), std::string::npos);
  Hello stranger = hello("node1", "node2");
  stranger.cluster ^= 1;
  EXPECT_NE(refusal(stranger).find("another list of nodes"), std::string::npos);
}

TEST(ClusterFingerprint, DependsOnTheNamesAlone) {
  ClusterConfig moved = cluster();
  moved.members[0].port = 7000;
  EXPECT_EQ(cluster_fingerprint(moved), cluster_fingerprint(cluster()));
  moved.members[0].node_id = "node0";
  EXPECT_NE(cluster_fingerprint(moved), cluster_fingerprint(cluster()));
}

TEST(ClusterFingerprint, DependsOnThePromiseThatLeasesNeed) {
  ClusterConfig leases = cluster();
  leases.vote_promise = milliseconds(300);
  ClusterConfig longer = cluster();
  longer.vote_promise = milliseconds(400);
  EXPECT_NE(cluster_fingerprint(leases), cluster_fingerprint(cluster()));
  EXPECT_NE(cluster_fingerprint(leases), cluster_fingerprint(longer));
}

}  // namespace
}  // namespace kv
