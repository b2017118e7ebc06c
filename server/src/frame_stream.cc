#include "frame_stream.h"

#include <algorithm>

#include "core/check.h"
#include "core/hash.h"

namespace kv {
namespace {

constexpr std::string_view kMagic = "understudy-peer";
constexpr std::uint32_t kProtocolVersion = 2;
/// A buffer that grew beyond this is given back when it is empty.
constexpr std::size_t kKeptBufferBytes = 1 << 20;

/// Names from outside end up in log lines.
bool is_printable(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Frame make_frame(std::string payload) {
  CHECK(payload.size() <= kMaxFrameBytes);
  std::string header;
  Encoder encoder(header);
  encoder.u32(static_cast<std::uint32_t>(payload.size()));
  encoder.u64(hash64(payload));
  Frame frame;
  std::copy(header.begin(), header.end(), frame.header.begin());
  frame.payload = std::move(payload);
  return frame;
}

void FrameReader::feed(std::string_view bytes) {
  if (at_ > 0) {
    buffer_.erase(0, at_);
    at_ = 0;
    if (buffer_.empty() && buffer_.capacity() > kKeptBufferBytes) buffer_.shrink_to_fit();
  }
  buffer_.append(bytes);
}

Result<std::optional<SharedBytes>> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (rest.size() < kFrameHeaderBytes) return std::optional<SharedBytes>{};
  Decoder header(rest);
  const std::size_t size = header.u32();
  const std::uint64_t checksum = header.u64();
  if (size > max_payload_bytes_) {
    return Error{"a frame claims " + std::to_string(size) + " bytes, at most " +
                 std::to_string(max_payload_bytes_) +
                 " are allowed here: not a peer, or a broken stream"};
  }
  if (rest.size() - kFrameHeaderBytes < size) return std::optional<SharedBytes>{};
  const std::string_view payload = rest.substr(kFrameHeaderBytes, size);
  if (hash64(payload) != checksum) {
    return Error{"the checksum of a frame of " + std::to_string(size) + " bytes is wrong"};
  }
  at_ += kFrameHeaderBytes + size;
  return std::optional<SharedBytes>(SharedBytes(std::string(payload)));
}

std::string encode_hello(const Hello& hello) {
  std::string out;
  Encoder encoder(out);
  encoder.raw(kMagic);
  encoder.u32(kProtocolVersion);
  encoder.u64(hello.cluster);
  encoder.text(hello.from);
  encoder.text(hello.to);
  encoder.u64(hello.incarnation);
  return out;
}

Result<Hello> decode_hello(std::string_view payload) {
  Decoder decoder(payload);
  if (decoder.raw(kMagic.size()) != kMagic) return Error{"it does not speak the peers' protocol"};
  const std::uint32_t version = decoder.u32();
  if (decoder.ok() && version != kProtocolVersion) {
    return Error{"it speaks version " + std::to_string(version) +
                 " of the peers' protocol, this node version " + std::to_string(kProtocolVersion) +
                 ": run the same release on all nodes"};
  }
  Hello hello;
  hello.cluster = decoder.u64();
  hello.from = decoder.text();
  hello.to = decoder.text();
  hello.incarnation = decoder.u64();
  if (!decoder.complete() || !is_printable(hello.from) || !is_printable(hello.to)) {
    return Error{"its greeting is malformed"};
  }
  return hello;
}

Result<NodeId> check_hello(const Hello& hello, const ClusterConfig& cluster, NodeId self) {
  if (hello.cluster != cluster_fingerprint(cluster)) {
    return Error{"it calls itself " + hello.from +
                 " and was started with another list of nodes than " + cluster.names() +
                 ", or with other --reads or, as leases need it, other times: give all nodes the "
                 "same --cluster, --reads and --timing"};
  }
  const Member* me = cluster.find(self);
  CHECK(me != nullptr);
  if (hello.to != me->node_id) {
    return Error{hello.from + " wants to reach " + hello.to + " but this is " + me->node_id +
                 ": compare the addresses in --cluster on both nodes"};
  }
  const NodeId from = cluster.id_of(hello.from);
  if (from == kNoNode) {
    return Error{hello.from + " is not a member; the nodes are " + cluster.names()};
  }
  if (from == self) {
    return Error{"another process calls itself " + hello.from +
                 ", which is this node: give each node its own --node-id"};
  }
  return from;
}

std::uint64_t cluster_fingerprint(const ClusterConfig& cluster) {
  std::string names;
  Encoder encoder(names);
  for (const Member& member : cluster.members) encoder.text(member.node_id);
  if (cluster.vote_promise != Duration{})
    encoder.u64(static_cast<std::uint64_t>(cluster.vote_promise.ns));
  return hash64(names);
}

}  // namespace kv
