#include "status_line.h"

#include "core/check.h"
#include "json_text.h"

namespace kv {
namespace {

std::string_view name_of(const ClusterConfig& cluster, NodeId node) {
  const Member* member = cluster.find(node);
  CHECK(member != nullptr);
  return member->node_id;
}

void append_peers(std::string& out, const Status& status, const ClusterConfig& cluster) {
  out += '[';
  for (const PeerStatus& peer : status.peers) {
    if (!out.ends_with('[')) out += ", ";
    JsonObject(out)
        .text("node_id", name_of(cluster, peer.id))
        .boolean("reachable", peer.reachable)
        .boolean("wiped", peer.wiped)
        .number("durable", peer.durable)
        .number("next", peer.next)
        .boolean("receiving_snapshot", peer.receiving_snapshot)
        .end();
  }
  out += ']';
}

}  // namespace

std::string status_line(const Status& status, const ClusterConfig& cluster,
                        const ProcessFacts& process) {
  std::string out;
  JsonObject object(out);
  object.text("status", "OK")
      .text("node_id", name_of(cluster, status.self))
      .text("role", status.serving ? "primary" : "secondary")
      .number("election_term", status.term)
      .boolean("serving", status.serving)
      .text("detail_role", to_string(status.role));
  if (status.leader == kNoNode) {
    object.null("primary");
  } else {
    object.text("primary", name_of(cluster, status.leader));
  }
  object.number("commit", status.commit)
      .number("applied", status.applied)
      .number("last_index", status.last_index)
      .number("first_index", status.first_index)
      .number("persisted", status.persisted)
      .number("snapshot_index", status.snapshot_index)
      .number("keys", status.keys)
      .number("memory_bytes", status.memory_bytes)
      .text("ack", to_string(status.ack))
      .text("timing", process.timing)
      .text("storage", "disk")
      .boolean("wiped", status.wiped)
      .number("uptime_seconds", process.uptime_seconds)
      .number("pid", process.pid)
      .text("version", KV_VERSION)
      .number("connections", process.connections);
  append_peers(object.raw("peers"), status, cluster);
  object.end();
  out += '\n';
  return out;
}

}  // namespace kv
