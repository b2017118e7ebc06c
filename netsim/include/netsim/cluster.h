#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/client.h"
#include "core/message.h"
#include "core/trace.h"
#include "netsim/event_queue.h"
#include "netsim/network.h"
#include "netsim/node.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// What a client hears.
struct Answer {
  RequestId request{0};
  NodeId from{kNoNode};
  Ending ending{};
  std::string_view code{};  ///< "NOT_PRIMARY" …, "CONNECTION_REFUSED", "CONNECTION_RESET"; or empty
  NodeId primary{kNoNode};             ///< with NOT_PRIMARY
  std::optional<std::string> found{};  ///< of a read that ended well
  std::string result{};                ///< the number, or the error, that a command gave
  LogIndex applied{0};                 ///< by the node, when it answered
};
/// A moment that somebody outside of the cluster asked for.
struct Alarm {
  std::uint32_t owner{0};
  std::uint64_t data{0};
};
/// What advance() did, as far as it concerns those outside.
using Happening = std::variant<std::monostate, Answer, Alarm>;

/// The simulated world: nodes with their clocks and disks, the network between them and to their
/// clients, and what is due when. It moves by one event at a time and notes what happened as
/// Records. Same scenario and seed, same records, on every machine. A value: its copy is a
/// checkpoint.
class Cluster {
 public:
  Cluster(const Scenario& scenario, std::uint64_t seed);

  Instant now() const { return now_; }
  std::optional<Instant> next_at() const;
  /// Does what is due next; virtual time jumps there.
  Happening advance();
  /// Nothing more is due before `at`: time passes.
  void idle_until(Instant at);

  // --- clients ---
  RequestId next_request() { return ++last_request_; }
  /// Sends a request on its way; the answer comes as a Happening, or never. If keys may expire, the
  /// node that gets it puts its own time in: `number` of a set is then for how long, in ms.
  void send(NodeId to, ClientRequest request);
  void set_alarm(Instant at, Alarm alarm);

  // --- faults ---
  void crash(NodeId id, StopCause cause);
  /// The node dies amid the effects of its next input: some messages leave, some writes begin.
  void crash_amid_effects(NodeId id);
  void start(NodeId id);
  void pause(NodeId id);
  void resume(NodeId id);
  void wipe(NodeId id);
  void set_drift(NodeId id, std::int64_t ppm);
  void step_clock(NodeId id, Duration span);
  void freeze_clock(NodeId id, Duration span);
  /// Nothing on the disk completes until it works again; a process that starts waits for it, too.
  void stall_disk(NodeId id, bool stalled);
  /// Clients can't reach the node, nor hear from it.
  void cut_off_clients(NodeId id, bool cut) { cut_off_[id - 1] = cut; }
  Network& network() { return network_; }
  const Network& network() const { return network_; }

  // --- a look ---
  std::size_t size() const { return nodes_.size(); }
  Node& node(NodeId id) { return nodes_[id - 1]; }
  const Node& node(NodeId id) const { return nodes_[id - 1]; }
  const Replica* replica(NodeId id) const;
  Status status(NodeId id) const;  ///< of a node that has a process
  /// The serving node of the latest term, or kNoNode.
  NodeId primary() const;
  bool clients_reach(NodeId id) const { return !cut_off_[id - 1]; }
  /// The node that handled the last input, if the last advance() brought one.
  NodeId touched() const { return touched_; }
  /// Inputs that nodes have handled.
  std::uint64_t inputs() const { return inputs_; }
  std::uint64_t messages() const { return messages_; }

  // --- what happened ---
  /// Since clear_records(). Sent messages are among them only with record_messages(), but those
  /// that cast a vote always; the hash and the numbers are the same without.
  const std::vector<Record>& records() const { return records_; }
  void clear_records() { records_.clear(); }
  void record_messages(bool on) { record_messages_ = on; }
  void record(NodeId node, Fact fact);
  std::uint64_t trace_hash() const { return trace_hash_; }

 private:
  struct Tick {
    NodeId node{kNoNode};
  };
  struct Delivery {
    std::uint32_t slot{0};
  };
  struct LogWorkDone {
    NodeId node{kNoNode};
    std::uint64_t boot{0};
  };
  struct SnapshotWorkDone {
    NodeId node{kNoNode};
    std::uint64_t boot{0};
  };
  struct RequestArrival {
    std::uint32_t slot{0};
  };
  struct AnswerArrival {
    std::uint32_t slot{0};
  };
  using What = std::variant<Tick, Delivery, LogWorkDone, SnapshotWorkDone, RequestArrival,
                            AnswerArrival, Alarm>;
  struct Flight {
    std::uint64_t number{0};
    Message message{};
  };
  struct Request {
    NodeId to{kNoNode};
    ClientRequest request{};
  };
  /// Things on their way, by slot: the queue's entries stay small.
  template <typename T>
  struct Slots {
    std::vector<T> items{};
    std::vector<std::uint32_t> free{};
    std::uint32_t put(T item) {
      if (free.empty()) {
        items.push_back(std::move(item));
        return static_cast<std::uint32_t>(items.size() - 1);
      }
      const std::uint32_t slot = free.back();
      free.pop_back();
      items[slot] = std::move(item);
      return slot;
    }
    T take(std::uint32_t slot) {
      free.push_back(slot);
      return std::move(items[slot]);
    }
  };

  void happen(const Tick& tick);
  void happen(const Delivery& delivery);
  void happen(const LogWorkDone& done);
  void happen(const SnapshotWorkDone& done);
  void happen(const RequestArrival& arrival);
  void put_time_in(const Node& node, ClientRequest& request) const;
  std::optional<NodeId> deferred_by_pause(const What& what) const;

  template <typename Input>
  void feed(Node& node, Input input);
  void carry_out(Node& node, Effects effects);
  void send_message(Message message);
  void reply(Node& node, ClientReply reply);
  void answer_later(NodeId from, Answer answer);
  void schedule_tick(Node& node);
  void begin_log_work(Node& node);
  void begin_snapshot_work(Node& node, const SnapshotPtr& snapshot);
  Duration duration_of(Node& node, const std::vector<DiskOperation>& operations);
  bool do_operations(Node& node, std::vector<DiskOperation>& operations);
  void do_some(Node& node, std::optional<Node::DiskWork>& work);
  void die_amid(Node& node, Effects& effects);
  void stop_process(Node& node, StopCause cause, std::string detail);
  NodeId id_of(const Node& node) const { return node.config.self; }

  std::vector<std::string> names_{};
  Wal::Options wal_options_{};
  Instant now_{};
  EventQueue<What> queue_{};
  std::vector<Node> nodes_{};
  std::vector<bool> cut_off_{};
  bool keys_expire_{false};
  Network network_;
  Rng rng_;
  Slots<Flight> flights_{};
  Slots<Request> requests_{};
  Slots<Answer> answers_{};
  std::vector<std::vector<What>> held_{};     ///< what came while a node was paused
  std::vector<std::vector<What>> stalled_{};  ///< what a stalled disk should have completed
  RequestId last_request_{0};
  std::uint64_t messages_{0};
  std::uint64_t inputs_{0};
  NodeId touched_{kNoNode};
  bool record_messages_{false};
  std::uint64_t records_made_{0};
  std::uint64_t trace_hash_{0};
  std::vector<Record> records_{};
};

}  // namespace kv::sim
