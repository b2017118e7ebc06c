#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "core/types.h"
#include "server/cluster.h"

namespace kv {

/// Peers send each other frames: u32 payload size, u64 hash64 of the payload, payload. The first
/// one of a connection is a Hello, all others are messages (core/codec.h). See docs/formats.md.
inline constexpr std::size_t kFrameHeaderBytes = 4 + 8;
inline constexpr std::size_t kMaxFrameBytes = 64 << 20;
inline constexpr std::size_t kMaxHelloBytes = 1 << 10;

/// A frame ready to be sent: header and payload apart, so that the payload isn't copied.
struct Frame {
  std::array<char, kFrameHeaderBytes> header{};
  std::string payload{};
  std::size_t size() const { return header.size() + payload.size(); }
};
Frame make_frame(std::string payload);

/// Cuts a byte stream into the payloads of its frames, however the stream is cut up by feed().
/// Holds what has arrived of a frame, never the size that its header claims.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_payload_bytes) : max_payload_bytes_(max_payload_bytes) {}

  void set_max_payload_bytes(std::size_t size) { max_payload_bytes_ = size; }
  void feed(std::string_view bytes);
  /// The next payload; nothing until more is fed. After an Error the stream is lost: close the
  /// connection.
  Result<std::optional<SharedBytes>> next();

 private:
  std::size_t max_payload_bytes_;
  std::string buffer_{};
  std::size_t at_{0};  ///< of the first byte not given out yet
};

/// Who dials whom. Both sides must agree on everything but the incarnation.
struct Hello {
  std::uint64_t cluster{0};  ///< cluster_fingerprint()
  std::string from{};
  std::string to{};
  Incarnation incarnation{0};  ///< of the sender's data directory
};
std::string encode_hello(const Hello& hello);
/// An Error on what isn't a hello of this protocol version.
Result<Hello> decode_hello(std::string_view payload);
/// The name of the node that sent it, when `hello` was meant for `self` and comes from another
/// member of `cluster`; else an Error that says what differs.
Result<NodeId> check_hello(const Hello& hello, const ClusterConfig& cluster, NodeId self);

/// Equal on nodes that know the same node names and promise each other the same; addresses may
/// differ from where one looks.
std::uint64_t cluster_fingerprint(const ClusterConfig& cluster);

}  // namespace kv
