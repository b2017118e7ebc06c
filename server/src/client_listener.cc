#include "client_listener.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <asio/buffer.hpp>
#include <asio/post.hpp>

namespace kv {
namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds kAcceptRetry{100};

}  // namespace

ClientListener::ClientListener(tcp::acceptor acceptor, const ClusterConfig& cluster,
                               std::size_t max_connections, ClientRequests& requests, EventLog& log)
    : acceptor_(std::move(acceptor)),
      retry_(acceptor_.get_executor()),
      cluster_(cluster),
      max_connections_(max_connections),
      requests_(requests),
      log_(log) {}

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
  if (sessions_.size() >= max_connections_) return refuse(std::move(socket));
  trouble_logged_ = false;
  do {
    ++last_id_;
  } while (last_id_ == 0 || sessions_.contains(last_id_));
  const auto session = std::make_shared<ClientSession>(std::move(socket), last_id_, *this);
  sessions_.emplace(last_id_, session);
  session->start();
}

void ClientListener::refuse(tcp::socket socket) {
  const std::string reason = "This node has " + std::to_string(max_connections_) +
                             " connections, as many as --max-connections allows";
  if (!trouble_logged_) log_.warning(reason + "; refuses more");
  trouble_logged_ = true;
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
}

void ClientListener::deliver(const ClientReply& reply) {
  const auto found = sessions_.find(static_cast<std::uint32_t>(reply.id >> 32));
  if (found == sessions_.end()) return;
  const std::shared_ptr<ClientSession>& session = found->second;
  session->deliver(static_cast<std::uint32_t>(reply.id), reply);
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

void ClientListener::remove(const ClientSession& session) {
  std::erase_if(watchers_, [&](const auto& watcher) { return watcher.get() == &session; });
  sessions_.erase(session.id());
  if (requests_.stopping()) requests_.client_done();
}

}  // namespace kv
