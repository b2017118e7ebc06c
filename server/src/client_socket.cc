#include "client_socket.h"

#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

#include "socket_options.h"

namespace kv {
namespace {

using asio::ip::tcp;

constexpr int kWatcherBufferBytes = 256 << 10;

ClientSocket::Outcome outcome_of(ssize_t result) {
  if (result >= 0) return {static_cast<std::size_t>(result), false, false};
  const bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {0, again, !again};
}

}  // namespace

ClientSocket::ClientSocket(tcp::socket socket) {
  set_client_options(socket);
  std::error_code error;
  socket.native_non_blocking(true, error);
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (!error) remote_ = remote;
  // The loop would look after it as well, in its own, dearer way.
  descriptor_ = socket.release(error);
  if (error) descriptor_ = -1;
}

ClientSocket::Outcome ClientSocket::receive(std::span<char> into) {
  return outcome_of(::recv(descriptor_, into.data(), into.size(), 0));
}

ClientSocket::Outcome ClientSocket::send(std::string_view bytes) {
  return outcome_of(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void ClientSocket::end_output() {
  ::shutdown(descriptor_, SHUT_WR);
}

void ClientSocket::close() {
  if (!is_open()) return;
  ::close(descriptor_);
  descriptor_ = -1;
}

std::optional<tcp::endpoint> ClientSocket::local() const {
  tcp::endpoint local;
  auto size = static_cast<socklen_t>(local.capacity());
  if (::getsockname(descriptor_, local.data(), &size) != 0) return std::nullopt;
  local.resize(size);
  return local;
}

void ClientSocket::hold_little() {
  const int size = kWatcherBufferBytes;
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

}  // namespace kv
