#include "node_trace.h"

#include <chrono>
#include <utility>

#include "steady_now.h"

namespace kv {
namespace {

constexpr std::chrono::milliseconds kInterval{20};
/// Even when no client was served: it is the sign of life that who merges several traces waits for.
constexpr Duration kServedInterval = milliseconds(100);

}  // namespace

NodeTrace::NodeTrace(asio::io_context& loop, NodeId self, ClientListener& clients,
                     std::function<void()> when_due)
    : self_(self), clients_(clients), when_due_(std::move(when_due)), timer_(loop), stream_(self) {}

void NodeTrace::begin() {
  if (std::exchange(on_, true)) return;
  clock_ = SteadyWall();
  turn_at_ = clock_.now();
  stream_ = TraceStream(self_);
  arm();
}

void NodeTrace::arm() {
  timer_.expires_after(kInterval);
  timer_.async_wait([this](const std::error_code& cancelled) {
    if (cancelled) return;
    due_ = true;
    when_due_();
  });
}

void NodeTrace::begin_turn() {
  turn_at_ = clock_.now();
}

void NodeTrace::happened(const Event& event) {
  stream_.note(turn_at_, event);
}

void NodeTrace::sent(const Message& message, bool connected) {
  stream_.note_sent(turn_at_, message, connected);
}

void NodeTrace::submitted(RequestId id) {
  tally_.submitted(steady_now(), id);
}

void NodeTrace::answered(const ClientReply& reply) {
  tally_.answered(steady_now(), reply);
}

void NodeTrace::tell_of_clients() {
  const Instant now = steady_now();
  if (now - told_of_clients_at_ < kServedInterval) return;
  told_of_clients_at_ = now;
  stream_.note(clock_.now(), tally_.take());
}

void NodeTrace::show(const NodeObserved& present) {
  if (!std::exchange(due_, false)) return;
  tell_of_clients();
  const TraceBatch batch = stream_.take(clock_.now(), present);
  on_ = clients_.watched();
  if (!on_) {
    tally_ = {};
    return;
  }
  clients_.show(batch);
  arm();
}

void NodeTrace::end(const NodeObserved& present, NodeStopped stopped) {
  if (!std::exchange(on_, false)) return;
  timer_.cancel();
  clients_.show(stream_.take(clock_.now(), present));
  stream_.note(clock_.now(), std::move(stopped));
  clients_.show(stream_.take(clock_.now(), present));
}

}  // namespace kv
