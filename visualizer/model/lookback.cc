#include "model/lookback.h"

#include <algorithm>

#include "core/command.h"

namespace kv::viz {

using Found = std::optional<std::size_t>;

Found Lookback::campaign_of(std::size_t position, NodeId candidate, Term term, bool pre) {
  return last<CampaignStarted>(position, candidate, [&](const CampaignStarted& e) {
    return e.term == term && e.pre == pre;
  });
}

Found Lookback::election_of(std::size_t position, NodeId leader, Term term) const {
  if (leader == kNoNode || leader > history_.cluster().size()) return std::nullopt;
  const Moment moment = history_.moment(position);
  const NodeMoment& node = moment.node(leader);
  const bool told = node.role_position >= recording_.first() && node.role_position < position;
  if (node.role != Role::kLeader || node.term != term || !told) return std::nullopt;
  return node.role_position;
}

Found Lookback::standstill_of(std::size_t position, NodeId node) const {
  if (node == kNoNode || node > history_.cluster().size()) return std::nullopt;
  const Moment moment = history_.moment(position);
  const NodeMoment& then = moment.node(node);
  const bool still =
      then.process == NodeMoment::Process::kStopped || then.process == NodeMoment::Process::kPaused;
  if (!still || then.process_position < recording_.first()) return std::nullopt;
  return then.process_position;
}

Found Lookback::cut_of(std::size_t position, NodeId from, NodeId to) {
  if (std::max(from, to) > history_.cluster().size()) return std::nullopt;
  if (!history_.moment(position).cut(from, to)) return std::nullopt;
  return last<LinkChanged>(position, kNoNode, [&](const LinkChanged& e) {
    return e.from == from && e.to == to && e.cut;
  });
}

Found Lookback::commit_of(std::size_t position, NodeId leader, LogIndex commit) {
  Found found;
  while (leader != kNoNode) {
    const Found earlier = last<CommitAdvanced>(position, leader);
    if (!earlier || fact_of<CommitAdvanced>(recording_[*earlier])->commit < commit) break;
    found = earlier;
    position = *earlier;
  }
  return found;
}

Found Lookback::call_for(std::size_t position, LogIndex index, Term term) {
  const Entry* entry = recording_.entry(index, term);
  if (entry == nullptr) return std::nullopt;
  return last<ClientCalled>(position, recording_[position].node,
                            [&](const ClientCalled& call) { return asks_for(call, *entry); });
}

std::size_t Lookback::first_call(std::size_t call) {
  const ClientCalled asked = *fact_of<ClientCalled>(recording_[call]);
  std::size_t first = call;
  while (const Found earlier = last_anywhere<ClientCalled>(
             first, [&](const ClientCalled& e) { return e.client == asked.client; })) {
    if (fact_of<ClientCalled>(recording_[*earlier])->operation != asked.operation) break;
    first = *earlier;
  }
  return first;
}

Found Lookback::step_beside(std::size_t position, std::string_view verb) const {
  const Record& effect = recording_[position];
  const auto is_ours = [&](std::size_t at) {
    const Record& record = recording_[at];
    const auto* step = fact_of<StepTaken>(record);
    if (step == nullptr || (!verb.empty() && step->verb != verb)) return false;
    return effect.node == kNoNode || record.node == kNoNode || record.node == effect.node;
  };
  if (effect.node != kNoNode) {
    for (std::size_t at = position + 1; at < recording_.end() && recording_[at].at == effect.at;
         ++at) {
      if (is_ours(at)) return at;
    }
  }
  for (std::size_t at = position; at > recording_.first() && recording_[at - 1].at == effect.at;
       --at) {
    if (is_ours(at - 1)) return at - 1;
  }
  return std::nullopt;
}

bool asks_for(const ClientCalled& call, const Entry& entry) {
  if (entry.type == EntryType::kEmpty || call.kind == OperationKind::kGet) return false;
  const Result<Command> command = decode_command(entry.payload());
  if (!command || command->key != call.key) return false;
  if (call.kind == OperationKind::kDelete) return command->operation == Operation::kDelete;
  if (call.kind == OperationKind::kIncrement) {
    return command->operation == Operation::kOnce && std::to_string(command->number) == call.value;
  }
  return command->operation == Operation::kSet && command->value == call.value;
}

}  // namespace kv::viz
