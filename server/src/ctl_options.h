#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/types.h"
#include "server/cluster.h"

namespace kv {

struct PromptCommand {};
struct StartCommand {
  std::string data_dir{"./data"};
  std::string kvnode{};                       ///< empty: the one beside kvctl
  std::vector<std::string> node_arguments{};  ///< handed to every kvnode
  std::string failover_time{};                ///< for a person: "within 5 to 8 s"
  Duration longest_election{};
  std::optional<Duration> restart_after{};  ///< nothing: never
};
struct StatusCommand {
  bool watch{false};
};
struct StopCommand {};
struct GetCommand {
  std::string key{};
};
struct SetCommand {
  std::string key{};
  std::string value{};
};
struct DeleteCommand {
  std::string key{};
};
struct PingCommand {
  std::vector<Member> members{};
};
struct ShutdownCommand {
  Member member{};
};

/// What kvctl was asked to do.
struct CtlOptions {
  std::string program{};  ///< as it was called
  ClusterConfig cluster{};
  bool json{false};
  Duration timeout{};
  std::variant<PromptCommand, StartCommand, StatusCommand, StopCommand, GetCommand, SetCommand,
               DeleteCommand, PingCommand, ShutdownCommand>
      command{};
};

/// The options, or the exit status when all is said: help was asked for (0), or they make no sense
/// (2).
std::variant<CtlOptions, int> parse_options(int argc, char** argv);

}  // namespace kv
