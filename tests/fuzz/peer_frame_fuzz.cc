#include <optional>

#include "core/codec.h"
#include "core/command.h"
#include "frame_stream.h"
#include "targets.h"

namespace kv::fuzz {
namespace {

constexpr std::size_t kMaxPayloadBytes = 4 << 10;

std::string bytes_of(std::string payload) {
  const Frame frame = make_frame(std::move(payload));
  return std::string(frame.header.data(), frame.header.size()) + frame.payload;
}

/// Nothing stands for the error that ends a stream.
using Payloads = std::vector<std::optional<std::string>>;

bool drain(FrameReader& reader, Payloads& out) {
  while (true) {
    const auto next = reader.next();
    if (!next) out.push_back(std::nullopt);
    if (!next || !*next) return next.has_value();
    out.emplace_back((*next)->view());
  }
}

std::string check_hello_payload(std::string_view payload) {
  const auto hello = decode_hello(payload);
  if (hello && encode_hello(*hello) != payload) return "a hello reads differently";
  return {};
}

std::string check_message(std::string_view payload) {
  const auto message = decode_message(SharedBytes(std::string(payload)));
  if (!message) return {};
  if (encode_message(*message) != payload) return "a message encodes differently";
  return {};
}

/// The rest of the input is a payload: else no fuzzer would get past the checksum.
std::string run_payload(std::string_view payload) {
  const std::string wrong = check_hello_payload(payload);
  return wrong.empty() ? check_message(payload) : wrong;
}

std::string run_stream(const Cut& cut) {
  FrameReader in_pieces(kMaxPayloadBytes);
  Payloads pieces;
  cut.for_each([&](std::string_view piece) {
    in_pieces.feed(piece);
    return drain(in_pieces, pieces);
  });
  FrameReader at_once(kMaxPayloadBytes);
  Payloads whole;
  at_once.feed(cut.bytes);
  drain(at_once, whole);
  return pieces == whole ? "" : "cut up, the frames are others";
}

std::string run(std::string_view input) {
  const Cut cut(input);
  if (!input.empty() && input[0] == '\0') return run_payload(cut.bytes);
  const std::string wrong = run_stream(cut);
  if (!wrong.empty()) return wrong;
  // In a frame it must come through.
  FrameReader reader(cut.bytes.size());
  Payloads payloads;
  reader.feed(bytes_of(std::string(cut.bytes)));
  if (!drain(reader, payloads) || payloads != Payloads{std::string(cut.bytes)}) {
    return "a framed payload reads differently";
  }
  return {};
}

std::vector<std::string> seeds() {
  const std::string set = encode_command(set_command("key", "value"));
  AppendRequest append{.previous_index = 4, .previous_term = 2, .commit = 3, .read_round = 1};
  append.entries = {make_entry(5, 2, EntryType::kEmpty, ""),
                    make_entry(6, 3, EntryType::kCommand, set)};
  AppendRequest heartbeat{.previous_index = 6, .previous_term = 3};
  heartbeat.incarnations = {{1, 11}, {2, 22}};
  SnapshotRequest snapshot{.last_index = 9, .last_term = 3, .shard_count = 4, .end_shard = 1};
  snapshot.data = SharedBytes(std::string("data"));
  std::vector<std::string> inputs;
  for (const MessageBody& body : std::initializer_list<MessageBody>{
           VoteRequest{true, false, 6, 3}, VoteReply{true, true}, append, heartbeat,
           AppendReply{.accepted = true, .received = 6, .durable = 5}, snapshot,
           SnapshotReply{9, 1}, TimeoutNow{}}) {
    const std::string payload = encode_message({1, 2, 3, 11, 22, body});
    inputs.push_back(std::string(1, '\0') + payload);
    inputs.push_back("\5" + bytes_of(payload) + bytes_of(""));
  }
  inputs.push_back(std::string(1, '\0') + encode_hello({77, "node1", "node2", 11}));
  return inputs;
}

}  // namespace

const Target peer_frame{"peer_frame", run, seeds};

}  // namespace kv::fuzz
