#include "server/client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include "core/check.h"
#include "core/duration_text.h"
#include "reply_text.h"

namespace kv {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration kConnectTimeout = seconds(2);
/// A node answers within 2 s at the latest (`--ack all`); one that is silent for longer hangs.
constexpr Duration kLongestSilence = seconds(3);
constexpr std::string_view kOverloaded = "OVERLOADED";
constexpr auto kPause = std::chrono::milliseconds(50);

std::string verb_of(std::string_view line) {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t end = std::min(line.find(' ', begin), line.size());
  std::string verb(line.substr(begin, end - begin));
  for (char& c : verb) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return verb;
}

bool can_be_repeated(std::string_view line) {
  const std::string verb = verb_of(line);
  return verb == "GET" || verb == "PING" || verb == "STATUS";
}

/// A refusal that surely had no effect and that another try, perhaps at another node, can change.
bool is_passing(const Reply& reply, bool repeatable) {
  constexpr std::array<std::string_view, 5> kPassing{"NOT_PRIMARY", "NO_PRIMARY", "NO_QUORUM",
                                                     "SHUTTING_DOWN", kOverloaded};
  return std::find(kPassing.begin(), kPassing.end(), reply.code) != kPassing.end() ||
         (repeatable && reply.outcome_unknown());
}

Result<std::string> raw_answer(const Member& member, std::string_view line, Duration timeout) {
  auto connection = LineConnection::connect(member.host, member.port, timeout);
  if (!connection) return connection.error();
  return connection->request(line, timeout);
}

}  // namespace

struct ClusterClient::Attempt {
  std::optional<Reply> reply{};
  bool sent{false};   ///< at least in part: the node may have seen the line
  std::string why{};  ///< there is no reply
};

ClusterClient::ClusterClient(ClusterConfig cluster) : cluster_(std::move(cluster)) {
  CHECK(!cluster_.members.empty());
  target_ = cluster_.members.front();
}

ClusterClient::Attempt ClusterClient::attempt(std::string_view line, Duration time_left) {
  Attempt result;
  // A connection that the node closed meanwhile must not cost a write its outcome.
  if (connection_ && !connection_->idle()) connection_.reset();
  if (!connection_) {
    auto opened =
        LineConnection::connect(target_.host, target_.port, std::min(kConnectTimeout, time_left));
    if (!opened) {
      result.why = opened.error().message;
      return result;
    }
    connection_ = std::move(*opened);
  }
  result.sent = true;
  Result<std::string> line_back = connection_->request(line, std::min(kLongestSilence, time_left));
  if (!line_back) {
    result.why = line_back.error().message;
    connection_.reset();
    return result;
  }
  Result<Reply> reply = parse_reply(std::move(*line_back));
  if (!reply) {
    result.why = target_.address() + ": " + reply.error().message;
    connection_.reset();
    return result;
  }
  reply->node_id = target_.node_id;
  result.reply = std::move(*reply);
  return result;
}

Result<Reply> ClusterClient::execute(std::string_view line, Duration timeout) {
  if (line.find('\n') != std::string_view::npos || (!line.empty() && line.back() == '\r')) {
    return Error{
        "a command is one line: it can't contain a line break. Write such a value as a JSON "
        "string, "
        "\"first\\nsecond\"."};
  }
  const Clock::time_point deadline = Clock::now() + std::chrono::nanoseconds(timeout.ns);
  const bool repeatable = can_be_repeated(line);
  bool followed_hint = false;
  std::optional<Reply> refusal;
  for (;;) {
    const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const Duration left = milliseconds(std::max<std::int64_t>(left_ms.count(), 1));
    Attempt tried = attempt(line, left);
    if (tried.reply && !is_passing(*tried.reply, repeatable)) return *std::move(tried.reply);
    if (!tried.reply && tried.sent && !repeatable) {
      turn_to_next();
      return unknown_outcome(tried.why);
    }
    if (tried.reply) refusal = tried.reply;
    const bool out_of_time = Clock::now() + kPause >= deadline;
    if (out_of_time && refusal) return *std::move(refusal);
    if (out_of_time) {
      return Error{"no node took the command within " + to_text(timeout) +
                   "; the last one tried was " + tried.why};
    }
    // Two nodes that point at each other must not be asked in a tight loop: every other hint waits.
    const bool hinted = tried.reply && follow_hint(*tried.reply);
    followed_hint = hinted && !followed_hint;
    if (followed_hint) continue;
    if (!hinted && !(tried.reply && tried.reply->code == kOverloaded)) turn_to_next();
    std::this_thread::sleep_for(kPause);
  }
}

bool ClusterClient::follow_hint(const Reply& refusal) {
  if (!refusal.primary) return false;
  const NodeId id = cluster_.id_of(refusal.primary->node_id);
  // The list's address comes first: the node's own may hold only inside its network.
  const Member primary = id == kNoNode ? *refusal.primary : cluster_.members[id - 1];
  if (primary == target_) return false;
  connection_.reset();
  target_ = primary;
  if (id != kNoNode) next_ = id;
  return true;
}

void ClusterClient::turn_to_next() {
  connection_.reset();
  next_ %= cluster_.members.size();
  target_ = cluster_.members[next_++];
}

Result<Reply> ask(const Member& member, std::string_view line, Duration timeout) {
  Result<std::string> answer = raw_answer(member, line, timeout);
  if (!answer) return answer.error();
  Result<Reply> reply = parse_reply(std::move(*answer));
  if (!reply) return Error{member.address() + ": " + reply.error().message};
  reply->node_id = member.node_id;
  return reply;
}

Result<NodeStatus> status_of(const Member& member, Duration timeout) {
  Result<std::string> answer = raw_answer(member, "STATUS", timeout);
  if (!answer) return answer.error();
  Result<NodeStatus> status = parse_status(std::move(*answer));
  if (!status) return Error{member.address() + ": " + status.error().message};
  return status;
}

std::vector<Result<NodeStatus>> status_of_all(const ClusterConfig& cluster, Duration timeout) {
  std::vector<Result<NodeStatus>> answers(cluster.members.size(), Error{});
  std::vector<std::thread> askers;
  askers.reserve(answers.size());
  for (const Member& member : cluster.members) {
    Result<NodeStatus>& answer = answers[askers.size()];
    askers.emplace_back([&answer, &member, timeout] { answer = status_of(member, timeout); });
  }
  for (std::thread& asker : askers) asker.join();
  return answers;
}

std::optional<std::size_t> primary_among(const std::vector<Result<NodeStatus>>& answers) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i] || !answers[i]->serves()) continue;
    if (!found || answers[i]->election_term > answers[*found]->election_term) found = i;
  }
  return found;
}

}  // namespace kv
