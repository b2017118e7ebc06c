#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/types.h"

namespace kv {

/// Peers talk on the client port plus this.
inline constexpr std::uint16_t kPeerPortOffset = 10'000;

/// "127.0.0.1:6379"; an IPv6 host gets brackets.
std::string address_text(std::string_view host, std::uint16_t port);

/// One node: its name and where clients reach it.
struct Member {
  std::string node_id{};
  std::string host{};  ///< a name or an address; IPv6 without brackets
  std::uint16_t port{0};

  std::uint16_t peer_port() const { return static_cast<std::uint16_t>(port + kPeerPortOffset); }
  std::string address() const { return address_text(host, port); }
  std::string peer_address() const { return address_text(host, peer_port()); }
  friend bool operator==(const Member&, const Member&) = default;
};

/// The nodes of a cluster, in ascending order of name (bytes). A node's NodeId is its 1-based
/// position: so every process that is given the same list, in any order, numbers the nodes alike.
struct ClusterConfig {
  std::vector<Member> members{};
  /// With read leases, for how long a node that has heard a primary votes for nobody else; else 0.
  /// Nodes that don't agree on it don't talk to each other.
  Duration vote_promise{};

  const Member* find(std::string_view node_id) const;  ///< nullptr if there is none
  const Member* find(NodeId id) const;                 ///< nullptr if there is none
  NodeId id_of(std::string_view node_id) const;        ///< kNoNode if there is none
  std::string names() const;                           ///< "node1, node2, node3"
  friend bool operator==(const ClusterConfig&, const ClusterConfig&) = default;
};

/// "node1=127.0.0.1:6379,node2=[::1]:6380". Names: 1 to 64 of A-Z a-z 0-9 _ . -
/// Refuses what can't work: duplicate names or addresses, a client port on another node's peer
/// port.
Result<ClusterConfig> parse_cluster(std::string_view text);

/// node1, node2 and node3 on 127.0.0.1, ports 6379, 6380 and 6381.
ClusterConfig default_cluster();

/// The form that parse_cluster reads.
std::string to_string(const ClusterConfig& cluster);

}  // namespace kv
