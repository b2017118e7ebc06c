#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "asker.h"
#include "client_requests.h"
#include "redis_commands.h"
#include "redis_reply.h"

namespace kv {

class ClientListener;

/// Redis's dialect on one connection: its protocol version, name, transaction, watched keys and
/// channels. Knows no sockets.
class RedisTalk {
 public:
  RedisTalk(Asker& asker, ClientListener& listener, std::uint32_t client_id);

  /// When the command may be taken.
  Turn turn(const Words& words);
  void take(const Words& words);
  /// What a watched key was like.
  void watched(std::string key, std::int64_t fingerprint);
  /// A watched key could not be read: the transaction must not be carried out.
  void watch_failed() { watch_failed_ = true; }
  /// The message, if this connection has subscribed to the channel.
  std::string message(std::string_view channel, std::string_view text) const;

  bool subscribed() const { return !channels_.empty() || !patterns_.empty(); }
  bool in_transaction() const { return in_transaction_; }
  int protocol() const { return protocol_; }
  const std::string& name() const { return name_; }
  /// The fields of CLIENT INFO that it knows.
  std::string description() const;

 private:
  using Row = const RedisCommand*;

  // redis_talk.cc: which command it is, and the store's
  std::optional<std::string> objection(Row row, const Words& words) const;
  void fail(std::string_view text);
  void say(std::string reply);
  template <typename Write>
  void reply(Write write) {
    std::string out;
    RedisReply reply(out, protocol_);
    write(reply);
    say(std::move(out));
  }
  void ok() {
    reply([](RedisReply& out) { out.ok(); });
  }
  bool speaks() const { return replies_ && !skipped_; }
  ReplyForm form(Row row) const;
  ParseContext context();
  void ask_store(Row row, const Words& words);
  void run(Row row, const Words& words);
  bool run_connection(Row row, const Words& words);
  bool run_node(Row row, const Words& words);

  // redis_transaction.cc
  void queue(Row row, const Words& words);
  void abort_transaction(std::string_view text);
  void multi();
  void exec(Row row);
  void discard();
  void watch(const Words& words);
  void forget_watched();

  // redis_connection.cc: this client, and the others
  void ping(const Words& words);
  void hello(const Words& words);
  void auth(const Words& words);
  void client(const Words& words);
  bool name_client(const Words& words);
  bool client_setting(const Words& words);
  void client_reply_mode(const Words& words);
  void kill_clients(const Words& words);
  void list_clients(const Words& words);
  void reset();
  void select(const Words& words);
  void subscribe(const Words& words, bool patterns);
  void unsubscribe(const Words& words, bool patterns);

  // redis_node.cc: the node
  void tell_time();
  void wait(Row row, const Words& words);
  void save();
  void save_in_background(std::string_view started);
  void shut_down(const Words& words);
  void slowlog(const Words& words);
  void memory(Row row, const Words& words);
  void config(const Words& words);
  void fail_over(const Words& words);

  Asker& asker_;
  ClientListener& listener_;
  std::uint32_t client_id_;
  std::uint64_t random_draws_{0};  ///< for RANDOMKEY
  Row found_{nullptr};             ///< by turn(), for take()

  int protocol_{2};
  std::string name_{};
  std::string library_{};
  std::string library_version_{};
  bool replies_{true};
  bool skip_next_{false};  ///< CLIENT REPLY SKIP
  bool skipped_{false};    ///< the command under way is
  bool reads_anywhere_{false};

  bool in_transaction_{false};
  bool aborted_{false};
  std::vector<std::vector<std::string>> queued_{};
  std::size_t queued_bytes_{0};
  std::map<std::string, std::int64_t> watched_{};
  bool watch_failed_{false};

  std::set<std::string, std::less<>> channels_{};
  std::set<std::string, std::less<>> patterns_{};
};

}  // namespace kv
