#include "core/codec.h"

#include <utility>

#include "core/overloaded.h"

namespace kv {

namespace {

std::size_t encoded_size(const MessageBody& body) {
  std::size_t size_bytes = 128;
  if (const auto* request = std::get_if<AppendRequest>(&body)) {
    for (const Entry& entry : request->entries) size_bytes += entry.size();
  } else if (const auto* snapshot = std::get_if<SnapshotRequest>(&body)) {
    size_bytes += snapshot->data.size();
  }
  return size_bytes;
}

class BodyEncoder {
 public:
  explicit BodyEncoder(Encoder& out) : out_(out) {}

  void operator()(const VoteRequest& body) {
    out_.u8(body.pre);
    out_.u8(body.transfer);
    out_.u64(body.last_index);
    out_.u64(body.last_term);
  }
  void operator()(const VoteReply& body) {
    out_.u8(body.pre);
    out_.u8(body.granted);
  }
  void operator()(const AppendRequest& body) {
    out_.u64(body.previous_index);
    out_.u64(body.previous_term);
    out_.u64(body.commit);
    out_.u64(body.read_round);
    out_.u32(static_cast<std::uint32_t>(body.incarnations.size()));
    for (const auto& [member, incarnation] : body.incarnations) {
      out_.u32(member);
      out_.u64(incarnation);
    }
    for (const Entry& entry : body.entries) out_.raw(entry.encoded.view());
  }
  void operator()(const AppendReply& body) {
    out_.u8(body.accepted);
    out_.u64(body.received);
    out_.u64(body.durable);
    out_.u64(body.refused_index);
    out_.u64(body.conflict_index);
    out_.u64(body.conflict_term);
    out_.u64(body.read_round);
  }
  void operator()(const SnapshotRequest& body) {
    out_.u64(body.last_index);
    out_.u64(body.last_term);
    out_.u32(body.shard_count);
    out_.u32(body.first_shard);
    out_.u32(body.end_shard);
    out_.raw(body.data.view());
  }
  void operator()(const SnapshotReply& body) {
    out_.u64(body.last_index);
    out_.u32(body.next_shard);
  }
  void operator()(const TimeoutNow&) {}
  void operator()(const ReadIndexRequest& body) { out_.u64(body.number); }
  void operator()(const ReadIndexReply& body) {
    out_.u64(body.number);
    out_.u64(body.index);
  }

 private:
  Encoder& out_;
};

/// Reads the body of type `type`; what it leaves unread is an error of the caller.
class BodyDecoder {
 public:
  BodyDecoder(const SharedBytes& bytes, Decoder& in) : bytes_(bytes), in_(in) {}

  Result<MessageBody> read(std::uint8_t type) {
    switch (type) {
      case 0:
        return MessageBody{vote_request()};
      case 1:
        return MessageBody{vote_reply()};
      case 2:
        return append_request();
      case 3:
        return MessageBody{append_reply()};
      case 4:
        return MessageBody{snapshot_request()};
      case 5:
        return MessageBody{snapshot_reply()};
      case 6:
        return MessageBody{TimeoutNow{}};
      case 7:
        return MessageBody{ReadIndexRequest{in_.u64()}};
      case 8:
        return MessageBody{read_index_reply()};
      default:
        return Error{"A message of unknown type " + std::to_string(type) + "."};
    }
  }

