#include "soak/soak_network.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace kv::soak {
namespace {

Error failure(const std::string& what) {
  return Error{what + ": " + std::strerror(errno)};
}

int own_namespace() {
  return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

bool write_file(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

/// As root directly; else in a namespace of users where this user is root, which takes a process of
/// one thread.
Outcome leave_network() {
  if (::unshare(CLONE_NEWNET) == 0) return success();
  const std::string user = std::to_string(::getuid());
  const std::string group = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    return failure("this machine lets this user make no network namespaces");
  if (write_file("/proc/self/setgroups", "deny") &&
      write_file("/proc/self/uid_map", "0 " + user + " 1") &&
      write_file("/proc/self/gid_map", "0 " + group + " 1")) {
    return success();
  }
  return Error{"this machine lets this user be nobody else in a namespace"};
}

Outcome run_ip(const std::string& commands) {
  const std::string line = "PATH=$PATH:/usr/sbin:/sbin; exec >/dev/null 2>&1; set -e; " + commands;
  if (std::system(line.c_str()) == 0) return success();
  return Error{"the program ip (package iproute2) is missing or failed in: " + commands};
}

/// Of the node at this position: one that nobody has is where cut links lead to.
std::string hardware_of(std::size_t node, bool nobody = false) {
  return std::string(nobody ? "02:00:00:00:ff:" : "02:00:00:00:00:") + "0" +
         std::to_string(node + 1);
}

}  // namespace

std::string SoakNetwork::host(std::size_t node) {
  return "10.99.0." + std::to_string(node + 1);
}

Result<std::unique_ptr<SoakNetwork>> SoakNetwork::make(std::size_t nodes) {
  std::unique_ptr<SoakNetwork> network(new SoakNetwork);
  if (const Outcome done = network->set_up(nodes); !done) return done.error();
  return network;
}

SoakNetwork::~SoakNetwork() {
  if (before_ >= 0) ::setns(before_, CLONE_NEWNET);
  for (const int each : nodes_) ::close(each);
  for (const int each : {before_, bridge_}) {
    if (each >= 0) ::close(each);
  }
}

Outcome SoakNetwork::set_up(std::size_t nodes) {
  before_ = own_namespace();
  if (const Outcome left = leave_network(); !left) return left;
  bridge_ = own_namespace();
  const Outcome bridge = run_ip(
      "ip link set lo up; ip link add soak type bridge; ip addr add 10.99.0.254/24 dev soak; "
      "ip link set soak up");
  if (!bridge) return bridge;
  for (std::size_t i = 0; i < nodes; ++i) {
    if (const Outcome added = add_node(); !added) return added;
  }
  for (std::size_t from = 0; from < nodes; ++from) {
    for (std::size_t to = 0; to < nodes; ++to) {
      if (from == to) continue;
      if (const Outcome known = mend(from, to); !known) return known;
    }
  }
  return success();
}

Outcome SoakNetwork::add_node() {
  const std::size_t node = nodes_.size();
  if (::unshare(CLONE_NEWNET) != 0) return failure("another network namespace can't be made");
  nodes_.push_back(own_namespace());
  if (::setns(bridge_, CLONE_NEWNET) != 0) return failure("no way back to the bridge");
  const std::string port = "port" + std::to_string(node + 1);
  const std::string place =
      "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(nodes_.back());
  const Outcome joined = run_ip("ip link add " + port + " type veth peer name eth0 netns " + place +
                                "; ip link set " + port + " master soak up");
  if (!joined) return joined;
  return inside(node, [&] {
    return run_ip("ip link set lo up; ip link set eth0 address " + hardware_of(node) +
                  "; ip addr add " + host(node) + "/24 dev eth0; ip link set eth0 up");
  });
}

Outcome SoakNetwork::inside(std::size_t node, const std::function<Outcome()>& work) const {
  if (::setns(nodes_[node], CLONE_NEWNET) != 0) return failure("no way into a node's namespace");
  Outcome done = work();
  if (::setns(bridge_, CLONE_NEWNET) != 0) return failure("no way back to the bridge");
  return done;
}

Outcome SoakNetwork::address(std::size_t from, std::size_t to, const std::string& hardware) const {
  return inside(from, [&] {
    return run_ip("ip neigh replace " + host(to) + " lladdr " + hardware +
                  " nud permanent dev eth0");
  });
}

Outcome SoakNetwork::cut(std::size_t from, std::size_t to) const {
  return address(from, to, hardware_of(to, true));
}

Outcome SoakNetwork::mend(std::size_t from, std::size_t to) const {
  return address(from, to, hardware_of(to));
}

}  // namespace kv::soak
