// What a Redis client says about itself, and asks of the others.
#include <algorithm>
#include <charconv>

#include "client_listener.h"
#include "core/glob.h"
#include "redis_faces.h"
#include "redis_talk.h"
#include "steady_now.h"

namespace kv {
namespace {

std::string lower(std::string_view word) {
  std::string text(word);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

template <typename Number>
std::optional<Number> number_of(std::string_view word) {
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

/// One line of CLIENT LIST.
std::string line_of(const ClientSession& session) {
  const Instant now = steady_now();
  const auto seconds_since = [now](Instant then) { return (now - then).ns / seconds(1).ns; };
  std::string line = "id=" + std::to_string(session.id()) + " addr=" + session.address() +
                     " laddr=" + session.local_address() +
                     " fd=0 age=" + std::to_string(seconds_since(session.began())) +
                     " idle=" + std::to_string(seconds_since(session.last_input())) +
                     " tot-mem=" + std::to_string(session.held_bytes());
  line +=
      session.redis() != nullptr ? session.redis()->description() : " name= cmd=json user=default";
  return line + "\n";
}

bool usable_name(std::string_view name) {
  constexpr std::size_t kMostBytes = 256;
  return name.size() <= kMostBytes &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

/// The filters of CLIENT KILL.
struct Filters {
  std::optional<std::uint32_t> id{};
  std::string_view address{};
  std::string_view local_address{};
  bool skip_me{true};

  bool take(std::string_view name, std::string_view value) {
    if (same_word(name, "id")) {
      id = number_of<std::uint32_t>(value);
      return id.has_value();
    }
    if (same_word(name, "skipme")) {
      skip_me = same_word(value, "yes");
      return skip_me || same_word(value, "no");
    }
    if (!same_word(name, "addr") && !same_word(name, "laddr")) return false;
    (same_word(name, "addr") ? address : local_address) = value;
    return true;
  }
  bool fit(const ClientSession& session, std::uint32_t asker) const {
    return (!id || session.id() == *id) && (address.empty() || session.address() == address) &&
           (local_address.empty() || session.local_address() == local_address) &&
           !(skip_me && session.id() == asker);
  }
};

}  // namespace

bool RedisTalk::run_connection(Row row, const Words& words) {
  switch (row->verb) {
    case Verb::kAuth:
      return auth(words), true;
    case Verb::kClient:
      return client(words), true;
    case Verb::kEcho:
      return reply([&](RedisReply& out) { out.text(words[1]); }), true;
    case Verb::kHello:
      return hello(words), true;
    case Verb::kPing:
      return ping(words), true;
    case Verb::kQuit:
      return ok(), asker_.hang_up(), true;
    case Verb::kReset:
      return reset(), true;
    case Verb::kSelect:
      return select(words), true;
    case Verb::kMulti:
      return multi(), true;
    case Verb::kExec:
      return exec(row), true;
    case Verb::kDiscard:
      return discard(), true;
    case Verb::kWatch:
      return watch(words), true;
    case Verb::kUnwatch:
      return forget_watched(), ok(), true;
    case Verb::kSubscribe:
    case Verb::kPSubscribe:
      return subscribe(words, row->verb == Verb::kPSubscribe), true;
    case Verb::kUnsubscribe:
    case Verb::kPUnsubscribe:
      return unsubscribe(words, row->verb == Verb::kPUnsubscribe), true;
    case Verb::kReadOnly:
    case Verb::kReadWrite:
      reads_anywhere_ = row->verb == Verb::kReadOnly;
      return ok(), true;
    default:
      return false;
  }
}

void RedisTalk::ping(const Words& words) {
  if (words.size() > 2) return fail(wrong_arity("ping"));
  const std::string_view text = words.size() == 2 ? words[1] : std::string_view();
  reply([&](RedisReply& out) {
    if (protocol_ == 2 && subscribed()) {
      out.list(2).text("pong").text(text);
    } else if (words.size() == 2) {
      out.text(text);
    } else {
      out.word("PONG");
    }
  });
}

/// No passwords are kept, so as in Redis without any: the default user may say what he likes.
void RedisTalk::auth(const Words& words) {
  if (words.size() == 2) {
    return fail(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  }
  if (words.size() > 3) return fail("ERR syntax error");
  if (words[1] != "default")
    return fail("WRONGPASS invalid username-password pair or user is disabled.");
  ok();
}

void RedisTalk::hello(const Words& words) {
  int protocol = protocol_;
  if (words.size() > 1) {
    const auto asked = number_of<int>(words[1]);
    if (!asked) return fail("ERR Protocol version is not an integer or out of range");
    if (*asked != 2 && *asked != 3) return fail("NOPROTO unsupported protocol version");
    protocol = *asked;
  }
  std::string name = name_;
  for (std::size_t i = 2; i < words.size();) {
    if (same_word(words[i], "auth") && i + 2 < words.size()) {
      if (words[i + 1] != "default") {
        return fail("WRONGPASS invalid username-password pair or user is disabled.");
      }
      i += 3;
    } else if (same_word(words[i], "setname") && i + 1 < words.size()) {
      if (!usable_name(words[i + 1])) {
        return fail("ERR Client names cannot contain spaces, newlines or special characters.");
      }
      name = words[i + 1];
      i += 2;
    } else {
      return fail("ERR Syntax error in HELLO option '" + std::string(words[i]) + "'");
    }
  }
  protocol_ = protocol;
  name_ = std::move(name);
  reply([&](RedisReply& out) { hello_reply(out, listener_.facts(), client_id_); });
}

void RedisTalk::select(const Words& words) {
  const auto index = number_of<std::int64_t>(words[1]);
  if (!index) return fail("ERR value is not an integer or out of range");
  if (*index != static_cast<std::int32_t>(*index)) {
    return fail("ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  if (*index != 0) return fail("ERR DB index is out of range");
  ok();
}

void RedisTalk::reset() {
  in_transaction_ = aborted_ = false;
  queued_.clear();
  queued_bytes_ = 0;
  forget_watched();
  channels_.clear();
  patterns_.clear();
  name_.clear();
  protocol_ = 2;
  replies_ = true;
  reads_anywhere_ = listener_.redis_mode() == RedisMode::kStandalone;
  reply([](RedisReply& out) { out.word("RESET"); });
}

std::string RedisTalk::description() const {
  const std::string flags = subscribed() ? "P" : in_transaction_ ? "x" : "N";
  return " name=" + name_ + " flags=" + flags + " db=0 sub=" + std::to_string(channels_.size()) +
         " psub=" + std::to_string(patterns_.size()) +
         " multi=" + (in_transaction_ ? std::to_string(queued_.size()) : "-1") +
         " watch=" + std::to_string(watched_.size()) + " user=default lib-name=" + library_ +
         " lib-ver=" + library_version_ + " resp=" + std::to_string(protocol_);
}

// --- CLIENT ---

void RedisTalk::client(const Words& words) {
  const std::string what = lower(words[1]);
  if (what == "id" && words.size() == 2) {
    return reply([&](RedisReply& out) { out.integer(client_id_); });
  }
  if (what == "getname" && words.size() == 2) {
    return reply([&](RedisReply& out) { name_.empty() ? out.nil() : out.text(name_); });
  }
  if (what == "list" || what == "info") return list_clients(words);
  if (what == "kill" && words.size() > 2) return kill_clients(words);
  if (what == "reply" && words.size() == 3) return client_reply_mode(words);
  if (name_client(words) || client_setting(words)) return;
  const bool known = what == "setname" || what == "setinfo" || what == "getname" || what == "id" ||
                     what == "kill" || what == "reply" || what == "no-evict" || what == "no-touch";
  if (known) return fail(wrong_arity("client|" + what));
  fail(unknown_subcommand("client", words[1]));
}

/// SETNAME and SETINFO.
bool RedisTalk::name_client(const Words& words) {
  const bool name = same_word(words[1], "setname") && words.size() == 3;
  const bool info = same_word(words[1], "setinfo") && words.size() == 4;
  if (!name && !info) return false;
  if (!usable_name(words.back())) {
    const std::string what = name ? "Client names" : std::string(words[2]);
    return fail("ERR " + what + " cannot contain spaces, newlines or special characters."), true;
  }
  if (name) {
    name_ = words[2];
  } else if (same_word(words[2], "lib-name")) {
    library_ = words[3];
  } else if (same_word(words[2], "lib-ver")) {
    library_version_ = words[3];
  } else {
    return fail("ERR Unrecognized option '" + std::string(words[2]) + "'"), true;
  }
  return ok(), true;
}

/// What needs nothing to be done: nothing is evicted, nobody is paused, no capability is needed.
bool RedisTalk::client_setting(const Words& words) {
  const bool flag = same_word(words[1], "no-evict") || same_word(words[1], "no-touch");
  if (flag && words.size() == 3) {
    if (same_word(words[2], "on") || same_word(words[2], "off")) return ok(), true;
    return fail("ERR syntax error"), true;
  }
  const bool idle = same_word(words[1], "unpause") || same_word(words[1], "capa");
  return idle ? (ok(), true) : false;
}

void RedisTalk::client_reply_mode(const Words& words) {
  if (same_word(words[2], "on")) {
    replies_ = true;
    return ok();
  }
  if (same_word(words[2], "off")) {
    replies_ = false;
  } else if (same_word(words[2], "skip")) {
    if (replies_) skip_next_ = true;
    return;
  } else {
    return fail("ERR syntax error");
  }
}

void RedisTalk::list_clients(const Words& words) {
  const bool info = same_word(words[1], "info");
  std::vector<std::uint32_t> ids;
  if (info) ids.push_back(client_id_);
  if (!info && words.size() > 3 && same_word(words[2], "id")) {
    for (std::size_t i = 3; i < words.size(); ++i) {
      const auto id = number_of<std::uint32_t>(words[i]);
      if (!id) return fail("ERR Invalid client ID");
      ids.push_back(*id);
    }
  } else if (words.size() > 2) {
    return fail("ERR syntax error");
  }
  if (ids.empty()) ids = listener_.session_ids();
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::string text;
  for (const std::uint32_t id : ids) {
    if (const auto session = listener_.session(id)) text += line_of(*session);
  }
  reply([&](RedisReply& out) { out.verbatim(text); });
}

void RedisTalk::kill_clients(const Words& words) {
  Filters filters;
  const bool old_form = words.size() == 3;
  if (old_form) {
    filters.address = words[2];
    filters.skip_me = false;
  }
  for (std::size_t i = 2; !old_form && i < words.size(); i += 2) {
    if (i + 1 == words.size() || !filters.take(words[i], words[i + 1])) {
      return fail("ERR syntax error");
    }
  }
  std::int64_t killed = 0;
  bool myself = false;
  for (const auto& session : listener_.sessions()) {
    if (!filters.fit(*session, client_id_)) continue;
    ++killed;
    // This one is answered first.
    if (session->id() == client_id_) {
      myself = true;
    } else {
      session->close();
    }
  }
  if (old_form && killed == 0) return fail("ERR No such client");
  old_form ? ok() : reply([&](RedisReply& out) { out.integer(killed); });
  if (myself) asker_.hang_up();
}

// --- channels: there is one that speaks, +switch-master ---

void RedisTalk::subscribe(const Words& words, bool patterns) {
  auto& kept = patterns ? patterns_ : channels_;
  constexpr std::size_t kMost = 1000;
  constexpr std::size_t kMostNameBytes = 1024;
  if (kept.size() + words.size() > kMost) {
    return fail("ERR at most " + std::to_string(kMost) + " channels can be listened to");
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].size() > kMostNameBytes) {
      fail("ERR the name of a channel has at most " + std::to_string(kMostNameBytes) + " bytes");
      continue;
    }
    kept.emplace(words[i]);
    reply([&](RedisReply& out) {
      out.push(3).text(patterns ? "psubscribe" : "subscribe").text(words[i]);
      out.integer(static_cast<std::int64_t>(channels_.size() + patterns_.size()));
    });
  }
}

void RedisTalk::unsubscribe(const Words& words, bool patterns) {
  auto& kept = patterns ? patterns_ : channels_;
  std::vector<std::string> gone(words.begin() + 1, words.end());
  if (gone.empty()) gone.assign(kept.begin(), kept.end());
  const auto tell = [&](const std::string* channel) {
    reply([&](RedisReply& out) {
      out.push(3).text(patterns ? "punsubscribe" : "unsubscribe");
      channel != nullptr ? out.text(*channel) : out.nil();
      out.integer(static_cast<std::int64_t>(channels_.size() + patterns_.size()));
    });
  };
  if (gone.empty()) tell(nullptr);
  for (const std::string& channel : gone) {
    kept.erase(channel);
    tell(&channel);
  }
}

std::string RedisTalk::message(std::string_view channel, std::string_view text) const {
  std::string out;
  RedisReply reply(out, protocol_);
  if (channels_.contains(channel)) reply.push(3).text("message").text(channel).text(text);
  for (const std::string& pattern : patterns_) {
    if (!glob_matches(pattern, channel)) continue;
    reply.push(4).text("pmessage").text(pattern).text(channel).text(text);
  }
  return out;
}

}  // namespace kv
