#include "soak/soak_history.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/trace.h"
#include "netsim/linearizability.h"

namespace kv::soak {
namespace {

constexpr std::size_t kPaddingBytes = 20'000;

double ms_of(Instant at) {
  return static_cast<double>(at.ns) / 1e6;
}

template <typename T>
void move_to_end(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

std::string describe(const Increment& increment) {
  return "client " + std::to_string(increment.client) + " got " + std::to_string(increment.result);
}

/// The increments that ended well, in the order in which the counter took them.
std::vector<Increment> in_order(const std::vector<Increment>& increments) {
  std::vector<Increment> done;
  std::copy_if(increments.begin(), increments.end(), std::back_inserter(done),
               [](const Increment& each) { return each.ending == Ending::kOk; });
  std::sort(done.begin(), done.end(),
            [](const Increment& a, const Increment& b) { return a.result < b.result; });
  return done;
}

/// Each has a result of its own, none is above what was called by then, and who returned before
/// another one was called has the smaller one.
std::optional<std::string> check_results(const std::vector<Increment>& done,
                                         const std::vector<Instant>& calls) {
  const Increment* last_called = nullptr;
  for (std::size_t i = 0; i < done.size(); ++i) {
    const Increment& each = done[i];
    if (i > 0 && each.result == done[i - 1].result)
      return describe(done[i - 1]) + ", and so did client " + std::to_string(each.client);
    if (last_called != nullptr && each.returned < last_called->called)
      return describe(each) + " before the increment began by which " + describe(*last_called);
    if (last_called == nullptr || last_called->called < each.called) last_called = &each;
    const auto called = std::upper_bound(calls.begin(), calls.end(), each.returned) - calls.begin();
    if (each.result < 1 || each.result > called)
      return describe(each) + " when " + std::to_string(called) + " increments had begun";
  }
  return std::nullopt;
}

}  // namespace

void History::append(History&& other) {
  move_to_end(operations, std::move(other.operations));
  move_to_end(increments, std::move(other.increments));
  move_to_end(surprises, std::move(other.surprises));
}

void History::number() {
  for (std::size_t i = 0; i < operations.size(); ++i) operations[i].id = i + 1;
}

std::string text_of(const std::string& name) {
  const bool long_one = name.ends_with("7");
  return long_one ? name + " " + std::string(kPaddingBytes, '.') : name;
}

std::string name_in(const std::string& text) {
  std::string name = text.substr(0, text.find(' '));
  return text_of(name) == text ? name : text;
}

std::optional<std::string> check_registers(const History& history) {
  sim::LinearizabilityResult result = sim::check_linearizability(history.operations);
  if (result.violation) return std::move(result.violation);
  if (result.undecided.empty()) return std::nullopt;
  return "whether the history of " + result.undecided.front() +
         " is linearizable could not be decided";
}

std::optional<std::string> check_counter(std::vector<Increment> increments, std::int64_t total) {
  const auto refused = [](const Increment& each) { return each.ending == Ending::kRefused; };
  increments.erase(std::remove_if(increments.begin(), increments.end(), refused), increments.end());
  std::vector<Instant> calls;
  calls.reserve(increments.size());
  for (const Increment& each : increments) calls.push_back(each.called);
  std::sort(calls.begin(), calls.end());
  const std::vector<Increment> done = in_order(increments);
  if (auto wrong = check_results(done, calls)) return wrong;
  const auto least = static_cast<std::int64_t>(done.size());
  const auto most = static_cast<std::int64_t>(increments.size());
  const std::int64_t highest = done.empty() ? 0 : done.back().result;
  if (total >= std::max(least, highest) && total <= most) return std::nullopt;
  return "it is " + std::to_string(total) + " after " + std::to_string(least) +
         " acknowledged increments, " + std::to_string(most - least) + " of unknown outcome, and " +
         std::to_string(highest) + " as the highest answer";
}

Duration longest_silence(const History& history, Instant from, Instant to) {
  std::vector<Instant> acknowledged{from, to};
  for (const sim::Operation& each : history.operations) {
    if (each.kind != OperationKind::kGet && each.ending == Ending::kOk)
      acknowledged.push_back(std::clamp(each.returned, from, to));
  }
  for (const Increment& each : history.increments) {
    if (each.ending == Ending::kOk) acknowledged.push_back(std::clamp(each.returned, from, to));
  }
  std::sort(acknowledged.begin(), acknowledged.end());
  Duration longest{};
  for (std::size_t i = 1; i < acknowledged.size(); ++i)
    longest = std::max(longest, acknowledged[i] - acknowledged[i - 1]);
  return longest;
}

Outcome write_history(const History& history, const std::string& path) {
  using Json = nlohmann::ordered_json;
  std::ofstream file(path);
  const auto write = [&](Json line, const auto& each) {
    line["client"] = each.client;
    line["called_ms"] = ms_of(each.called);
    if (each.ending == Ending::kOk) line["returned_ms"] = ms_of(each.returned);
    line["ending"] = to_string(each.ending);
    file << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  };
  for (const sim::Operation& each : history.operations) {
    Json line{{"id", each.id}, {"kind", to_string(each.kind)}, {"key", each.key}};
    if (each.kind == OperationKind::kSet) line["value"] = each.value;
    if (each.kind == OperationKind::kGet && each.ending == Ending::kOk)
      line["found"] = each.found ? Json(*each.found) : Json();
    write(std::move(line), each);
  }
  for (const Increment& each : history.increments)
    write({{"kind", "increment"}, {"key", each.counter}, {"result", each.result}}, each);
  file.close();
  if (file.fail()) return Error{path + ": the history could not be written"};
  return success();
}

}  // namespace kv::soak
