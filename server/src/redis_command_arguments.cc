#include "redis_command_arguments.h"

#include <algorithm>
#include <utility>

#include "redis_parsers.h"

namespace kv {
namespace {

struct NamedType {
  std::string_view name{};
  std::string_view type{};
};

/// What isn't a string.
constexpr NamedType kTypes[] = {
    {"count", "integer"},
    {"cursor", "integer"},
    {"decrement", "integer"},
    {"destination", "key"},
    {"destination-db", "integer"},
    {"end", "integer"},
    {"increment", "integer"},
    {"index", "integer"},
    {"key", "key"},
    {"milliseconds", "integer"},
    {"newkey", "key"},
    {"numlocal", "integer"},
    {"numreplicas", "integer"},
    {"offset", "integer"},
    {"pattern", "pattern"},
    {"port", "integer"},
    {"protover", "integer"},
    {"seconds", "integer"},
    {"sequence", "integer"},
    {"slot", "integer"},
    {"source", "key"},
    {"start", "integer"},
    {"timeout", "integer"},
    {"unix-time-milliseconds", "unix-time"},
    {"unix-time-seconds", "unix-time"},
};

std::string_view type_of(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [name](const NamedType& row) { return row.name == name; });
  return found == std::end(kTypes) ? "string" : found->type;
}

bool is_token(std::string_view word) {
  return word[0] >= 'A' && word[0] <= 'Z';
}

/// Several arguments as one, named after all of them.
Argument joined(std::string_view type, std::vector<Argument> parts) {
  Argument whole;
  whole.type = type;
  for (const Argument& part : parts) {
    if (!whole.name.empty()) whole.name += '_';
    whole.name += part.name;
  }
  whole.parts = std::move(parts);
  return whole;
}

Argument one_of(std::string_view type, std::vector<Argument> parts) {
  return parts.size() == 1 ? std::move(parts[0]) : joined(type, std::move(parts));
}

/// Recursive descent over the text's words and marks.
class ArgumentReader {
 public:
  explicit ArgumentReader(std::string_view text) : rest_(text) { next(); }

  /// A list of arguments, or alternatives of which there is one.
  std::vector<Argument> read_alternatives() {
    std::vector<Argument> first = read_sequence();
    if (word_ != "|") return first;
    std::vector<Argument> alternatives{one_of("block", std::move(first))};
    while (word_ == "|") {
      next();
      alternatives.push_back(one_of("block", read_sequence()));
    }
    return {joined("oneof", std::move(alternatives))};
  }

 private:
  bool at_end() const { return word_.empty() || word_ == "]" || word_ == "|" || word_ == "..."; }
  bool at_value() const { return !at_end() && word_ != "[" && !is_token(word_); }

  void next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    std::size_t size = std::min(rest_.find_first_of(" []"), rest_.size());
    if (size == 0 && !rest_.empty()) size = 1;
    word_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }

  std::vector<Argument> read_sequence() {
    std::vector<Argument> sequence;
    while (!at_end()) {
      if (word_ == "[") {
        read_option(sequence);
      } else {
        sequence.push_back(is_token(word_) ? read_token() : read_value());
      }
    }
    return sequence;
  }

  Argument read_value() {
    Argument value;
    value.name = word_;
    value.type = type_of(word_);
    next();
    return value;
  }

  /// A literal word, and the values or the choice behind it.
  Argument read_token() {
    const std::string token(word_);
    next();
    std::vector<Argument> values;
    while (at_value()) values.push_back(read_value());
    if (values.empty() && word_ == "[" && rest_.find('|') < rest_.find(']')) read_option(values);
    Argument argument;
    if (values.empty()) {
      argument.name = parsers::lower_case(token);
      argument.type = "pure-token";
    } else {
      argument = one_of("block", std::move(values));
      argument.optional = false;
    }
    argument.token = token;
    return argument;
  }

  /// What is between [ and ]: an option, or more of what is before it.
  void read_option(std::vector<Argument>& before) {
    next();
    std::vector<Argument> inside = read_alternatives();
    const bool repeats = word_ == "...";
    if (repeats) next();
    if (word_ == "]") next();
    const std::size_t count = inside.size();
    const auto same_name = [](const Argument& a, const Argument& b) { return a.name == b.name; };
    if (repeats && before.size() >= count &&
        std::equal(inside.begin(), inside.end(), before.end() - std::ptrdiff_t(count), same_name)) {
      before.resize(before.size() - count);
      Argument repeated = one_of("block", std::move(inside));
      repeated.multiple = true;
      before.push_back(std::move(repeated));
      return;
    }
    Argument option = one_of("block", std::move(inside));
    option.optional = true;
    option.multiple = option.multiple || repeats;
    before.push_back(std::move(option));
  }

  std::string_view rest_{};
  std::string_view word_{};
};

}  // namespace

std::vector<Argument> read_arguments(std::string_view text) {
  return ArgumentReader(text).read_alternatives();
}

void arguments_reply(RedisReply& reply, const std::vector<Argument>& arguments) {
  reply.list(arguments.size());
  for (const Argument& argument : arguments) {
    const bool is_key = argument.type == "key";
    const auto flags = std::size_t{argument.optional} + std::size_t{argument.multiple};
    reply.map(2 + std::size_t{is_key} + std::size_t{!argument.token.empty()} +
              std::size_t{flags != 0} + std::size_t{!argument.parts.empty()});
    reply.text("name").text(argument.name).text("type").text(argument.type);
    if (is_key) {
      const bool second = argument.name == "newkey" || argument.name == "destination";
      reply.text("key_spec_index").integer(second ? 1 : 0);
    }
    if (!argument.token.empty()) reply.text("token").text(argument.token);
    if (flags != 0) {
      reply.text("flags").set(flags);
      if (argument.optional) reply.word("optional");
      if (argument.multiple) reply.word("multiple");
    }
    if (argument.parts.empty()) continue;
    reply.text("arguments");
    arguments_reply(reply, argument.parts);
  }
}

}  // namespace kv
