#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/glob.h"
#include "redis_faces.h"
#include "redis_parsers.h"
#include "redis_subcommands.h"

namespace kv {
namespace {

/// One row of what CONFIG GET shows.
struct Parameter {
  std::string_view name{};
  std::string_view fixed{};  ///< its value, if it never changes
  std::string (*value)(const NodeFacts& facts){nullptr};
};

std::string bind_host(const NodeFacts& facts) {
  return facts.me().host;
}
std::string cluster_enabled(const NodeFacts& facts) {
  return facts.mode == RedisMode::kCluster ? "yes" : "no";
}
std::string directory(const NodeFacts& facts) {
  return std::string(facts.data_dir);
}
std::string max_clients(const NodeFacts& facts) {
  return std::to_string(facts.max_connections);
}
std::string port(const NodeFacts& facts) {
  return std::to_string(facts.me().port);
}
std::string replica_of(const NodeFacts& facts) {
  if (facts.status.serving) return "";
  const Member& master = *facts.cluster->find(master_id(facts));
  return master.host + " " + std::to_string(master.port);
}
std::string slow_after(const NodeFacts& facts) {
  return std::to_string(facts.slow_microseconds);
}

/// What clients and tools ask for, and what is true of this node. Ascending by name.
constexpr std::array kParameters = {
    Parameter{"appendfsync", "always", nullptr},
    Parameter{"appendonly", "yes", nullptr},
    Parameter{"bind", "", bind_host},
    Parameter{"cluster-enabled", "", cluster_enabled},
    Parameter{"cluster-require-full-coverage", "yes", nullptr},
    Parameter{"databases", "1", nullptr},
    Parameter{"dir", "", directory},
    Parameter{"maxclients", "", max_clients},
    Parameter{"maxmemory", "0", nullptr},
    Parameter{"maxmemory-policy", "noeviction", nullptr},
    Parameter{"notify-keyspace-events", "", nullptr},
    Parameter{"port", "", port},
    Parameter{"proto-max-bulk-len", "8388608", nullptr},
    Parameter{"replica-read-only", "yes", nullptr},
    Parameter{"replicaof", "", replica_of},
    Parameter{"requirepass", "", nullptr},
    Parameter{"save", "", nullptr},
    Parameter{"slave-read-only", "yes", nullptr},
    Parameter{"slaveof", "", replica_of},
    Parameter{"slowlog-log-slower-than", "", slow_after},
    Parameter{"slowlog-max-len", "128", nullptr},
    Parameter{"timeout", "0", nullptr},
};

/// Names, a pattern's in the table's order, and one asked for by its name as it was written.
using Found = std::vector<std::pair<std::string_view, const Parameter*>>;

void add(Found& found, std::string_view name, const Parameter& parameter) {
  const bool there = std::any_of(found.begin(), found.end(),
                                 [&](const auto& each) { return each.second == &parameter; });
  if (!there) found.emplace_back(name, &parameter);
}

bool is_pattern(std::string_view word) {
  return word.find_first_of("*?[") != std::string_view::npos;
}

void find(Found& found, std::string_view word) {
  const std::string lower = parsers::lower_case(word);
  for (const Parameter& parameter : kParameters) {
    if (is_pattern(word) ? glob_matches(lower, parameter.name) : lower == parameter.name) {
      add(found, is_pattern(word) ? parameter.name : word, parameter);
    }
  }
}

void get(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  Found found;
  for (std::size_t i = 2; i < words.size(); ++i) find(found, words[i]);
  reply.map(found.size());
  for (const auto& [name, parameter] : found) {
    reply.text(name);
    if (parameter->value == nullptr) {
      reply.text(parameter->fixed);
    } else {
      reply.text(parameter->value(facts));
    }
  }
}

void set(RedisReply& reply, const NodeFacts&, const Words& words) {
  const std::string name = "'" + std::string(words[2]) + "'";
  Found found;
  if (words.size() % 2 == 0 && !is_pattern(words[2])) find(found, words[2]);
  if (found.empty()) {
    reply.error("ERR Unknown option or number of arguments for CONFIG SET - " + name);
  } else {
    reply.error("ERR CONFIG SET failed (possibly related to argument " + name +
                ") - can't set immutable config");
  }
}

void rewrite(RedisReply& reply, const NodeFacts&, const Words&) {
  reply.error("ERR The server is running without a config file");
}

void reset_counters(RedisReply& reply, const NodeFacts&, const Words&) {
  reply.ok();
}

void help(RedisReply& reply, const NodeFacts& facts, const Words& words);

constexpr std::array kSubcommands = {
    Subcommand{"get", -3, "<pattern> [<pattern> ...]",
               "Return parameters matching the glob-like <pattern> and their values.", get},
    Subcommand{"help", 2, "", "Print this help.", help},
    Subcommand{"resetstat", 2, "", "Reset the counts that INFO reports.", reset_counters},
    Subcommand{"rewrite", 2, "", "", rewrite},
    Subcommand{"set", -4, "<parameter> <value>", "Set slowlog-log-slower-than.", set},
};

void help(RedisReply& reply, const NodeFacts&, const Words&) {
  help_reply(reply, "config", kSubcommands);
}

}  // namespace

void config_get_reply(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  const Subcommand* row = find_subcommand(reply, "config", words, kSubcommands);
  if (row != nullptr) row->answer(reply, facts, words);
}

}  // namespace kv
