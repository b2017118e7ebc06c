#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/check.h"
#include "server/cluster.h"

namespace kv {

/// A socket with a port of 127.0.0.1 that the system chose. A node's peer port must fit as well, so
/// the highest ports are passed over.
inline std::pair<int, std::uint16_t> bind_free_port() {
  for (;;) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const std::uint16_t port = ntohs(address.sin_port);
    if (port <= 55'535) return {socket, port};
    ::close(socket);
  }
}

/// A port on which nobody listens as long as this lives.
class DeadPort {
 public:
  DeadPort() : bound_(bind_free_port()) {}
  DeadPort(const DeadPort&) = delete;
  DeadPort& operator=(const DeadPort&) = delete;
  ~DeadPort() { ::close(bound_.first); }
  Member member(const std::string& name) const { return {name, "127.0.0.1", bound_.second}; }

 private:
  std::pair<int, std::uint16_t> bound_;
};

/// What a FakeNode does about a line.
struct Answer {
  std::string bytes{};    ///< sent as they are
  bool hang_up{false};    ///< then closes this connection
  bool shut_down{false};  ///< then closes everything and listens no more
};

inline Answer line(const std::string& text) {
  return {text + "\n"};
}

/// A server of lines in a thread of its own, with a script for a brain.
class FakeNode {
 public:
  using Brain = std::function<Answer(const std::string& line)>;

  explicit FakeNode(Brain brain) : brain_(std::move(brain)) {
    std::tie(listener_, port_) = bind_free_port();
    CHECK(::listen(listener_, 16) == 0);
    CHECK(::pipe(wake_.data()) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;
  ~FakeNode() {
    ending_ = true;
    wake();
    thread_.join();
    close_all();
    for (const int end : wake_) ::close(end);
  }

  Member member(const std::string& name) const { return {name, "127.0.0.1", port_}; }
  std::uint16_t port() const { return port_; }

  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::size_t count(const std::string& wanted) const {
    const std::vector<std::string> all = lines();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), wanted));
  }

 private:
  void wake() { CHECK(::write(wake_[1], "!", 1) == 1); }

  void serve() {
    while (!ending_) {
      std::vector<pollfd> entries{{wake_[0], POLLIN, 0}};
      if (listener_ >= 0) entries.push_back({listener_, POLLIN, 0});
      for (const auto& [socket, unread] : connections_) entries.push_back({socket, POLLIN, 0});
      if (::poll(entries.data(), entries.size(), -1) < 0) continue;
      for (const pollfd& entry : entries) {
        if (entry.revents != 0) handle(entry.fd);
      }
    }
  }

  void handle(int socket) {
    if (socket == listener_) {
      const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted >= 0) connections_[accepted];
    } else if (connections_.contains(socket) && !read_from(socket)) {
      hang_up(socket);
    }
  }

  bool read_from(int socket) {
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    std::string& unread = connections_[socket];
    unread.append(bytes.data(), static_cast<std::size_t>(count));
    for (std::size_t end = unread.find('\n'); end != std::string::npos; end = unread.find('\n')) {
      const std::string line = unread.substr(0, end);
      unread.erase(0, end + 1);
      {
        const std::lock_guard lock(mutex_);
        lines_.push_back(line);
      }
      const Answer answer = brain_(line);
      if (!send_all(socket, answer.bytes)) return false;
      if (answer.shut_down) {
        close_all();
        return true;
      }
      if (answer.hang_up) return false;
    }
    return true;
  }

  static bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void hang_up(int socket) {
    ::close(socket);
    connections_.erase(socket);
  }

  void close_all() {
    while (!connections_.empty()) hang_up(connections_.begin()->first);
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
  }

  Brain brain_;
  int listener_{-1};
  std::uint16_t port_{0};
  std::array<int, 2> wake_{};
  std::atomic<bool> ending_{false};
  std::map<int, std::string> connections_{};  ///< with what was read of the next line
  mutable std::mutex mutex_{};
  std::vector<std::string> lines_{};
  std::thread thread_{};
};

inline ClusterConfig cluster_of(std::vector<Member> members) {
  return ClusterConfig{std::move(members)};
}

inline std::string not_primary(const Member& primary) {
  return R"({"status": "ERROR", "code": "NOT_PRIMARY", "message": "ask )" + primary.node_id +
         R"(", "primary": {"node_id": ")" + primary.node_id + R"(", "host": ")" + primary.host +
         R"(", "port": )" + std::to_string(primary.port) + "}}";
}

inline std::string error_reply(const std::string& code) {
  return R"({"status": "ERROR", "code": ")" + code + R"(", "message": "because of )" + code + "\"}";
}

}  // namespace kv
