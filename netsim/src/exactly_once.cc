#include "netsim/exactly_once.h"

#include <map>
#include <string_view>

#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

std::string name_of(const Operation& increment) {
  return "client " + std::to_string(increment.client) + "'s increment " + increment.value + " of " +
         increment.key + " (operation " + std::to_string(increment.id) + ", called at " +
         time_text(increment.called) + ")";
}

std::optional<std::string> wrong_end(const Operation& last, const KvStore& state) {
  const std::string found(state.get(last.key).value_or("0"));
  const std::string before = std::to_string(std::stoull(last.value) - 1);
  const bool answered = last.ending == Ending::kOk;
  if (found == last.value || (!answered && found == before)) return std::nullopt;
  return last.key + " is " + found + " at the end, but " + name_of(last) +
         (answered ? " was answered, and was the last." : " is the last that was asked for.");
}

}  // namespace

std::optional<std::string> check_exactly_once(const std::vector<Operation>& history,
                                              const KvStore* final_state,
                                              const std::map<std::string, Instant>& lost_sessions) {
  const Operation* wrong = nullptr;
  std::map<std::string_view, const Operation*> last;
  for (const Operation& operation : history) {
    if (operation.kind != OperationKind::kIncrement) continue;
    const auto lost = lost_sessions.find(operation.key);
    if (lost == lost_sessions.end()) last[operation.key] = &operation;
    if (operation.ending != Ending::kOk || operation.found == operation.value) continue;
    if (lost != lost_sessions.end() && operation.returned >= lost->second) continue;
    if (wrong == nullptr || operation.returned < wrong->returned) wrong = &operation;
  }
  if (wrong != nullptr) {
    return name_of(*wrong) + " was answered " + *wrong->found + " at " +
           time_text(wrong->returned) + ": it must be " + wrong->value + " if each was done once.";
  }
  if (final_state == nullptr) return std::nullopt;
  for (const auto& [key, increment] : last) {
    if (auto words = wrong_end(*increment, *final_state)) return words;
  }
  return std::nullopt;
}

}  // namespace kv::sim
