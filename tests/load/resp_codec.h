#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace kv::load {

/// Appends a command as Redis clients send it: an array of bulk strings.
void append_command(std::string& out, std::initializer_list<std::string_view> words);

inline constexpr std::size_t kNotResp = static_cast<std::size_t>(-1);

/// Size of the reply that `bytes` begins with, RESP2 or RESP3: 0 when it isn't whole yet, kNotResp
/// when it is none.
std::size_t reply_size(std::string_view bytes);

/// "+OK\r\n" -> "OK", ":3\r\n" -> "3", "-ERR no\r\n" -> "ERR no": the first line of a reply.
std::string_view reply_line(std::string_view reply);

}  // namespace kv::load
