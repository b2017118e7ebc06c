#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/duration_text.h"
#include "server/client.h"

namespace kv {
namespace {

using Clock = std::chrono::steady_clock;

Clock::time_point after(Duration span) {
  return Clock::now() + std::chrono::nanoseconds(span.ns);
}

/// Waits for `events`; returns what happened, 0 at the deadline.
short wait_for(int socket, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const auto left_ms = std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000);
    pollfd entry{socket, events, 0};
    const int count = ::poll(&entry, 1, static_cast<int>(left_ms));
    if (count > 0) return entry.revents;
    if (count == 0 && Clock::now() >= deadline) return 0;
  }
}

std::string reason(int error_number) {
  std::string text = std::strerror(error_number);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

/// A connection to a free port of this machine can meet itself, when the system picks that very
/// port as the near end.
bool connected_to_itself(int socket) {
  sockaddr_storage near_end{};
  sockaddr_storage far_end{};
  socklen_t near_size = sizeof near_end;
  socklen_t far_size = sizeof far_end;
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&near_end), &near_size) == 0 &&
         ::getpeername(socket, reinterpret_cast<sockaddr*>(&far_end), &far_size) == 0 &&
         near_size == far_size && std::memcmp(&near_end, &far_end, near_size) == 0;
}

/// 0 or an errno.
int connect_socket(int socket, const addrinfo& to, Clock::time_point deadline) {
  if (::connect(socket, to.ai_addr, to.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return errno;
    if (wait_for(socket, POLLOUT, deadline) == 0) return ETIMEDOUT;
    int error_number = 0;
    socklen_t size = sizeof error_number;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error_number, &size);
    if (error_number != 0) return error_number;
  }
  if (connected_to_itself(socket)) return ECONNREFUSED;
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return 0;
}

}  // namespace

Result<LineConnection> LineConnection::connect(const std::string& host, std::uint16_t port,
                                               Duration timeout) {
  const std::string address = address_text(host, port);
  const Clock::time_point deadline = after(timeout);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (problem != 0) return Error{address + ": the host can't be found: " + ::gai_strerror(problem)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int error_number = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int socket = ::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error_number = socket < 0 ? errno : connect_socket(socket, *each, deadline);
    if (error_number == 0) return LineConnection(socket, address);
    if (socket >= 0) ::close(socket);
  }
  if (error_number == ETIMEDOUT)
    return Error{address + ": no connection within " + to_text(timeout)};
  return Error{address + ": " + reason(error_number)};
}

LineConnection::LineConnection(LineConnection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      address_(std::move(other.address_)),
      arrived_(std::move(other.arrived_)),
      taken_(other.taken_),
      searched_(other.searched_) {}

LineConnection& LineConnection::operator=(LineConnection&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(address_, other.address_);
  std::swap(arrived_, other.arrived_);
  std::swap(taken_, other.taken_);
  std::swap(searched_, other.searched_);
  return *this;
}

LineConnection::~LineConnection() {
  if (socket_ >= 0) ::close(socket_);
}

Result<std::string> LineConnection::request(std::string_view line, Duration timeout) {
  if (const Outcome sent = send(std::string(line) + '\n', timeout); !sent) return sent.error();
  return receive(timeout);
}

Outcome LineConnection::send(std::string_view lines, Duration timeout) {
  while (!lines.empty()) {
    const ssize_t sent = ::send(socket_, lines.data(), lines.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      lines.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return failure(reason(errno));
    const short ready = wait_for(socket_, POLLIN | POLLOUT, after(timeout));
    if (ready == 0) return failure("it took nothing for " + to_text(timeout));
    if ((ready & POLLOUT) != 0) continue;
    if (const Outcome fine = take_in(); !fine) return fine.error();
  }
  return success();
}

Result<std::string> LineConnection::receive(Duration timeout) {
  for (;;) {
    const std::size_t end = arrived_.find('\n', searched_);
    if (end != std::string::npos) {
      std::string line = arrived_.substr(taken_, end - taken_);
      taken_ = searched_ = end + 1;
      return line;
    }
    searched_ = arrived_.size();
    if (wait_for(socket_, POLLIN, after(timeout)) == 0) {
      return failure("no answer within " + to_text(timeout));
    }
    if (const Outcome fine = take_in(); !fine) return fine.error();
  }
}

bool LineConnection::idle() const {
  pollfd entry{socket_, POLLIN, 0};
  return taken_ == arrived_.size() && ::poll(&entry, 1, 0) == 0;
}

Outcome LineConnection::take_in() {
  if (taken_ > 0) {
    arrived_.erase(0, taken_);
    searched_ -= taken_;
    taken_ = 0;
  }
  std::array<char, 16 * 1024> bytes{};
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count == 0) return failure("the node closed the connection");
  if (count < 0) {
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return success();
    return failure(reason(errno));
  }
  arrived_.append(bytes.data(), static_cast<std::size_t>(count));
  return success();
}

Error LineConnection::failure(std::string_view what) const {
  return Error{address_ + ": " + std::string(what)};
}

}  // namespace kv
