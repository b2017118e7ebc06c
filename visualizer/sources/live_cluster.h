#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/cluster.h"
#include "sources/source.h"

namespace kv::viz {

/// Running nodes, watched through TRACE. Connects, and connects again to nodes that come back;
/// merges what they report by time.
class LiveCluster final : public Source {
 public:
  /// What is known of the way to one node.
  struct Watch {
    Member member{};
    bool connected{false};
    std::string problem{};  ///< why not
    Duration lag{};         ///< how late its newest record came
    std::uint64_t pid{0};   ///< of a node that kvctl start supervises on this machine; else 0
  };

  /// Records kept: what came before is forgotten.
  static constexpr std::size_t kMostRecords = 1'000'000;

  explicit LiveCluster(ClusterConfig cluster);
  ~LiveCluster() override;

  Kind kind() const override { return Kind::kLive; }
  const History& history() const override;
  void pump(Duration budget) override;
  std::string problem() const override;
  std::optional<std::string> refusal(const Fault& fault) const override;
  Outcome inflict(Instant at, const Fault& fault) override;
  LiveCluster* live() override { return this; }

  const std::vector<Watch>& watches() const;
  /// How far the picture is behind: the largest lag of a connected node.
  Duration lag() const;

 private:
  struct Connections;
  std::unique_ptr<Connections> connections_;
};

}  // namespace kv::viz
