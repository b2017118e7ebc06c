#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "asker.h"
#include "client_requests.h"
#include "client_socket.h"
#include "core/client.h"
#include "line_dialect.h"
#include "redis_talk.h"
#include "request_reader.h"
#include "trace_feed.h"

namespace kv {

class ClientListener;

/// Of replies that the client doesn't take: beyond it nothing more is taken from the client.
inline constexpr std::size_t kMaxUnsentBytes = 1 << 20;

/// One client's connection, in either dialect. One read may bring many commands; they are submitted
/// together, answered in their order, and all replies that are ready leave in one write. Requests
/// take effect in their order, too: a GET sees the SETs before it and none behind it. A client that
/// doesn't read its replies isn't read from. Used on the loop's thread.
class ClientSession final : public std::enable_shared_from_this<ClientSession>, private Asker {
 public:
  /// `id` is unique among the open sessions: a RequestId is (id, number of the request in the
  /// session).
  ClientSession(asio::ip::tcp::socket socket, std::uint32_t id, ClientListener& owner);

  void start();
  /// The socket can be read from, written to, or neither any more.
  void ready(bool readable, bool writable, bool broken);
  /// An answer to request `number`; it is sent with the next proceed().
  void deliver(std::uint32_t number, ClientReply reply, Instant now);
  /// Sends what is ready, and takes on what waits for its turn.
  void proceed();
  /// To a session that watches: what the node did.
  void show(const TraceBatch& batch);
  /// To a session that has subscribed to the channel.
  void publish(std::string_view channel, std::string_view text);
  /// The node has done something, or it is too late: see Asker::answer_when().
  void poll(bool late);
  bool polls() const { return poll_ != nullptr; }
  void close();
  /// An idle connection needs no buffers.
  void give_back_memory();
  /// Closes once all is answered and sent.
  void send_away();

  std::uint32_t id() const { return id_; }
  /// Null as long as it spoke no RESP.
  const RedisTalk* redis() const { return redis_.get(); }
  /// "127.0.0.1:40000"; its own and the node's side.
  const std::string& address() const { return address_; }
  std::string local_address() const;
  Instant began() const { return began_; }
  Instant last_input() const { return last_input_; }
  std::size_t held_bytes() const;
  /// All that was asked is answered and sent; a trace has no end to wait for.
  bool owes_nothing() const { return feed_ || (slots_.empty() && unsent_bytes() == 0); }
  /// Answers were delivered since the last proceed().
  bool marked{false};

 private:
  /// An answer's place in the queue.
  struct Slot {
    enum class State : std::uint8_t {
      kSubmitted,
      kDropped,  ///< no room for the value: it is read again when this slot is the first one
      kWaiting,  ///< for poll_
      kReady,
    };
    State state{};
    bool reads{false};
    bool anywhere{false};  ///< of a read: see ReadRequest
    ReplyForm form{};
    Instant began{};
    std::string about{};  ///< a read: its command; else the first key. As long as it isn't ready
    std::string reply{};  ///< once it is
  };
  /// What waits for its turn. Views into reader_ or inline_: nothing is fed until it is gone.
  using Held = std::variant<LineRequest, const Words*>;

  // Asker
  void answer(std::string reply) override;
  void ask_read(ReplyForm form, std::string command, bool anywhere) override;
  void ask_write(ReplyForm form, std::string command, std::string_view key) override;
  void answer_when(std::function<std::optional<std::string>(bool late)> poll,
                   Duration timeout) override;
  void hang_up() override { hanging_up_ = true; }
  LogIndex last_write() const override { return last_write_; }
  bool from_this_machine() const override;

  // client_session.cc: the socket, and whose turn it is
  bool backlogged() const;
  std::size_t unsent_bytes() const { return out_.size() - sent_bytes_; }
  bool out_of_turn(const Held& held);
  std::optional<Held> next_request();
  std::optional<Held> held_line(const TextLine& line);
  void take_requests();
  void take(const Held& held);
  void take_line(const LineRequest& request);
  RedisTalk& talk();
  void refuse_web();
  void refuse_frame(std::string_view reason);
  void shut_down_node();
  void watch();
  void send();
  bool wants_input() const;
  void set_interest();
  void receive();
  void finish_if_done();
  void close_soon();

  // client_answers.cc: the queue of answers
  /// For a value of that size as the answer of the slot at `at`. Always in the first slot once
  /// read_again() asked for it.
  bool has_room(std::size_t at, std::size_t size_bytes) const;
  void submit(Slot slot, decltype(ClientRequest::body) body);
  void read_again();
  void finish(std::size_t at);
  void append_reply(std::string& out, const Slot& slot, const ClientReply& reply);
  void append_json(std::string& out, const Slot& slot, const Answer& answer) const;
  void append_refusal(std::string& out, const Slot& slot, const Refusal& refusal);
  void release_ready();
  std::string_view first_key(const Slot& slot) const;
  std::string shutdown_refusal() const;

  ClientSocket socket_;
  std::uint32_t id_;
  ClientListener& owner_;
  std::string address_{};
  Instant began_{};
  Instant last_input_{};

  RequestReader reader_;
  std::unique_ptr<RedisTalk> redis_{};
  std::optional<Held> held_{};
  std::vector<std::string> inline_{};  ///< the words of a line in Redis's dialect
  Words inline_words_{};
  bool told_of_input_{true};  ///< by the SocketWatch
  bool told_of_output_{false};
  bool input_ended_{false};   ///< the client sends nothing more
  bool tail_checked_{false};  ///< the end of the input was looked at
  bool hanging_up_{false};    ///< the rest of its input is thrown away
  bool closing_soon_{false};
  bool closed_{false};
  std::size_t discarded_bytes_{0};

  std::size_t open_reads_{0};   ///< submitted or dropped
  std::size_t open_writes_{0};  ///< submitted; never both
  /// Bounds the reads under way: grows at once with the sizes seen, and shrinks slowly.
  std::size_t expected_value_bytes_;
  std::deque<Slot> slots_{};
  std::size_t waiting_bytes_{0};   ///< the replies in slots_
  std::uint32_t first_number_{0};  ///< of slots_.front(); the others follow on
  std::string out_{};              ///< answers in order
  std::size_t sent_bytes_{0};      ///< of out_
  LogIndex last_write_{0};

  std::uint32_t poll_number_{0};  ///< of the slot that waits for poll_
  std::function<std::optional<std::string>(bool late)> poll_{};
  std::unique_ptr<asio::steady_timer> poll_timer_{};

  std::optional<TraceFeed> feed_{};  ///< after a TRACE: no more requests are taken
};

}  // namespace kv
