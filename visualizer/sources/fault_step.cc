#include "sources/fault_step.h"

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/duration_text.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Fault::Kind;

/// Writes the steps of one fault.
class StepWriter {
 public:
  StepWriter(const Fault& fault, Instant at, const std::vector<std::string>& nodes)
      : fault_(fault), at_(at), nodes_(nodes) {}

  std::vector<Json> steps() const {
    switch (fault_.kind) {
      case Kind::kCrash:
        return {on_node("crash")};
      case Kind::kPowerCut:
        return {on_node("power_cut")};
      case Kind::kRestart:
        return {on_node("restart")};
      case Kind::kPause:
        return {on_node("pause")};
      case Kind::kResume:
        return {on_node("resume")};
      case Kind::kWipe:
        return {on_node("wipe")};
      case Kind::kIsolate:
        return {on_node("isolate")};
      case Kind::kReconnect:
        return {on_node("heal")};
      case Kind::kTransfer:
        return {on_node("transfer")};
      case Kind::kHealAll:
        return {step("heal", "all")};
      case Kind::kSlowDisk:
        return {slow_disk()};
      case Kind::kPartition:
        return {partition()};
      case Kind::kSet:
        return {set()};
      case Kind::kCut:
      case Kind::kMend:
      case Kind::kDelay:
      case Kind::kLoss:
        return on_link();
    }
    CHECK(false);
  }

 private:
  const std::string& name(NodeId id) const {
    CHECK(id >= 1 && id <= nodes_.size());
    return nodes_[id - 1];
  }
  Json step(const char* verb, Json value) const {
    Json step;
    step["at"] = to_text(at_ - Instant{});
    step[verb] = std::move(value);
    return step;
  }
  Json on_node(const char* verb) const { return step(verb, name(fault_.node)); }

  Json slow_disk() const {
    Json step = on_node("slow_disk");
    step["sync"] = to_text(fault_.span);
    return step;
  }

  Json partition() const {
    Json groups = Json::array();
    for (const std::vector<NodeId>& ids : fault_.groups) {
      if (ids.empty()) continue;
      Json& group = groups.emplace_back(Json::array());
      for (const NodeId id : ids) group.push_back(name(id));
    }
    return step("partition", std::move(groups));
  }

  /// The client finds the primary by itself, as a person would.
  Json set() const {
    Json step = this->step("set", fault_.key);
    step["value"] = fault_.value;
    if (fault_.node != kNoNode) step["to"] = name(fault_.node);
    step["retry"] = true;
    return step;
  }

  std::vector<Json> on_link() const {
    std::vector<Json> steps{one_way(fault_.node, fault_.to)};
    if (fault_.both || fault_.kind == Kind::kMend) steps.push_back(one_way(fault_.to, fault_.node));
    return steps;
  }

  /// A way without a name leads from, or to, all nodes.
  Json one_way(NodeId from, NodeId to) const {
    Json link = Json::object();
    if (from != kNoNode) link["from"] = name(from);
    if (to != kNoNode) link["to"] = name(to);
    if (fault_.kind == Kind::kCut) return step("cut", std::move(link));
    if (fault_.kind == Kind::kMend) return step("heal", std::move(link));
    Json step = fault_.kind == Kind::kDelay ? this->step("delay", to_text(fault_.span))
                                            : this->step("loss", fault_.percent / 100.0);
    step.update(link);
    return step;
  }

  const Fault& fault_;
  Instant at_;
  const std::vector<std::string>& nodes_;
};

std::string percent_text(unsigned percent) {
  return std::to_string(percent) + " % of the messages";
}

}  // namespace

Instant moment_behind(Instant at) {
  CHECK(at >= Instant{});
  const std::int64_t unit = microseconds(1).ns;
  return Instant{(at.ns / unit + 1) * unit};
}

std::vector<std::string> steps_of(const Fault& fault, Instant at,
                                  const std::vector<std::string>& nodes) {
  std::vector<std::string> texts;
  for (const Json& step : StepWriter(fault, at, nodes).steps()) {
    // Bytes that are no UTF-8 can be typed; a scenario can't hold them.
    texts.push_back(step.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return texts;
}

std::string describe(const Fault& fault, const ClusterInfo& cluster) {
  const std::string node = cluster.name(fault.node);
  const auto end = [&](NodeId id) { return id == kNoNode ? "all" : cluster.name(id); };
  const std::string way = " from " + end(fault.node) + " to " + end(fault.to);
  const std::string link =
      fault.both ? " between " + end(fault.node) + " and " + end(fault.to) : way;
  switch (fault.kind) {
    case Kind::kCrash:
      return "crash " + node;
    case Kind::kPowerCut:
      return "cut the power of " + node;
    case Kind::kRestart:
      return "restart " + node;
    case Kind::kPause:
      return "pause " + node;
    case Kind::kResume:
      return "resume " + node;
    case Kind::kWipe:
      return "wipe the disk of " + node;
    case Kind::kIsolate:
      return "cut off " + node;
    case Kind::kReconnect:
      return "reconnect " + node;
    case Kind::kCut:
      return fault.both ? "cut " + end(fault.node) + " from " + end(fault.to) : "cut the way" + way;
    case Kind::kMend:
      return "mend the link between " + end(fault.node) + " and " + end(fault.to);
    case Kind::kDelay:
      return "delay messages by " + sim::span_text(fault.span) + link;
    case Kind::kLoss:
      return "lose " + percent_text(fault.percent) + link;
    case Kind::kSlowDisk:
      return "slow the disk of " + node + ": " + sim::span_text(fault.span) + " a sync";
    case Kind::kPartition: {
      std::string groups;
      for (const std::vector<NodeId>& ids : fault.groups) {
        groups += groups.empty() ? "" : " | ";
        for (std::size_t i = 0; i < ids.size(); ++i)
          groups += (i == 0 ? "" : ", ") + cluster.name(ids[i]);
      }
      return "partition the network: " + groups;
    }
    case Kind::kHealAll:
      return "heal all links";
    case Kind::kTransfer:
      return "hand over to " + node;
    case Kind::kSet:
      return "set " + sim::one_line(fault.key, 40) + " = " + sim::one_line(fault.value, 40);
  }
  CHECK(false);
}

}  // namespace kv::viz
