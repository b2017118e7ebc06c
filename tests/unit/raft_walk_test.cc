// Random walks: every input in any order, messages lost, doubled and reordered, writes delayed,
// crashes that keep any prefix of the pending writes. Whatever happens, what was acknowledged stays
// readable, and once all is well again the cluster serves.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "core/rng.h"
#include "support/lab.h"

namespace kv {
namespace {

struct Walk {
  explicit Walk(std::uint64_t seed, AckMode ack = AckMode::kMajority)
      : rng(seed), lab(options(seed, ack)) {
    // Each seed leaves some kinds of trouble out: some bugs only show in a world that is fine
    // otherwise.
    for (std::uint64_t& weight : trouble) weight = rng.below(2) == 0 ? 0 : 1 + rng.below(12);
  }

  static Lab::Options options(std::uint64_t seed, AckMode ack) {
    Rng rng = Rng(seed).fork("options");
    Lab::Options options;
    options.nodes = rng.below(3) == 0 ? 5 : 3;
    options.seed = seed;
    options.ack = ack;
    options.bootstrap = rng.below(2) == 0 ? 1 : kNoNode;
    options.limits.snapshot_after_bytes = rng.below(2) == 0 ? 1500 : 16 << 20;
    options.limits.keep_log_bytes = 300;
    options.limits.snapshot_chunk_bytes = 200;
    options.limits.max_append_bytes = 200;
    options.limits.max_inflight_appends = 4;
    return options;
  }

  NodeId any() { return static_cast<NodeId>(1 + rng.below(lab.size())); }

  void move_network() {
    if (lab.network.empty()) return;
    // Mostly in order, as TCP delivers; now and then any message, again, or never.
    const std::size_t i = rng.below(100) < trouble[0] * 4 ? rng.below(lab.network.size()) : 0;
    const Message message = lab.network[i];
    if (rng.below(100) >= trouble[1])
      lab.network.erase(lab.network.begin() + static_cast<std::ptrdiff_t>(i));
    if (rng.below(100) < trouble[2] * 2) return;
    if (cut.contains(message.from) || cut.contains(message.to)) return;
    lab.deliver(message);
  }

  void move_time() {
    Instant due = lab.now + milliseconds(20);
    NodeId next = kNoNode;
    for (NodeId id = 1; id <= lab.size(); ++id) {
      if (!lab.alive(id)) continue;
      const Instant deadline = lab.replica(id).next_deadline().value_or(due);
      if (deadline < due) {
        due = deadline;
        next = id;
      }
    }
    lab.now = std::max(lab.now, due);
    if (next != kNoNode) lab.tick(next);
  }

  void client() {
    NodeId to = rng.below(4) == 0 ? any() : lab.leader();
    if (to == kNoNode || !lab.alive(to)) return;
    const RequestId id = lab.next_request();
    if (rng.below(3) == 0 && !acknowledged.empty()) {
      const auto key = acknowledged[rng.below(acknowledged.size())];
      const bool anywhere = rng.below(3) != 0;
      if (anywhere) to = any();
      if (!lab.alive(to)) return;
      // What is acknowledged now, this read has to find.
      reads.emplace(id, Read{key, !lab.replica(to).raft().is_leader()});
      lab.submit(to, get_request(id, key, anywhere));
    } else {
      const std::string key = "key-" + std::to_string(id);
      writes.emplace(id, key);
      lab.submit(to, set_request(id, key, "value of " + key + std::string(rng.below(60), '.')));
    }
  }

  void fault() {
    const std::uint64_t kind = rng.below(6);
    const NodeId id = any();
    if (kind == 0 && lab.alive(id) && rng.below(12) < trouble[3]) {
      lab.crash(id, rng.below(lab.node(id).disk.pending.size() + 1));
    } else if (kind == 1 && !lab.alive(id)) {
      lab.start(id);
    } else if (kind == 2 && rng.below(12) < trouble[4]) {
      cut = {id};
    } else if (kind == 3) {
      cut.clear();
    } else if (kind == 4 && rng.below(12) < trouble[5] && lab.leader() != kNoNode) {
      lab.submit(lab.leader(), {lab.next_request(), TransferRequest{}});
    } else if (lab.alive(id)) {
      lab.save_snapshot(id);
    }
  }

