#include "event_log.h"

#include <variant>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "core/overloaded.h"

namespace kv {
namespace {

std::string text(std::string_view view) {
  return std::string(view);
}

}  // namespace

EventLog::EventLog(const ClusterConfig& cluster, NodeId self, std::string_view level)
    : cluster_(cluster), self_(name_of(self)) {
  logger_ =
      std::make_unique<spdlog::logger>(self_, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger_->set_pattern("%Y-%m-%d %H:%M:%S.%e %n %l: %v");
  logger_->set_level(spdlog::level::from_str(text(level)));
}

EventLog::~EventLog() = default;

void EventLog::debug(std::string_view text) {
  logger_->debug(text);
}
void EventLog::info(std::string_view text) {
  logger_->info(text);
}
void EventLog::warning(std::string_view text) {
  logger_->warn(text);
}
void EventLog::error(std::string_view text) {
  logger_->error(text);
}
void EventLog::critical(std::string_view text) {
  logger_->critical(text);
}

std::string EventLog::name_of(NodeId node) const {
  const Member* member = cluster_.find(node);
  return member == nullptr ? "nobody" : member->node_id;
}

std::string EventLog::headline(const Event& event) {
  return std::visit(
      Overloaded{
          [&](const RoleChanged& e) {
            const bool asking = e.from == Role::kPreCandidate || e.to == Role::kPreCandidate;
            if (asking && e.to != Role::kLeader && e.to != Role::kCandidate) return std::string();
            asked_in_.reset();
            return describe(event);
          },
          [&](const CampaignStarted& e) {
            // A node without a majority asks for ever: the first time in a term says it all.
            if (e.pre && asked_in_ == e.term) return std::string();
            if (e.pre) asked_in_ = e.term;
            return describe(event);
          },
          [&](const LeaderRecognised& e) {
            asked_in_.reset();
            return "follows " + name_of(e.leader) + " in term " + std::to_string(e.term);
          },
          [&](const SnapshotTaken&) { return describe(event); },
          [&](const SnapshotSendStarted& e) {
            return "sends a snapshot to " + name_of(e.to) + ", which is too far behind for the log";
          },
          [&](const SnapshotInstalled&) { return describe(event); },
          [&](const TransferStarted& e) { return "hands over to " + name_of(e.to); },
          [&](const TransferEnded& e) {
            return "hand-over to " + name_of(e.to) + (e.done ? " is done" : " is given up");
          },
          [&](const auto&) { return std::string(); },
      },
      event);
}

std::string EventLog::alarm(const Event& event) const {
  if (const auto* peer = std::get_if<PeerWiped>(&event)) {
    return name_of(peer->peer) +
           " came back with another data directory than the one it voted with. It is fed, but "
           "neither votes nor "
           "counts towards a commit: give it its old data directory back";
  }
  if (const auto* self = std::get_if<SelfWiped>(&event)) {
    return name_of(self->told_by) +
           " knows this node with another data directory. This node neither votes nor campaigns "
           "until it is started "
           "with its old --data-dir";
  }
  return {};
}

void EventLog::record(const Event& event) {
  if (const std::string bad = alarm(event); !bad.empty()) return logger_->warn(bad);
  if (logger_->should_log(spdlog::level::info)) {
    if (const std::string line = headline(event); !line.empty()) return logger_->info(line);
  }
  if (logger_->should_log(spdlog::level::debug)) logger_->debug(describe(event));
}

}  // namespace kv
