#pragma once

#include <string>
#include <string_view>

namespace kv::load {

/// etcdserverpb.PutRequest and RangeRequest, each framed as one gRPC message.
std::string put_request(std::string_view key, std::string_view value);
/// Of one key, linearizable (etcd's default).
std::string range_request(std::string_view key);

/// Whether a RangeResponse, framed as one gRPC message, holds a key.
bool range_found(std::string_view message);

}  // namespace kv::load
