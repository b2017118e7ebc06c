#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kv::load {

struct Operation {
  bool read{false};
  std::string_view key{};
  std::string_view value{};  ///< of a write
};

struct Answer {
  enum class Kind { kOk, kMissing, kRefused };
  Kind kind{Kind::kOk};
  std::uint32_t lane{0};
  std::string text{};  ///< why, when refused
};

/// One connection's side of a protocol: operations in, bytes out; bytes in, answers out. No socket.
/// A lane is one closed-loop client: several may share a connection where the protocol lets answers
/// overtake each other.
class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual void submit(const Operation& operation, std::uint32_t lane) = 0;
  /// All operations of a batch are submitted.
  virtual void end_batch() {}
  /// Appends what is to be sent now.
  virtual void take_output(std::string& out) = 0;
  /// Appends the answers that are whole. False: this is not the protocol, close the connection.
  virtual bool take_in(std::string_view bytes, std::vector<Answer>& answers) = 0;
};

enum class Protocol { kLine, kRedis, kEtcd };

struct DialectOptions {
  Protocol protocol{Protocol::kLine};
  int wait_replicas{0};     ///< redis: a write counts when so many replicas have it
  std::string authority{};  ///< etcd: host:port
};

/// An Error when this program was built without that protocol.
Result<std::unique_ptr<Dialect>> make_dialect(const DialectOptions& options);

}  // namespace kv::load
