#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/types.h"
#include "server/cluster.h"

namespace kv {

/// A blocking TCP connection that speaks in lines. For one thread at a time. After an error the
/// connection is of no more use: open another one. Errors begin with the address, "host:port: ".
class LineConnection {
 public:
  /// `timeout` bounds the whole attempt, but for the look-up of a host name.
  static Result<LineConnection> connect(const std::string& host, std::uint16_t port,
                                        Duration timeout);

  LineConnection(LineConnection&& other) noexcept;
  LineConnection& operator=(LineConnection&& other) noexcept;
  ~LineConnection();

  /// Sends `line`, which has no line end, and waits for the line that answers it.
  Result<std::string> request(std::string_view line, Duration timeout);

  /// For pipelining: sends `lines`, each with its LF, and takes in what arrives meanwhile, so that
  /// two ends that both send can't block each other.
  Outcome send(std::string_view lines, Duration timeout);
  /// The next line, without its LF, of any size. `timeout` is the longest silence to put up with.
  Result<std::string> receive(Duration timeout);

  /// Open, with nothing unread. False when the other end closed it meanwhile.
  bool idle() const;
  const std::string& address() const { return address_; }

 private:
  LineConnection(int socket, std::string address) : socket_(socket), address_(std::move(address)) {}
  Outcome take_in();
  Error failure(std::string_view what) const;

  int socket_{-1};
  std::string address_{};
  std::string arrived_{};  ///< bytes from the socket; those before `taken_` were handed out
  std::size_t taken_{0};
  std::size_t searched_{0};  ///< no LF between `taken_` and here
};

/// One JSON reply of a node, taken apart.
struct Reply {
  std::string json{};    ///< as received
  std::string status{};  ///< "OK" or "ERROR"
  std::string code{};    ///< of an error: "NOT_PRIMARY" …
  std::string message{};
  std::optional<std::string> value{};  ///< the JSON text of "value", byte for byte as received
  std::optional<std::string> value_base64{};  ///< instead of it, when the value isn't UTF-8
  std::optional<Member> primary{};            ///< who is, says a node that isn't
  std::string
      node_id{};  ///< the node that answered; empty if none did (see ClusterClient::execute)

  bool ok() const { return status == "OK"; }
  /// The write may or may not have taken effect.
  bool outcome_unknown() const { return code == "UNKNOWN_OUTCOME"; }
};

/// Sends commands to the primary, finds it, and follows it through failovers. For one thread.
class ClusterClient {
 public:
  /// The documented failover takes 5 to 8 s.
  static constexpr Duration kDefaultTimeout = seconds(15);

  explicit ClusterClient(ClusterConfig cluster);

  /// One command line without line end, such as "SET key value". Tries again, until `timeout` is
  /// over, whatever surely had no effect (nobody answers, "I'm not the primary" …), and reads
  /// always. The answer:
  /// - a Reply that is ok(), or whose error another try wouldn't change (NOT_FOUND, BAD_REQUEST …);
  /// - a Reply with outcome_unknown() for a write that may have taken effect: no second try. When
  /// the
  ///   connection broke before the answer came, this Reply was made here and its node_id is empty;
  /// - the last refusal, when the time is over;
  /// - an Error when no node took the line at all: surely no effect.
  Result<Reply> execute(std::string_view line, Duration timeout = kDefaultTimeout);

  /// The node that the next command goes to first: the primary, if the last one succeeded.
  const Member& target() const { return target_; }

 private:
  struct Attempt;
  Attempt attempt(std::string_view line, Duration time_left);
  bool follow_hint(const Reply& refusal);
  void turn_to_next();

  ClusterConfig cluster_;
  Member target_;
  std::size_t next_{1};                         ///< index of the member to turn to after `target_`
  std::optional<LineConnection> connection_{};  ///< to `target_`
};

/// What one node says in answer to STATUS. What it doesn't say has the initial value.
struct NodeStatus {
  struct Peer {
    std::string node_id{};
    bool reachable{false};
    bool wiped{false};
    std::optional<std::uint64_t> durable{};
  };

  std::string json{};  ///< as received
  std::string node_id{};
  std::string role{};  ///< "primary" or "secondary"
  std::optional<std::uint64_t> election_term{};
  bool serving{false};  ///< a primary that doesn't say is taken to serve
  std::string detail_role{};
  std::string primary{};  ///< node id; empty: this node knows of none
  std::optional<std::uint64_t> commit{}, applied{}, last_index{}, first_index{}, persisted{};
  std::optional<std::uint64_t> snapshot_index{}, keys{}, memory_bytes{};
  std::optional<std::uint64_t> uptime_seconds{}, pid{}, connections{};
  std::string ack{}, timing{}, storage{}, version{};
  bool wiped{false};
  std::vector<Peer> peers{};

  bool serves() const { return role == "primary" && serving; }
};

/// One line to one node, whatever its role: no search for the primary, no second try. An Error
/// after `timeout` of silence doesn't tell whether the line had an effect.
Result<Reply> ask(const Member& member, std::string_view line, Duration timeout);

Result<NodeStatus> status_of(const Member& member, Duration timeout);

/// Asks all nodes at the same time; the answers are in the order of the members.
std::vector<Result<NodeStatus>> status_of_all(const ClusterConfig& cluster, Duration timeout);

/// Position of the answer of the serving primary, by the highest term if two claim it; nothing:
/// there is none.
std::optional<std::size_t> primary_among(const std::vector<Result<NodeStatus>>& answers);

}  // namespace kv
