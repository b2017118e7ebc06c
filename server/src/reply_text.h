#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/client.h"

namespace kv {

/// Takes the line of a node apart. Refuses what isn't a JSON object with a "status".
Result<Reply> parse_reply(std::string line);
Result<NodeStatus> parse_status(std::string line);

/// The UNKNOWN_OUTCOME reply of a client that lost its connection.
Reply unknown_outcome(const std::string& why);

/// The value of a reply that has one: a JSON string without quotes and escapes, other JSON as it
/// is, and the bytes of what isn't text.
std::optional<std::string> bare_value(const Reply& reply);

}  // namespace kv
