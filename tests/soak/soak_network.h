#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"

namespace kv::soak {

/// One network namespace per node, joined by a bridge, whose links can be cut in one direction.
/// Nameless: they are gone when this and the nodes in them are. It belongs to the thread that made
/// it, which is moved to the bridge's namespace meanwhile; threads that it starts are there too.
class SoakNetwork {
 public:
  /// An Error says why this machine doesn't allow it.
  static Result<std::unique_ptr<SoakNetwork>> make(std::size_t nodes);
  ~SoakNetwork();
  SoakNetwork(const SoakNetwork&) = delete;
  SoakNetwork& operator=(const SoakNetwork&) = delete;

  static std::string host(std::size_t node);
  /// Carries `work` out inside the node's namespace; processes that it starts stay there.
  Outcome inside(std::size_t node, const std::function<Outcome()>& work) const;
  /// What `from` sends to `to` is lost, silently, until the link is mended.
  Outcome cut(std::size_t from, std::size_t to) const;
  Outcome mend(std::size_t from, std::size_t to) const;

 private:
  SoakNetwork() = default;
  Outcome set_up(std::size_t nodes);
  Outcome add_node();
  Outcome address(std::size_t from, std::size_t to, const std::string& hardware) const;

  int before_{-1};            ///< the thread's namespace as it was
  int bridge_{-1};            ///< the namespace of the bridge, where the clients are
  std::vector<int> nodes_{};  ///< their namespaces
};

}  // namespace kv::soak
