#include "core/message.h"

#include <array>

namespace kv {

std::string_view name_of(const MessageBody& body) {
  static constexpr std::array<std::string_view, std::variant_size_v<MessageBody>> kNames{
      "VoteRequest",     "VoteReply",     "AppendRequest", "AppendReply",
      "SnapshotRequest", "SnapshotReply", "TimeoutNow"};
  return kNames[body.index()];
}

}  // namespace kv
