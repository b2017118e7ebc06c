#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "redis_reply.h"

namespace kv {

/// An argument of a command, as COMMAND DOCS describes it.
struct Argument {
  std::string name{};
  std::string_view type{};  ///< "key", "integer", "pure-token", "oneof", "block" …
  std::string token{};      ///< the word before it
  bool optional{false};
  bool multiple{false};
  std::vector<Argument> parts{};  ///< of "oneof" and "block"
};

/// Reads a row's text of arguments: words in small letters are values, in capitals they are meant
/// literally; "[a]": may be left out; "a | b": one of them; "a [a ...]": once or more.
std::vector<Argument> read_arguments(std::string_view text);
void arguments_reply(RedisReply& reply, const std::vector<Argument>& arguments);

}  // namespace kv