 private:
  bool flag() {
    const std::uint8_t value = in_.u8();
    if (value > 1) in_.raw(in_.remaining() + 1);
    return value == 1;
  }
  SharedBytes rest() {
    const std::size_t at = in_.position();
    return bytes_.slice(at, in_.raw(in_.remaining()).size());
  }
  VoteRequest vote_request() {
    VoteRequest body;
    body.pre = flag();
    body.transfer = flag();
    body.last_index = in_.u64();
    body.last_term = in_.u64();
    return body;
  }
  VoteReply vote_reply() {
    VoteReply body;
    body.pre = flag();
    body.granted = flag();
    return body;
  }
  Result<MessageBody> append_request() {
    AppendRequest body;
    body.previous_index = in_.u64();
    body.previous_term = in_.u64();
    body.commit = in_.u64();
    body.read_round = in_.u64();
    for (std::uint32_t left = in_.u32(); left > 0 && in_.ok(); --left) {
      const NodeId member = in_.u32();
      if (!body.incarnations.empty() && member <= body.incarnations.back().first) {
        return Error{"An append whose list of incarnations is not in ascending order."};
      }
      body.incarnations.try_emplace(member, in_.u64());
    }
    if (!in_.ok()) return MessageBody{std::move(body)};
    if (const Outcome decoded = decode_entries(rest(), body.entries); !decoded)
      return decoded.error();
    LogIndex index = body.previous_index;
    Term term = body.previous_term;
    for (const Entry& entry : body.entries) {
      if (entry.index != ++index || entry.term < term) {
        return Error{"An append whose entry " + std::to_string(entry.index) + " of term " +
                     std::to_string(entry.term) + " does not follow on entry " +
                     std::to_string(index - 1) + " of term " + std::to_string(term) + "."};
      }
      term = entry.term;
    }
    return MessageBody{std::move(body)};
  }
  AppendReply append_reply() {
    AppendReply body;
    body.accepted = flag();
    body.received = in_.u64();
    body.durable = in_.u64();
    body.refused_index = in_.u64();
    body.conflict_index = in_.u64();
    body.conflict_term = in_.u64();
    body.read_round = in_.u64();
    return body;
  }
  SnapshotRequest snapshot_request() {
    SnapshotRequest body;
    body.last_index = in_.u64();
    body.last_term = in_.u64();
    body.shard_count = in_.u32();
    body.first_shard = in_.u32();
    body.end_shard = in_.u32();
    body.data = rest();
    return body;
  }
  SnapshotReply snapshot_reply() {
    SnapshotReply body;
    body.last_index = in_.u64();
    body.next_shard = in_.u32();
    return body;
  }
  ReadIndexReply read_index_reply() {
    ReadIndexReply body;
    body.number = in_.u64();
    body.index = in_.u64();
    return body;
  }

  const SharedBytes& bytes_;
  Decoder& in_;
};

}  // namespace

std::string encode_message(const Message& message) {
  std::string bytes;
  bytes.reserve(encoded_size(message.body));
  Encoder out(bytes);
  out.u8(static_cast<std::uint8_t>(message.body.index()));
  out.u32(message.from);
  out.u32(message.to);
  out.u64(message.term);
  out.u64(message.from_incarnation);
  out.u64(message.to_incarnation);
  std::visit(BodyEncoder(out), message.body);
  return bytes;
}

Result<Message> decode_message(const SharedBytes& bytes) {
  Decoder in(bytes.view());
  const std::uint8_t type = in.u8();
  Message message;
  message.from = in.u32();
  message.to = in.u32();
  message.term = in.u64();
  message.from_incarnation = in.u64();
  message.to_incarnation = in.u64();
  Result<MessageBody> body = BodyDecoder(bytes, in).read(type);
  if (!body) return body.error();
  if (!in.complete()) {
    return Error{"A " + std::string(name_of(*body)) + " of " + std::to_string(bytes.size()) +
                 " bytes: fields are missing, left over or out of range."};
  }
  message.body = std::move(*body);
  return message;
}

Outcome decode_entries(const SharedBytes& bytes, std::vector<Entry>& out) {
  std::size_t count = 0;
  for (Decoder in(bytes.view()); in.remaining() > 0; ++count) in.text();
  out.reserve(out.size() + count);
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    Result<Entry> entry = decode_entry(bytes, offset);
    if (!entry) return entry.error();
    out.push_back(std::move(*entry));
  }
  return success();
}

}  // namespace kv
