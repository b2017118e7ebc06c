// What a Redis client asks of the node.
#include <algorithm>
#include <limits>

#include "client_listener.h"
#include "redis_faces.h"
#include "redis_parsers.h"
#include "redis_talk.h"

namespace kv {
namespace {

constexpr std::int64_t kLongestWaitMs = 600'000;
constexpr std::int64_t kMostMicroseconds = 1'000'000'000'000;

}  // namespace

bool RedisTalk::run_node(Row row, const Words& words) {
  const auto facts = [this] { return listener_.facts(); };
  switch (row->verb) {
    case Verb::kCommand: {
      std::string out;
      command_reply(out, protocol_, words);
      return say(std::move(out)), true;
    }
    case Verb::kConfig:
      return config(words), true;
    case Verb::kInfo:
      return reply([&](RedisReply& out) { out.verbatim(info_text(facts(), words)); }), true;
    case Verb::kTime:
      return tell_time(), true;
    case Verb::kLastSave:
      return reply([&](RedisReply& out) {
               out.integer(static_cast<std::int64_t>(facts().snapshot_unix_seconds));
             }),
             true;
    case Verb::kSave:
      return save(), true;
    case Verb::kBgSave:
      return save_in_background("Background saving started"), true;
    case Verb::kBgRewriteAof:
      return save_in_background("Background append only file rewriting started"), true;
    case Verb::kShutdown:
      return shut_down(words), true;
    case Verb::kSlowlog:
      return slowlog(words), true;
    case Verb::kMemory:
      return memory(row, words), true;
    case Verb::kStatus:
      return reply([&](RedisReply& out) { out.text(listener_.status_line()); }), true;
    case Verb::kRole:
      return reply([&](RedisReply& out) { role_reply(out, facts()); }), true;
    case Verb::kWait:
    case Verb::kWaitAof:
      return wait(row, words), true;
    case Verb::kAsking:
      return ok(), true;
    case Verb::kCluster:
      return reply([&](RedisReply& out) { cluster_reply(out, facts(), words); }), true;
    case Verb::kSentinel:
      return reply([&](RedisReply& out) { sentinel_reply(out, facts(), words); }), true;
    case Verb::kReplicaOf:
      return fail(
                 "ERR the cluster's members are given by --cluster, and replicate by themselves; "
                 "FAILOVER TO <host> <port> moves the primary"),
             true;
    case Verb::kFailover:
      return fail_over(words), true;
    default:
      return false;
  }
}

void RedisTalk::tell_time() {
  const std::uint64_t now = listener_.requests().now_ms();
  constexpr std::uint64_t kPerSecond = 1000;
  reply([&](RedisReply& out) {
    out.list(2).text(std::to_string(now / kPerSecond));
    out.text(std::to_string(now % kPerSecond * kPerSecond));
  });
}

/// WAIT replicas timeout; WAITAOF local replicas timeout: an acknowledged write is in this node's
/// log file or in those of a majority, so both count log files.
void RedisTalk::wait(Row row, const Words& words) {
  const bool log_files = row->verb == Verb::kWaitAof;
  const auto wanted = parsers::to_integer(words[log_files ? 2 : 1]);
  const auto timeout = parsers::to_integer(words.back());
  if (!wanted) return fail("ERR value is not an integer or out of range");
  if (!timeout || *timeout > std::numeric_limits<std::int64_t>::max() / milliseconds(1).ns) {
    return fail("ERR timeout is not an integer or out of range");
  }
  if (*timeout < 0) return fail("ERR timeout is negative");
  if (listener_.requests().refusal()) {
    return fail(log_files ? "ERR WAITAOF cannot be used with replica instances."
                          : "ERR WAIT cannot be used with replica instances. Please also note that "
                            "since Redis 4.0 if a replica is configured to be writable (which is "
                            "not the default) writes to replicas are just local and are not "
                            "propagated.");
  }
  const LogIndex index = asker_.last_write();
  const int protocol = protocol_;
  const bool speaks_out = speaks();
  ClientListener* const listener = &listener_;
  const auto poll = [=](bool late) -> std::optional<std::string> {
    const auto count = static_cast<std::int64_t>(listener->requests().replicas_with(index));
    if (count < *wanted && !late) return std::nullopt;
    std::string out;
    if (!speaks_out) return out;
    RedisReply reply(out, protocol);
    log_files ? reply.list(2).integer(1).integer(count) : reply.integer(count);
    return out;
  };
  // Without end would keep the connection of a client that is gone.
  const std::int64_t longest = kLongestWaitMs;
  asker_.answer_when(poll, milliseconds(*timeout == 0 ? longest : std::min(*timeout, longest)));
}

void RedisTalk::save() {
  if (!listener_.requests().begin_snapshot())
    return fail("ERR Background save already in progress");
  const int protocol = protocol_;
  const bool speaks_out = speaks();
  ClientRequests* const node = &listener_.requests();
  const std::uint64_t failures = node->failed_snapshots();
  const auto poll = [=](bool late) -> std::optional<std::string> {
    if (node->saving_snapshot() && !late) return std::nullopt;
    std::string out;
    if (!speaks_out) return out;
    RedisReply reply(out, protocol);
    node->failed_snapshots() == failures ? reply.ok() : reply.error("ERR the snapshot failed");
    return out;
  };
  asker_.answer_when(poll, milliseconds(kLongestWaitMs));
}

void RedisTalk::save_in_background(std::string_view started) {
  if (!listener_.requests().begin_snapshot())
    return fail("ERR Background save already in progress");
  reply([&](RedisReply& out) { out.word(started); });
}

/// As in Redis, nothing is answered: the connection ends.
void RedisTalk::shut_down(const Words& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool known = same_word(words[i], "save") || same_word(words[i], "nosave") ||
                       same_word(words[i], "now") || same_word(words[i], "force");
    if (!known) return fail("ERR syntax error");
  }
  listener_.requests().shut_down();
  asker_.hang_up();
}

