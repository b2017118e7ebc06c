#include "sources/live_cluster.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <utility>

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <nlohmann/json.hpp>

#include "core/trace_json.h"
#include "server/steady_wall.h"
#include "sources/stream_merge.h"
#include "sources/supervised.h"

namespace kv::viz {
namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds kRetry{500};
/// A node that runs tells something every 100 ms.
constexpr Duration kSilence = milliseconds(700);
/// No line of a trace is longer.
constexpr std::size_t kMostLine = 4 << 20;
constexpr std::string_view kAsk = "STATUS\nTRACE\n";

std::vector<std::string> names_of(const ClusterConfig& cluster) {
  std::vector<std::string> names;
  for (const Member& member : cluster.members) names.push_back(member.node_id);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

/// A node's refusal as a sentence.
std::string refusal_in(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_object() && json.contains("message") && json["message"].is_string())
    return json["message"].get<std::string>();
  return "it doesn't answer as a kvnode does: is another program on that port?";
}

std::uint64_t pid_in(std::string_view status_line) {
  const auto json = nlohmann::json::parse(status_line, nullptr, false);
  if (!json.is_object() || !json.contains("pid") || !json["pid"].is_number_unsigned()) return 0;
  return json["pid"].get<std::uint64_t>();
}

}  // namespace

/// The sockets, and what came through them that is not in the history yet.
struct LiveCluster::Connections {
  /// One node's stream: the answer to STATUS, the trace's header, then records.
  struct Line {
    explicit Line(asio::io_context& loop) : socket(loop), resolver(loop), retry(loop) {}

    tcp::socket socket;
    tcp::resolver resolver;
    asio::steady_timer retry;
    std::array<char, 64 << 10> input{};
    std::string buffer{};
    std::size_t lines{0};
    std::vector<std::string> nodes{};  ///< of the header
    Instant heard{};
    bool silent{false};
    bool shut_down{false};
  };

  explicit Connections(ClusterConfig config)
      : cluster(std::move(config)),
        merge(cluster.members.size()),
        history({"running cluster: " + cluster.names(), names_of(cluster), {}}) {
    for (const Member& member : cluster.members) {
      watches.push_back({member, false, "connecting …", {}, 0});
      lines.push_back(std::make_unique<Line>(loop));
    }
  }

  void connect(NodeId id);
  void ask(NodeId id);
  void read(NodeId id);
  void received(NodeId id, std::size_t size);
  bool take_line(NodeId id, std::string_view line);
  void take_record(NodeId id, std::string_view line);
  void fail(NodeId id, std::string problem);
  void look_for_silence();
  void take_over(Instant now);

  Line& line_of(NodeId id) { return *lines[id - 1]; }
  Watch& watch_of(NodeId id) { return watches[id - 1]; }

  ClusterConfig cluster;
  SteadyWall clock{};
  asio::io_context loop{1};
  std::vector<std::unique_ptr<Line>> lines{};
  std::vector<Watch> watches{};
  StreamMerge merge;
  History history;
};

void LiveCluster::Connections::connect(NodeId id) {
  Line& line = line_of(id);
  const Member& member = watch_of(id).member;
  line.resolver.async_resolve(
      member.host, std::to_string(member.port),
      [this, id](const std::error_code& error, const tcp::resolver::results_type& found) {
        if (error) return fail(id, "the host's name can't be looked up: " + error.message());
        asio::async_connect(line_of(id).socket, found,
                            [this, id](const std::error_code& refused, const tcp::endpoint&) {
                              if (refused) return fail(id, "can't be reached: is it running?");
                              ask(id);
                            });
      });
}

void LiveCluster::Connections::ask(NodeId id) {
  Line& line = line_of(id);
  line.lines = 0;
  line.buffer.clear();
  line.shut_down = line.silent = false;
  line.heard = clock.now();
  asio::async_write(line.socket, asio::buffer(kAsk),
                    [this, id](const std::error_code& error, std::size_t) {
                      if (error) return fail(id, "the connection broke: " + error.message());
                      read(id);
                    });
}

void LiveCluster::Connections::read(NodeId id) {
  Line& line = line_of(id);
  line.socket.async_read_some(asio::buffer(line.input),
                              [this, id](const std::error_code& error, std::size_t size) {
                                if (error) return fail(id, "it closed the connection");
                                received(id, size);
                              });
}

void LiveCluster::Connections::received(NodeId id, std::size_t size) {
  Line& line = line_of(id);
  line.heard = clock.now();
  if (std::exchange(line.silent, false)) {
    watch_of(id).problem.clear();
    merge.found(id, NodeResumed{}, line.heard);
  }
  line.buffer.append(line.input.data(), size);
  std::size_t begin = 0;
  for (std::size_t end = line.buffer.find('\n'); end != std::string::npos;
       end = line.buffer.find('\n', begin)) {
    if (!take_line(id, std::string_view(line.buffer).substr(begin, end - begin))) return;
    begin = end + 1;
  }
  line.buffer.erase(0, begin);
  if (line.buffer.size() > kMostLine) return fail(id, refusal_in({}));
  read(id);
}

