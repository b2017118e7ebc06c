#pragma once

#include <optional>
#include <string_view>

#include "server/cluster.h"

namespace kv::load {

/// "MOVED 866 127.0.0.1:6380" -> that node.
std::optional<Member> moved_to(std::string_view refusal);

/// A Sentinel's reply to get-master-addr-by-name: an array of host and port.
std::optional<Member> sentinel_answer(std::string_view reply);

}  // namespace kv::load
