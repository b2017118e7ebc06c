// The namespaces that a soak cuts apart.
#include "soak/soak_network.h"

#include <optional>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kv::soak {
namespace {

/// A socket for datagrams at a node of the network.
class Mailbox {
 public:
  Mailbox(const SoakNetwork& network, std::size_t node) : address_(address_of(node)) {
    const Outcome made = network.inside(node, [&]() -> Outcome {
      socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      const int result = ::bind(socket_, reinterpret_cast<sockaddr*>(&address_), sizeof address_);
      if (result != 0) return Error{"can't bind"};
      return success();
    });
    EXPECT_TRUE(made);
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() { ::close(socket_); }

  void send(const Mailbox& to, const std::string& text) const {
    const auto* address = reinterpret_cast<const sockaddr*>(&to.address_);
    EXPECT_EQ(::sendto(socket_, text.data(), text.size(), 0, address, sizeof to.address_),
              static_cast<ssize_t>(text.size()));
  }

  /// The next datagram; empty when none comes within 10 s.
  std::string receive() const {
    pollfd readable{socket_, POLLIN, 0};
    std::string text(100, '\0');
    if (::poll(&readable, 1, 10'000) != 1) return {};
    text.resize(static_cast<std::size_t>(::recv(socket_, text.data(), text.size(), 0)));
    return text;
  }

 private:
  static sockaddr_in address_of(std::size_t node) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(6379);
    ::inet_pton(AF_INET, SoakNetwork::host(node).c_str(), &address.sin_addr);
    return address;
  }

  sockaddr_in address_;
  int socket_{-1};
};

void lose_one_way(const SoakNetwork& network) {
  const Mailbox first(network, 0);
  const Mailbox second(network, 1);
  first.send(second, "before");
  EXPECT_EQ(second.receive(), "before");
  ASSERT_TRUE(network.cut(0, 1));
  first.send(second, "lost");
  second.send(first, "the other way");
  EXPECT_EQ(first.receive(), "the other way");
  ASSERT_TRUE(network.mend(0, 1));
  first.send(second, "after");
  EXPECT_EQ(second.receive(), "after");
}

TEST(SoakNetwork, ACutLinkLosesWhatGoesOneWayAndIsMended) {
  std::optional<std::string> no_network;
  // A network is its thread's.
  std::thread([&] {
    const auto network = SoakNetwork::make(2);
    if (network) return lose_one_way(**network);
    no_network = network.error().message;
  }).join();
  if (no_network) GTEST_SKIP() << *no_network << "; here, in a second thread, only root can";
}

}  // namespace
}  // namespace kv::soak
