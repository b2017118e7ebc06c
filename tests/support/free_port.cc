#include "support/free_port.h"

#include <random>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/cluster.h"

namespace kv {
namespace {

bool port_is_free(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool free = ::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(listener);
  return free;
}

}  // namespace

std::uint16_t free_port() {
  static std::mt19937 random{std::random_device{}()};
  while (true) {
    const auto port = static_cast<std::uint16_t>(11'000 + random() % 11'000);
    if (port_is_free(port) && port_is_free(static_cast<std::uint16_t>(port + kPeerPortOffset)))
      return port;
  }
}

}  // namespace kv