void RedisTalk::fail_over(const Words& words) {
  if (listener_.requests().refusal()) return fail("ERR FAILOVER requires connected replicas.");
  NodeId to = kNoNode;
  if (words.size() >= 4 && same_word(words[1], "to")) {
    for (const Member& member : listener_.cluster().members) {
      if (member.host == words[2] && std::to_string(member.port) == words[3]) {
        to = listener_.cluster().id_of(member.node_id);
      }
    }
    if (to == kNoNode) return fail("ERR FAILOVER target HOST and PORT is not a replica.");
  } else if (words.size() > 1) {
    return fail("ERR syntax error");
  }
  listener_.requests().hand_over(to);
  ok();
}

void RedisTalk::slowlog(const Words& words) {
  auto& slow = listener_.slow_commands();
  if (same_word(words[1], "len") && words.size() == 2) {
    return reply([&](RedisReply& out) { out.integer(static_cast<std::int64_t>(slow.size())); });
  }
  if (same_word(words[1], "reset") && words.size() == 2) {
    slow.clear();
    return ok();
  }
  if (!same_word(words[1], "get") || words.size() > 3) {
    return fail(unknown_subcommand("slowlog", words[1]));
  }
  constexpr std::int64_t kUsual = 10;
  const auto asked = words.size() == 3 ? parsers::to_integer(words[2]) : kUsual;
  if (!asked || *asked < -1) return fail("ERR count should be greater than or equal to -1");
  const std::size_t count =
      *asked < 0 ? slow.size() : std::min(slow.size(), static_cast<std::size_t>(*asked));
  reply([&](RedisReply& out) {
    out.list(count);
    for (std::size_t i = 0; i < count; ++i) {
      const SlowCommand& one = slow[i];
      out.list(6).integer(static_cast<std::int64_t>(one.number));
      out.integer(static_cast<std::int64_t>(one.unix_seconds));
      out.integer(static_cast<std::int64_t>(one.microseconds)).list(one.words.size());
      for (const std::string& word : one.words) out.text(word);
      out.text(one.client_address).text(one.client_name);
    }
  });
}

void RedisTalk::memory(Row row, const Words& words) {
  if (!same_word(words[1], "usage") || words.size() < 3) {
    return fail(unknown_subcommand(row->name, words[1]));
  }
  Command command;
  command.operation = Operation::kMemory;
  command.key = words[2];
  command.time_ms = listener_.requests().now_ms();
  asker_.ask_read(form(row), encode_command(command), reads_anywhere_);
}

/// What can be changed while the node runs; the rest of CONFIG is told by config_get_reply().
void RedisTalk::config(const Words& words) {
  if (same_word(words[1], "resetstat") && words.size() == 2) {
    listener_.reset_counters();
    return ok();
  }
  const bool slow = words.size() == 4 && same_word(words[1], "set") &&
                    same_word(words[2], "slowlog-log-slower-than");
  const auto number = slow ? parsers::to_integer(words[3]) : std::nullopt;
  if (number && *number >= 0 && *number <= kMostMicroseconds) {
    listener_.set_slow_after(Duration{*number * 1000});
    return ok();
  }
  reply([&](RedisReply& out) { config_get_reply(out, listener_.facts(), words); });
}

}  // namespace kv
