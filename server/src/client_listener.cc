#include "client_listener.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <asio/buffer.hpp>
#include <asio/post.hpp>

#include "steady_now.h"

namespace kv {
namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds kAcceptRetry{100};
constexpr std::size_t kInputBytes = 64 << 10;
constexpr std::chrono::seconds kIdleLook{5};
constexpr Duration kIdleAfter = seconds(5);
constexpr std::size_t kSlowWordBytes = 128;
constexpr std::size_t kErrorsKept = 100;

}  // namespace

ClientListener::ClientListener(tcp::acceptor acceptor, const NodeOptions& options,
                               ClientRequests& requests, EventLog& log)
    : acceptor_(std::move(acceptor)),
      watch_(acceptor_.get_executor(),
             [this](const SocketWatch::Ready& ready) {
               const std::shared_ptr<ClientSession> found = session(ready.id);
               if (found) found->ready(ready.readable, ready.writable, ready.broken);
             }),
      input_(kInputBytes),
      retry_(acceptor_.get_executor()),
      idle_(acceptor_.get_executor()),
      options_(options),
      requests_(requests),
      log_(log),
      calls_(redis_commands().size()) {}

void ClientListener::start() {
  watch_.start();
  accept();
  look_for_idle();
}

/// Thousands of connections that were busy once must not keep their buffers.
void ClientListener::look_for_idle() {
  idle_.expires_after(kIdleLook);
  idle_.async_wait([this](const std::error_code& cancelled) {
    if (cancelled) return;
    const Instant since = steady_now() - kIdleAfter;
    for (const auto& [id, session] : sessions_) {
      if (session->last_input() < since) session->give_back_memory();
    }
    look_for_idle();
  });
}

void ClientListener::accept() {
  acceptor_.async_accept([this](const std::error_code& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (!error) {
      add(std::move(socket));
      return accept();
    }
    // Out of file descriptors, as a rule: those in use become free again.
    if (!trouble_logged_)
      log_.error("can't take a client's connection: " + error.message() + "; keeps trying");
    trouble_logged_ = true;
    retry_.expires_after(kAcceptRetry);
    retry_.async_wait([this](const std::error_code& cancelled) {
      if (!cancelled) accept();
    });
  });
}

void ClientListener::add(tcp::socket socket) {
  if (sessions_.size() >= options_.max_connections) return refuse(std::move(socket));
  trouble_logged_ = false;
  ++counters_.connections_taken;
  do {
    ++last_id_;
  } while (last_id_ == 0 || sessions_.contains(last_id_));
  const auto session = std::make_shared<ClientSession>(std::move(socket), last_id_, *this);
  sessions_.emplace(last_id_, session);
  session->start();
}

void ClientListener::refuse(tcp::socket socket) {
  const std::string reason = "This node has " + std::to_string(options_.max_connections) +
                             " connections, as many as --max-connections allows";
  if (!trouble_logged_) log_.warning(reason + "; refuses more");
  trouble_logged_ = true;
  ++counters_.connections_refused;
  std::string reply;
  line_reply::error(reply, "OVERLOADED", reason);
  // As much as goes without waiting. What the client sent already is read: bytes left unread would
  // make the system drop the answer on its way.
  std::error_code ignored;
  std::array<char, 4096> input{};
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(reply), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  socket.read_some(asio::buffer(input), ignored);
}

void ClientListener::stop_accepting() {
  std::error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  idle_.cancel();
}

void ClientListener::deliver(ClientReply reply, Instant now) {
  const auto found = sessions_.find(static_cast<std::uint32_t>(reply.id >> 32));
  if (found == sessions_.end()) return;
  const std::shared_ptr<ClientSession>& session = found->second;
  session->deliver(static_cast<std::uint32_t>(reply.id), std::move(reply), now);
  if (!session->marked) marked_.push_back(session);
  session->marked = true;
}

void ClientListener::flush() {
  std::vector<std::shared_ptr<ClientSession>> turn;
  turn.swap(marked_);
  for (const auto& session : turn) {
    session->marked = false;
    session->proceed();
  }
  if (marked_.empty()) {
    turn.clear();
    marked_.swap(turn);
  }
  const auto polled = pollers_;
  for (const auto& session : polled) session->poll(false);
  std::erase_if(pollers_, [](const auto& session) { return !session->polls(); });
}

void ClientListener::send_away() {
  for (const auto& session : sessions()) {
    if (session->redis() != nullptr && !session->redis()->subscribed()) session->send_away();
  }
}

