#pragma once

#include <asio/ip/tcp.hpp>

namespace kv {

/// No delay, and a connection whose bytes aren't acknowledged within 2 s is given up.
void set_peer_options(asio::ip::tcp::socket& socket);
/// No delay; keep-alives find clients that vanished.
void set_client_options(asio::ip::tcp::socket& socket);
/// Of this machine itself; IPv4 in IPv6, too.
bool is_loopback(const asio::ip::address& address);

}  // namespace kv