  void note_replies() {
    for (; replies_seen < lab.replies.size(); ++replies_seen) {
      const ClientReply& reply = lab.replies[replies_seen];
      const auto* answer = std::get_if<Answer>(&reply.body);
      if (answer == nullptr) continue;
      const auto read = reads.find(reply.id);
      if (read == reads.end()) {
        acknowledged.push_back(writes.at(reply.id));
        continue;
      }
      if (read->second.of_follower) ++reads_by_followers;
      if (answer->kind == Answer::Kind::kNil) {
        lab.violations.push_back("A read did not find " + read->second.key +
                                 ", whose write was acknowledged.");
      }
    }
  }

  void run(int steps) {
    for (int i = 0; i < steps && lab.violations.empty(); ++i) {
      const std::uint64_t choice = rng.below(100);
      if (choice < 50) {
        move_network();
      } else if (choice < 70) {
        const NodeId id = any();
        if (lab.alive(id)) lab.persist(id, 1 + rng.below(3));
      } else if (choice < 85) {
        move_time();
      } else if (choice < 96) {
        client();
      } else {
        fault();
      }
      note_replies();
    }
  }

  void heal_and_check() {
    for (NodeId id = 1; id <= lab.size(); ++id) {
      if (!lab.alive(id)) lab.start(id);
    }
    if (!lab.run_until_serving(seconds(10))) {
      lab.violations.push_back("No primary serves 10 s after everything was mended.");
      return;
    }
    lab.run_for(seconds(2));
    note_replies();
    for (const std::string& key : acknowledged) {
      for (NodeId id = 1; id <= lab.size(); ++id) {
        if (!lab.replica(id).store().get(key)) {
          lab.violations.push_back("Node " + std::to_string(id) + " lost " + key +
                                   ", which was acknowledged.");
        }
      }
    }
    const std::uint64_t hash = lab.replica(1).store().state_hash();
    for (NodeId id = 2; id <= lab.size(); ++id) {
      if (lab.replica(id).store().state_hash() != hash) {
        lab.violations.push_back("Node " + std::to_string(id) +
                                 " holds another state than node 1.");
      }
    }
  }

  struct Read {
    std::string key{};
    bool of_follower{false};
  };

  Rng rng;
  Lab lab;
  std::uint64_t trouble[6]{};
  std::set<NodeId> cut{};
  std::map<RequestId, std::string> writes{};
  std::map<RequestId, Read> reads{};
  std::vector<std::string> acknowledged{};
  std::size_t replies_seen{0};
  std::size_t reads_by_followers{0};
};

std::uint64_t seeds() {
  const char* text = std::getenv("KV_WALK_SEEDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 300;
}

TEST(RaftWalk, LosesNothingWhateverHappens) {
  std::size_t acknowledged = 0;
  std::size_t snapshots = 0;
  std::size_t reads_by_followers = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    Walk walk(seed);
    walk.run(4000);
    if (walk.lab.violations.empty()) walk.heal_and_check();
    ASSERT_TRUE(walk.lab.violations.empty())
        << "seed " << seed << ": " << walk.lab.violations.front();
    acknowledged += walk.acknowledged.size();
    reads_by_followers += walk.reads_by_followers;
    for (const auto& [id, event] : walk.lab.events)
      snapshots += std::holds_alternative<SnapshotInstalled>(event);
  }
  // A walk in which nothing happens proves nothing.
  EXPECT_GT(acknowledged, seeds() * 20);
  EXPECT_GT(reads_by_followers, seeds() * 5);
  EXPECT_GT(snapshots, seeds() / 30);
}

TEST(RaftWalk, AckAllLosesNothingEither) {
  for (std::uint64_t seed = 1; seed <= seeds() / 5; ++seed) {
    Walk walk(seed, AckMode::kAll);
    walk.run(3000);
    if (walk.lab.violations.empty()) walk.heal_and_check();
    ASSERT_TRUE(walk.lab.violations.empty())
        << "seed " << seed << ": " << walk.lab.violations.front();
  }
}

}  // namespace
}  // namespace kv
