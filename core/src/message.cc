#include "core/message.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<MessageBody>> kNames{
    "VoteRequest",   "VoteReply",  "AppendRequest",    "AppendReply",   "SnapshotRequest",
    "SnapshotReply", "TimeoutNow", "ReadIndexRequest", "ReadIndexReply"};

}  // namespace

std::string_view name_of(const MessageBody& body) {
  return kNames[body.index()];
}

std::optional<std::string_view> message_named(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  return found == kNames.end() ? std::nullopt : std::optional(*found);
}

}  // namespace kv
