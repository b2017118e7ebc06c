#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "load/dialect.h"
#include "server/cluster.h"

namespace kv::load {

struct LoadOptions {
  Protocol protocol{Protocol::kLine};
  std::string cluster{to_string(default_cluster())};
  std::string address{};    ///< of the one server to use, instead of `cluster`
  std::string sentinels{};  ///< who know the primary, in the form of `cluster`
  int clients{50};
  int pipeline{1};
  int wait_replicas{0};
  int seconds{5};
  std::uint64_t keys{100'000};
  std::size_t value_bytes{100};
  int reads_percent{0};
  bool fill{false};
  bool failover{false};
  std::uint64_t rate{0};  ///< operations a second of all clients; 0: as fast as they are answered
  bool json{false};
};

/// As many bytes as asked for that don't compress, so that no server gains by storing them packed.
std::string sample_value(std::size_t size);

}  // namespace kv::load
