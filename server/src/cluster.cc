#include "server/cluster.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace kv {
namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr unsigned kMaxClientPort = std::numeric_limits<std::uint16_t>::max() - kPeerPortOffset;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return is_letter_or_digit(c) || more.find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

Outcome check_name(std::string_view name) {
  if (name.empty()) return Error{"the name before '=' is empty"};
  if (name.size() > kMaxNameBytes) {
    return Error{"the name is " + std::to_string(name.size()) + " bytes long, at most " +
                 std::to_string(kMaxNameBytes) + " are allowed"};
  }
  // The name is also the name of a directory.
  if (!consists_of(name, "_.-") || name.find_first_not_of('.') == std::string_view::npos) {
    return Error{"the name " + quoted(name) + " may consist of A-Z a-z 0-9 _ . - only"};
  }
  return success();
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, port);
  if (problem == std::errc::invalid_argument || rest != end) {
    return Error{"the port " + quoted(text) + " is no number"};
  }
  if (problem != std::errc{} || port == 0 || port > kMaxClientPort) {
    return Error{"the port " + std::string(text) + " is out of range: it must lie between 1 and " +
                 std::to_string(kMaxClientPort) + ", because peers talk on the port plus " +
                 std::to_string(kPeerPortOffset)};
  }
  return static_cast<std::uint16_t>(port);
}

Result<std::string> parse_host(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    if (text.size() < 3 || text.back() != ']' ||
        !consists_of(text.substr(1, text.size() - 2), ":.%")) {
      return Error{quoted(text) + " is no IPv6 address in brackets"};
    }
    return std::string(text.substr(1, text.size() - 2));
  }
  if (text.empty()) return Error{"the host is empty"};
  if (text.find(':') != std::string_view::npos) {
    return Error{"the host " + quoted(text) +
                 " contains ':' (an IPv6 address goes in brackets, as in [::1]:6379)"};
  }
  if (!consists_of(text, "_.-"))
    return Error{"the host " + quoted(text) + " contains a character that no host has"};
  return std::string(text);
}

Result<Member> parse_member(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.rfind(':');
  if (equals == std::string_view::npos) return Error{"'=' is missing"};
  const std::string_view name = text.substr(0, equals);
  if (const Outcome fine = check_name(name); !fine) return fine.error();
  if (colon == std::string_view::npos || colon < equals)
    return Error{"':' and the port are missing"};
  Result<std::string> host = parse_host(text.substr(equals + 1, colon - equals - 1));
  if (!host) return host.error();
  const Result<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return port.error();
  return Member{std::string(name), std::move(*host), *port};
}

Outcome check_pair(const Member& a, const Member& b) {
  if (a.node_id == b.node_id) return Error{"the name " + quoted(a.node_id) + " stands there twice"};
  if (a.host != b.host) return success();
  if (a.port == b.port) {
    return Error{quoted(a.node_id) + " and " + quoted(b.node_id) + " have the same address " +
                 a.address()};
  }
  if (a.peer_port() == b.port || b.peer_port() == a.port) {
    const Member& peer = a.peer_port() == b.port ? a : b;
    const Member& client = a.peer_port() == b.port ? b : a;
    return Error{"the port " + std::to_string(client.port) + " of " + quoted(client.node_id) +
                 " is where the peers of " + quoted(peer.node_id) + " talk (its port plus " +
                 std::to_string(kPeerPortOffset) + "); choose another one"};
  }
  return success();
}

Error wrong_cluster(std::string_view where, std::string_view what) {
  return Error{"wrong cluster list: " + (where.empty() ? "" : "in " + quoted(where) + ", ") +
               std::string(what) + ". Write name=host:port,… for example " +
               to_string(default_cluster())};
}

}  // namespace

std::string address_text(std::string_view host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string_view::npos;
  return (brackets ? "[" + std::string(host) + "]" : std::string(host)) + ":" +
         std::to_string(port);
}

const Member* ClusterConfig::find(std::string_view node_id) const {
  return find(id_of(node_id));
}

const Member* ClusterConfig::find(NodeId id) const {
  return id == kNoNode || id > members.size() ? nullptr : &members[id - 1];
}

NodeId ClusterConfig::id_of(std::string_view node_id) const {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].node_id == node_id) return static_cast<NodeId>(i + 1);
  }
  return kNoNode;
}

std::string ClusterConfig::names() const {
  std::string text;
  for (const Member& member : members) text += (text.empty() ? "" : ", ") + member.node_id;
  return text;
}

Result<ClusterConfig> parse_cluster(std::string_view text) {
  if (trimmed(text).empty()) return wrong_cluster("", "it is empty");
  ClusterConfig cluster;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view item = trimmed(text.substr(begin, comma - begin));
    begin = comma + 1;
    if (item.empty()) return wrong_cluster("", "a node is missing next to a ','");
    Result<Member> member = parse_member(item);
    if (!member) return wrong_cluster(item, member.error().message);
    for (const Member& other : cluster.members) {
      if (const Outcome fine = check_pair(other, *member); !fine)
        return wrong_cluster("", fine.error().message);
    }
    cluster.members.push_back(std::move(*member));
  }
  std::sort(cluster.members.begin(), cluster.members.end(),
            [](const Member& a, const Member& b) { return a.node_id < b.node_id; });
  return cluster;
}

ClusterConfig default_cluster() {
  return {
      {{"node1", "127.0.0.1", 6379}, {"node2", "127.0.0.1", 6380}, {"node3", "127.0.0.1", 6381}}};
}

std::string to_string(const ClusterConfig& cluster) {
  std::string text;
  for (const Member& member : cluster.members) {
    text += (text.empty() ? "" : ",") + member.node_id + "=" + member.address();
  }
  return text;
}

}  // namespace kv