bool ClientListener::owes_nothing() const {
  return std::all_of(sessions_.begin(), sessions_.end(),
                     [](const auto& entry) { return entry.second->owes_nothing(); });
}

void ClientListener::close_all() {
  const auto open = sessions_;
  for (const auto& [id, session] : open) session->close();
}

const std::string& ClientListener::status_line() {
  if (status_line_.empty()) {
    status_line_ = requests_.status_line();
    // Runs after all that are ready now.
    asio::post(acceptor_.get_executor(), [this] { status_line_.clear(); });
  }
  return status_line_;
}

bool ClientListener::add_watcher(ClientSession& session) {
  if (watchers_.size() >= kMostWatchers) return false;
  watchers_.push_back(session.shared_from_this());
  requests_.watch_begins();
  return true;
}

void ClientListener::show(const TraceBatch& batch) {
  // One that is gone removes itself.
  const auto shown = watchers_;
  for (const auto& session : shown) session->show(batch);
}

void ClientListener::add_poller(ClientSession& session) {
  const auto known = std::find_if(pollers_.begin(), pollers_.end(),
                                  [&](const auto& poller) { return poller.get() == &session; });
  if (known == pollers_.end()) pollers_.push_back(session.shared_from_this());
}

std::vector<std::uint32_t> ClientListener::session_ids() const {
  std::vector<std::uint32_t> ids;
  ids.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  return ids;
}

std::shared_ptr<ClientSession> ClientListener::session(std::uint32_t id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

void ClientListener::publish(std::string_view channel, std::string_view text) {
  for (const auto& session : sessions()) session->publish(channel, text);
}

std::vector<std::shared_ptr<ClientSession>> ClientListener::sessions() const {
  std::vector<std::shared_ptr<ClientSession>> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) all.push_back(session);
  return all;
}

NodeFacts ClientListener::facts() {
  NodeFacts facts = requests_.facts();
  facts.cluster = &options_.cluster;
  facts.mode = options_.redis_mode;
  facts.timing = options_.timing_name;
  facts.data_dir = options_.data_dir;
  facts.connections = sessions_.size();
  facts.max_connections = options_.max_connections;
  for (const auto& [id, session] : sessions_) {
    if (session->redis() != nullptr && session->redis()->subscribed()) ++facts.subscribers;
  }
  counters_.by_command.clear();
  for (std::size_t row = 0; row < calls_.size(); ++row) {
    if (calls_[row].calls > 0) counters_.by_command[redis_commands()[row].name] = calls_[row];
  }
  facts.counters = &counters_;
  facts.slow_microseconds = slow_after_.ns / 1000;
  return facts;
}

void ClientListener::count(const RedisCommand& command, Duration took, bool failed) {
  ClientCounters::Calls& calls =
      calls_[static_cast<std::size_t>(&command - redis_commands().data())];
  ++calls.calls;
  calls.failed += failed ? 1 : 0;
  calls.microseconds += static_cast<std::uint64_t>(took.ns) / 1000;
}

void ClientListener::count_error(std::string_view text) {
  const std::string word(text.substr(0, text.find(' ')));
  if (counters_.errors.size() < kErrorsKept || counters_.errors.contains(word)) {
    ++counters_.errors[word];
  }
}

void ClientListener::reset_counters() {
  counters_ = {};
  calls_.assign(calls_.size(), {});
}

void ClientListener::note_slow(const ClientSession& session, std::vector<std::string> words,
                               Duration took) {
  if (words.back().empty()) words.pop_back();
  for (std::string& word : words) {
    if (word.size() > kSlowWordBytes) word = word.substr(0, kSlowWordBytes) + "...";
  }
  SlowCommand slow;
  slow.number = slow_noted_++;
  slow.unix_seconds = requests_.now_ms() / 1000;
  slow.microseconds = static_cast<std::uint64_t>(took.ns) / 1000;
  slow.words = std::move(words);
  slow.client_address = session.address();
  if (session.redis() != nullptr) slow.client_name = session.redis()->name();
  slow_.push_front(std::move(slow));
  if (slow_.size() > kSlowKept) slow_.pop_back();
}

void ClientListener::remove(const ClientSession& session) {
  std::erase_if(watchers_, [&](const auto& watcher) { return watcher.get() == &session; });
  sessions_.erase(session.id());
  if (requests_.stopping()) requests_.client_done();
}

}  // namespace kv
