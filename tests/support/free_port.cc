#include "support/free_port.h"

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
  // Processes that run at the same time begin apart, since a port that was found free is only taken
  // a moment later; and none is given twice. Peer ports lie behind all of them.
  constexpr unsigned kFirst = 11'000;
  constexpr unsigned kOfEachProcess = 16;
  constexpr unsigned kAll = 9'984;
  static_assert(kAll % kOfEachProcess == 0 && kAll <= kPeerPortOffset);
  static unsigned next = static_cast<unsigned>(::getpid()) % kAll * kOfEachProcess;
  while (true) {
    const auto port = static_cast<std::uint16_t>(kFirst + next++ % kAll);
    if (port_is_free(port) && port_is_free(static_cast<std::uint16_t>(port + kPeerPortOffset)))
      return port;
  }
}

}  // namespace kv
