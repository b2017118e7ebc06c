#include "ctl_data.h"

#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/duration_text.h"
#include "reply_text.h"
#include "terminal.h"

namespace kv {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration kNodeTimeout = seconds(2);
/// A primary hands its leadership over before it answers.
constexpr Duration kShutdownTimeout = seconds(5);
constexpr auto kPause = std::chrono::milliseconds(50);

int print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
  return std::fflush(stdout) == 0 ? 0 : fail("can't write the output.");
}

/// `missing_key`: what to say when the key isn't there.
int send(const CtlOptions& options, const std::string& line, const std::string& missing_key) {
  ClusterClient client(options.cluster);
  const Result<Reply> reply = client.execute(line, options.timeout);
  if (!reply)
    return fail(reply.error().message + "\n'kvctl status' shows what the nodes are doing.");
  if (options.json) {
    const int printed = print(reply->json);
    return reply->ok() ? printed : 1;
  }
  if (reply->ok()) return print(readable(*reply));
  if (reply->code == "NOT_FOUND") return fail(missing_key);
  return fail(readable_error(*reply));
}

bool is_up(const Member& member) {
  return LineConnection::connect(member.host, member.port, kNodeTimeout).has_value();
}

/// A process of this machine, to see when it ends. A node that closed its ports still holds its
/// data directory for a moment, and a new one would not start.
class WatchedProcess {
 public:
  explicit WatchedProcess(const Member& member) {
    const Result<NodeStatus> status = status_of(member, kNodeTimeout);
    if (!status || !status->pid) return;
    // glibc 2.36 declares pidfd_open() in a header that C++ can't use.
    descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(*status->pid), 0));
  }
  WatchedProcess(WatchedProcess&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  WatchedProcess& operator=(WatchedProcess&&) = delete;
  ~WatchedProcess() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  /// True, too, when it can't be seen from here.
  bool ended(int timeout_ms) const {
    pollfd exit{descriptor_, POLLIN, 0};
    return descriptor_ < 0 || ::poll(&exit, 1, timeout_ms) == 1;
  }

 private:
  int descriptor_{-1};
};

/// Asks all of `members` to shut down, then waits until they have ended.
Outcome shut_down(const std::vector<Member>& members, Duration timeout) {
  const Clock::time_point deadline = Clock::now() + std::chrono::nanoseconds(timeout.ns);
  std::vector<WatchedProcess> processes;
  for (const Member& member : members) {
    processes.emplace_back(member);
    const Result<Reply> reply = ask(member, "SHUTDOWN", kShutdownTimeout);
    // A node may go before its answer is out: whether it is gone is seen below.
    if (reply && !reply->ok()) {
      return Error{member.node_id + " doesn't shut down: " + readable_error(*reply)};
    }
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Member& member = members[i];
    while (is_up(member) || !processes[i].ended(static_cast<int>(kPause.count()))) {
      if (Clock::now() >= deadline) {
        return Error{member.node_id + " (" + member.address() + ") still runs after " +
                     to_text(timeout) + "; 'kvctl status --json' shows its pid."};
      }
      std::this_thread::sleep_for(kPause);
    }
    print(member.node_id + " is shut down.");
  }
  return success();
}

}  // namespace

std::string readable(const Reply& reply) {
  if (std::optional<std::string> value = bare_value(reply)) return *std::move(value);
  return reply.message.empty() ? reply.status : reply.message;
}

std::string readable_error(const Reply& reply) {
  if (reply.code.empty()) return readable(reply);
  return reply.message.empty() ? reply.code : reply.code + ": " + reply.message;
}

int run(const CtlOptions& options, const GetCommand& command) {
  return send(options, "GET " + command.key,
              "there is no key '" + command.key + "'. Keys are case-sensitive.");
}

int run(const CtlOptions& options, const SetCommand& command) {
  return send(options, "SET " + command.key + " " + command.value, "NOT_FOUND");
}

int run(const CtlOptions& options, const DeleteCommand& command) {
  return send(options, "DELETE " + command.key, "NOT_FOUND");
}

int run(const CtlOptions& options, const PingCommand& command) {
  int exit_status = 0;
  for (const Member& member : command.members) {
    const Clock::time_point begin = Clock::now();
    const Result<Reply> reply = ask(member, "PING", std::min(kNodeTimeout, options.timeout));
    const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
    if (!reply) {
      exit_status = fail(member.node_id + " doesn't answer: " + reply.error().message);
    } else if (options.json) {
      print(reply->json);
    } else if (reply->ok()) {
      print(fmt::format("{}: {} in {:.1f} ms", member.node_id, readable(*reply), took.count()));
    } else {
      exit_status = fail(member.node_id + ": " + readable_error(*reply));
    }
  }
  return exit_status;
}

int run(const CtlOptions& options, const ShutdownCommand& command) {
  if (!is_up(command.member)) {
    return fail(command.member.node_id + " doesn't run: nobody listens on " +
                command.member.address() + ".");
  }
  const Outcome done = shut_down({command.member}, options.timeout);
  return done ? 0 : fail(done.error().message);
}

int run(const CtlOptions& options, const StopCommand&) {
  const std::vector<Result<NodeStatus>> answers = status_of_all(options.cluster, kNodeTimeout);
  const std::optional<std::size_t> primary = primary_among(answers);
  std::vector<Member> first;
  std::vector<Member> last;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Member& member = options.cluster.members[i];
    if (!answers[i] && !is_up(member)) continue;
    (primary == i ? last : first).push_back(member);
  }
  if (first.empty() && last.empty()) {
    return print("Nothing to stop: no node of " + to_string(options.cluster) + " runs.");
  }
  for (const std::vector<Member>& members : {first, last}) {
    const Outcome done = shut_down(members, options.timeout);
    if (!done) return fail(done.error().message);
  }
  return print("The cluster is stopped.");
}

}  // namespace kv
