#include "netsim/steps.h"

#include <algorithm>
#include <utility>

#include "core/trace_fields.h"
#include "netsim/faults.h"

namespace kv::sim {
namespace {

constexpr std::uint64_t kEndsPause = std::uint64_t{1} << 32;

}  // namespace

Steps::Steps(const Scenario& scenario, const Cast& cast)
    : scenario_(scenario),
      waiting_(scenario.steps.size()),
      cast_(cast),
      outcomes_(scenario.steps.size()) {
  for (std::size_t i = 0; i < outcomes_.size(); ++i)
    outcomes_[i].step = static_cast<std::uint32_t>(i);
}

void Steps::begin(Cluster& cluster) {
  for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
    if (scenario_.steps[i].at) {
      set_alarm(cluster, *scenario_.steps[i].at + scenario_.steps[i].after, i);
    } else {
      waiting_[i] = true;
      any_waiting_ = true;
    }
  }
}

void Steps::set_alarm(Cluster& cluster, Instant at, std::size_t step, bool ends_pause) {
  cluster.set_alarm(
      at, {static_cast<std::uint32_t>(AlarmOwner::kSteps), step | (ends_pause ? kEndsPause : 0)});
}

void Steps::observe(Cluster& cluster) {
  if (!any_waiting_) return;
  for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
    if (!waiting_[i]) continue;
    const Condition& condition = *scenario_.steps[i].when;
    const bool now_true =
        std::any_of(cluster.records().begin(), cluster.records().end(),
                    [&](const Record& r) { return comes_true(cluster, condition, r); });
    if (!now_true) continue;
    waiting_[i] = false;
    set_alarm(cluster, cluster.now() + scenario_.steps[i].after, i);
  }
  any_waiting_ = std::find(waiting_.begin(), waiting_.end(), true) != waiting_.end();
}

bool Steps::comes_true(const Cluster& cluster, const Condition& condition,
                       const Record& record) const {
  const auto* event = std::get_if<Event>(&record.fact);
  if (event == nullptr) return false;
  const auto among = [&](const Selector& selector, NodeId id) {
    const std::vector<NodeId> ids = cast_.resolve(cluster, selector);
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  const Replica* replica = cluster.replica(record.node);
  if (condition.term && (replica == nullptr || replica->raft().term() < *condition.term))
    return false;
  if (!condition.event.empty()) {
    const std::string_view name = std::visit(
        [](const auto& e) { return trace::kShape<std::decay_t<decltype(e)>>.name; }, *event);
    return name == condition.event &&
           (condition.node.empty() || among(condition.node, record.node));
  }
  const NodeId primary = cluster.primary();
  return primary != kNoNode && among(condition.primary, primary);
}

void Steps::on_alarm(Cluster& cluster, Clients& clients, std::uint64_t data) {
  if ((data & kEndsPause) != 0) {
    for (const NodeId id : paused_[data & ~kEndsPause]) cluster.resume(id);
    return;
  }
  const Step& step = scenario_.steps[data];
  StepOutcome& outcome = outcomes_[data];
  const std::vector<NodeId> targets = cast_.resolve(cluster, step.target);
  const std::vector<bool> ways = open_ways(cluster);
  const Result<std::string> done =
      is_client_verb(step.verb) ? call(cluster, clients, step, static_cast<std::uint32_t>(data))
                                : strike(cluster, cast_, scenario_, step, targets);
  outcome.ended = !is_client_verb(step.verb) || !done;
  outcome.failed = !done.has_value();
  outcome.words = done ? *done : done.error().message;
  if (!targets.empty() && !step.bind.empty()) cast_.bind(step.bind, targets.front());
  if (step.verb == Verb::kPause && step.span > Duration{}) {
    paused_[data] = targets;
    set_alarm(cluster, cluster.now() + step.span, data, true);
  }
  cluster.record(
      targets.size() == 1 ? targets.front() : kNoNode,
      StepTaken{outcome.step, step.caption, outcome.words, std::string(verb_name(step.verb))});
  record_changed_ways(cluster, ways);
}

void Steps::finish() {
  for (StepOutcome& outcome : outcomes_) {
    if (outcome.ended) continue;
    outcome.failed = true;
    outcome.words += waiting_[outcome.step] ? "its condition never came true"
                                            : " → no answer before the end of the run";
  }
}

void Steps::take(Cluster& cluster, const Step& step) {
  const std::vector<NodeId> targets = cast_.resolve(cluster, step.target);
  const std::vector<bool> ways = open_ways(cluster);
  const Result<std::string> done = strike(cluster, cast_, scenario_, step, targets);
  if (!done) return;  // a fault that strikes nobody
  drawn_.push_back(step);
  drawn_.back().at = cluster.now();
  cluster.record(targets.size() == 1 ? targets.front() : kNoNode,
                 StepTaken{StepTaken::kDrawn, {}, *done, std::string(verb_name(step.verb))});
  record_changed_ways(cluster, ways);
}

Result<std::string> Steps::call(Cluster& cluster, Clients& clients, const Step& step,
                                std::uint32_t index) {
  const Selector& to = step.to.empty() ? Selector("primary") : step.to;
  const std::vector<NodeId> servers = cast_.resolve(cluster, to);
  // A client that retries finds the primary by itself.
  if (servers.empty() && !step.retry) return Error{"there is no " + to + " to ask"};
  const NodeId server = servers.empty() ? NodeId{1} : servers.front();
  calls_[clients.call(cluster, step, server)] = index;
  const std::string verb(verb_name(step.verb));
  return "client asks " + cast_.name(server) + ": " + verb + " " + step.key +
         (step.verb == Verb::kSet ? " = " + step.value : "");
}

void Steps::on_ended(const Clients& clients, const std::vector<std::size_t>& operations) {
  for (const std::size_t index : operations) {
    const auto known = calls_.find(index);
    if (known == calls_.end()) continue;
    const Step& step = scenario_.steps[known->second];
    StepOutcome& outcome = outcomes_[known->second];
    const Operation& operation = clients.history()[index];
    const std::string& code = clients.code_of(index);
    outcome.ended = true;
    outcome.words += " → " + std::string(to_string(operation.ending)) +
                     (code.empty() ? "" : " (" + code + ")") +
                     (operation.found ? ": " + *operation.found : "");
    const ExpectedEnding& expect = step.expect;
    const bool right_ending =
        expect.endings.empty() || std::find(expect.endings.begin(), expect.endings.end(),
                                            operation.ending) != expect.endings.end();
    const bool right_code =
        expect.code.empty() || operation.ending != Ending::kRefused || code == expect.code;
    const bool right_value =
        !expect.value || (operation.ending == Ending::kOk && operation.found == *expect.value);
    outcome.failed = !(right_ending && right_code && right_value);
  }
}

}  // namespace kv::sim