/// False: the stream is of no use, and the connection was given up.
bool LiveCluster::Connections::take_line(NodeId id, std::string_view text) {
  Line& line = line_of(id);
  Watch& watch = watch_of(id);
  switch (line.lines++) {
    case 0: {
      const std::uint64_t pid = pid_in(text);
      watch.pid = is_loopback(watch.member.host) && is_supervised(pid) ? pid : 0;
      return true;
    }
    case 1: {
      const Result<TraceHeader> header = trace_header_from_json(text);
      if (!header) {
        fail(id, "it can't be watched: " + refusal_in(text));
        return false;
      }
      if (header->nodes != names_of(cluster)) {
        fail(id, "it belongs to another cluster: name its nodes with --cluster as it does, " +
                     joined(header->nodes));
        return false;
      }
      line.nodes = header->nodes;
      watch.connected = true;
      watch.problem.clear();
      merge.opened(id);
      return true;
    }
    default:
      take_record(id, text);
      return true;
  }
}

void LiveCluster::Connections::take_record(NodeId id, std::string_view text) {
  Line& line = line_of(id);
  Result<Record> record = record_from_json(text, line.nodes);
  if (!record) {
    watch_of(id).problem = "a line can't be read: " + record.error().message;
    return;
  }
  line.shut_down = line.shut_down || std::holds_alternative<NodeStopped>(record->fact);
  merge.arrived(id, std::move(*record), line.heard);
  watch_of(id).lag = merge.lag(id);
}

void LiveCluster::Connections::fail(NodeId id, std::string problem) {
  Line& line = line_of(id);
  Watch& watch = watch_of(id);
  if (std::exchange(watch.connected, false)) {
    merge.closed(id);
    const StopCause cause = line.shut_down ? StopCause::kShutdown : StopCause::kCrash;
    if (!line.shut_down)
      merge.found(id, NodeStopped{cause, "its connection ended without a word"}, clock.now());
  }
  watch.pid = 0;
  watch.problem = std::move(problem);
  std::error_code ignored;
  line.socket.close(ignored);
  line.retry.expires_after(kRetry);
  line.retry.async_wait([this, id](const std::error_code& cancelled) {
    if (!cancelled) connect(id);
  });
}

/// A node that says nothing stands still, or its machine does.
void LiveCluster::Connections::look_for_silence() {
  const Instant now = clock.now();
  for (NodeId id = 1; id <= lines.size(); ++id) {
    Line& line = line_of(id);
    if (!watch_of(id).connected || line.silent || now - line.heard < kSilence) continue;
    line.silent = true;
    watch_of(id).problem = "says nothing: it is paused, or its machine is";
    merge.found(id, NodePaused{}, line.heard);
  }
}

void LiveCluster::Connections::take_over(Instant now) {
  for (Record& record : merge.take(now)) history.append(std::move(record));
  history.keep(kMostRecords);
}

LiveCluster::LiveCluster(ClusterConfig cluster)
    : connections_(std::make_unique<Connections>(std::move(cluster))) {
  for (NodeId id = 1; id <= connections_->lines.size(); ++id) connections_->connect(id);
}

LiveCluster::~LiveCluster() = default;

const History& LiveCluster::history() const {
  return connections_->history;
}

void LiveCluster::pump(Duration budget) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(budget.ns);
  while (connections_->loop.poll_one() > 0 && std::chrono::steady_clock::now() < until) {
  }
  connections_->look_for_silence();
  connections_->take_over(connections_->clock.now());
}

std::string LiveCluster::problem() const {
  const auto connected = [](const Watch& watch) { return watch.connected; };
  if (std::any_of(watches().begin(), watches().end(), connected)) return {};
  std::string words = "No node of the cluster can be watched.\n";
  for (const Watch& watch : watches()) {
    words += watch.member.node_id + " (" + watch.member.address() + "): " + watch.problem + "\n";
  }
  return words +
         "Start the cluster with ./kv up, or name its nodes with --connect; kvviz goes on "
         "trying.";
}

std::optional<std::string> LiveCluster::refusal(const Fault& fault) const {
  const bool known = fault.kind == Fault::Kind::kCrash || fault.kind == Fault::Kind::kPause ||
                     fault.kind == Fault::Kind::kResume;
  if (!known) {
    return "A running cluster can only be struck by kill and pause; a rehearsal knows all faults: "
           "kvviz scenarios/01-normal-operation.json";
  }
  const Member* member = connections_->cluster.find(fault.node);
  if (member != nullptr && watches()[fault.node - 1].pid != 0) return std::nullopt;
  return "Only nodes that kvctl start runs on this machine can be struck from here, since it "
         "starts "
         "them again.";
}

Outcome LiveCluster::inflict(Instant, const Fault& fault) {
  if (const auto why_not = refusal(fault)) return Error{*why_not};
  const std::uint64_t pid = watches()[fault.node - 1].pid;
  // It may have ended since, and the number may be another program's by now.
  if (!is_supervised(pid)) return Error{"That process has ended; a new one will be seen soon."};
  const int signal = fault.kind == Fault::Kind::kCrash   ? SIGKILL
                     : fault.kind == Fault::Kind::kPause ? SIGSTOP
                                                         : SIGCONT;
  return signal_process(pid, signal);
}

const std::vector<LiveCluster::Watch>& LiveCluster::watches() const {
  return connections_->watches;
}

Duration LiveCluster::lag() const {
  Duration most{};
  for (const Watch& watch : watches()) {
    if (watch.connected) most = std::max(most, watch.lag);
  }
  return most;
}

}  // namespace kv::viz
