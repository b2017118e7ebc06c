#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "core/client.h"
#include "line_dialect.h"
#include "trace_feed.h"

namespace kv {

class ClientListener;

/// What clients ask of their node.
class ClientRequests {
 public:
  /// Answered later through ClientListener::deliver(), never at once.
  virtual void submit(ClientRequest request) = 0;
  /// The reply to STATUS, a whole line.
  virtual std::string status_line() = 0;
  virtual void shut_down() = 0;
  /// No more requests are taken.
  virtual bool stopping() const = 0;
  /// Only while stopping: a client has been answered all it asked, or is gone.
  virtual void client_done() = 0;
  /// A client watches from now on; it is shown what happens until it goes.
  virtual void watch_begins() = 0;

 protected:
  ~ClientRequests() = default;
};

/// One client's connection in the line dialect. One read may bring many commands; they are
/// submitted together, answered in their order, and all replies that are ready leave in one write.
/// Requests take effect in their order, too: a GET sees the SETs before it and none behind it. A
/// client that doesn't read its replies isn't read from. Used on the loop's thread.
class ClientSession : public std::enable_shared_from_this<ClientSession> {
 public:
  /// `id` is unique among the open sessions: a RequestId is (id, number of the request in the
  /// session).
  ClientSession(asio::ip::tcp::socket socket, std::uint32_t id, ClientListener& owner);

  void start() { proceed(); }
  /// An answer to request `number`; it is sent with the next proceed().
  void deliver(std::uint32_t number, const ClientReply& reply);
  /// Sends what is ready, and takes on what waits for its turn.
  void proceed();
  /// To a session that watches: what the node did.
  void show(const TraceBatch& batch);
  void close();

  std::uint32_t id() const { return id_; }
  /// All that was asked is answered and sent; a trace has no end to wait for.
  bool owes_nothing() const {
    return feed_ || (slots_.empty() && out_.empty() && sending_.empty());
  }
  /// Answers were delivered since the last proceed().
  bool marked{false};

 private:
  /// An answer's place in the queue.
  struct Slot {
    enum class Kind : std::uint8_t { kSet, kGet, kDelete, kLocal };
    enum class State : std::uint8_t {
      kSubmitted,
      kDropped,  ///< no room for the value: it is read again when this slot is the first one
      kReady,
    };
    Kind kind{};
    State state{};
    std::string key{};    ///< as long as the answer is not ready
    std::string reply{};  ///< once it is
  };

  bool backlogged() const;
  std::size_t unsent_bytes() const { return out_.size() + sending_.size(); }
  /// For a value of that size as the answer of the slot at `at`. Always in the first slot once
  /// read_again() asked for it.
  bool has_room(std::size_t at, std::size_t size_bytes) const;
  /// The replica may answer a read before the writes submitted ahead of it, or after those behind
  /// it; and the values of many reads at once must not fill the memory.
  bool out_of_turn(const LineRequest& request) const;
  void take_requests();
  void take(const LineRequest& request);
  void shut_down_node();
  void watch();
  void refuse_for_shutdown(std::string& reply) const;
  void submit(Slot::Kind kind, std::string_view key, decltype(ClientRequest::body) body);
  void read_again();
  /// An answer that needs nobody else.
  void answer(std::string reply);
  void append_reply(std::string& out, const Slot& slot, const ClientReply& reply) const;
  void release_ready();
  void send();
  void read();
  void received(std::size_t size);
  void finish_if_done();
  void close_soon();

  asio::ip::tcp::socket socket_;
  std::uint32_t id_;
  ClientListener& owner_;

  LineReader reader_{};
  /// Waits for its turn, with views into reader_: nothing is fed until it is gone.
  std::optional<LineRequest> held_{};
  std::vector<char> input_;
  bool reading_{false};
  bool input_ended_{false};   ///< the client sends nothing more
  bool tail_checked_{false};  ///< LineReader::finish() was asked
  bool refused_{false};       ///< an HTTP client: the rest of its input is thrown away
  bool closing_soon_{false};
  std::size_t discarded_bytes_{0};

  std::size_t open_reads_{0};   ///< submitted or dropped
  std::size_t open_writes_{0};  ///< submitted; never both
  /// Bounds the reads under way: grows at once with the sizes seen, and shrinks slowly.
  std::size_t expected_value_bytes_;
  std::deque<Slot> slots_{};
  std::size_t waiting_bytes_{0};   ///< the replies in slots_
  std::uint32_t first_number_{0};  ///< of slots_.front(); the others follow on
  std::string out_{};              ///< answers in order, not sent yet
  std::string sending_{};          ///< the write under way

  std::optional<TraceFeed> feed_{};  ///< after a TRACE: no more requests are taken
};

}  // namespace kv
