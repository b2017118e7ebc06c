#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/trace.h"
#include "model/moment.h"
#include "model/number_index.h"
#include "model/recording.h"
#include "model/series.h"

namespace kv::viz {

inline constexpr std::size_t kNoPosition = std::numeric_limits<std::size_t>::max();
inline constexpr Instant kNever{std::numeric_limits<std::int64_t>::max()};

/// A time in which a node was one thing, in one term.
struct Band {
  Instant from{};
  Instant to{kNever};  ///< kNever: still so at the end of the recording
  Standing standing{};
  Term term{0};
  std::size_t position{0};  ///< of the record that began it
};

/// The kinds of messages that people tell apart.
enum class MessageKind : std::uint8_t {
  kHeartbeat,
  kReplicate,
  kReplicateReply,
  kElection,
  kElectionReply,
  kSync,
  kSyncReply,
  kHandover,
  kReadIndex,
  kReadIndexReply,
};
/// "HEARTBEAT", "REPLICATE" … as form_of().
std::string_view to_string(MessageKind kind);
MessageKind kind_of(const MessageBody& body);

/// A message on its way.
struct Flight {
  enum class Fate : std::uint8_t { kUnderWay, kDelivered, kLost };

  std::uint64_t message{0};
  NodeId from{kNoNode};
  NodeId to{kNoNode};
  MessageKind kind{};
  bool positive{true};  ///< a vote granted, an append accepted; of requests true
  bool pre{false};      ///< belongs to a pre-vote
  Term term{0};
  Instant sent{};
  Instant ended{kNever};
  Fate fate{Fate::kUnderWay};
  DropReason lost_by{};
  std::size_t sent_position{0};
  std::size_t end_position{kNoPosition};
};

/// A client's operation.
struct ClientOperation {
  std::uint64_t operation{0};
  std::uint32_t client{0};
  NodeId node{kNoNode};
  OperationKind kind{};
  Ending ending{Ending::kPending};
  Instant called{};
  Instant answered{kNever};
  std::size_t call_position{0};
  std::size_t answer_position{kNoPosition};
};

/// A time in which clients could not be served, after they could for the first time.
struct Outage {
  Instant from{};
  Instant to{kNever};
};

enum class NoteKind : std::uint8_t {
  kStop,  ///< crash, power cut …
  kStart,
  kPause,
  kResume,
  kWipe,
  kCampaign,  ///< a real one, not a pre-vote
  kElected,
  kStepDown,
  kCut,  ///< one or more links at this instant
  kHeal,
  kTruncate,  ///< entries were replaced
  kSnapshot,  ///< one was installed
  kStep,      ///< of the scenario
  kExpectation,
  kViolation,
  kGap,  ///< records are missing
};

/// Something that a person should be able to find on the time axis.
struct Note {
  Instant at{};
  NodeId node{kNoNode};
  NoteKind kind{};
  std::size_t position{0};
  std::string words{};
};

/// What the whole recording holds, for axes and lists: built up record by record.
class Chronicle {
 public:
  explicit Chronicle(ClusterInfo cluster) : cluster_(std::move(cluster)), bands_(cluster_.size()) {}

  /// `after`: the moment with this record in it, which was at `position`.
  void append(const Record& record, std::size_t position, const Moment& after);
  /// Forgets messages, operations and notes of records before `position`. Bands and outages stay:
  /// they are few.
  void drop_before(std::size_t position);

  /// In order of time, without gaps, none of them empty but the last; id as in NodeId. They begin
  /// with the first record.
  const std::vector<Band>& bands(NodeId id) const { return bands_[id - 1]; }
  const std::deque<Flight>& flights() const { return flights_; }                 ///< by time sent
  const std::deque<ClientOperation>& operations() const { return operations_; }  ///< by time called
  const std::vector<Outage>& outages() const { return outages_; }
  const std::deque<Note>& notes() const { return notes_; }  ///< by time
  const Series& series() const { return series_; }
  /// No message that arrived or was lost was longer under way.
  Duration longest_flight() const { return longest_flight_; }
  /// Null: no such message was sent, or it is forgotten.
  const Flight* flight(std::uint64_t message) const;
  /// Null as well.
  const ClientOperation* operation(std::uint64_t operation) const;

 private:
  using Link = std::pair<NodeId, NodeId>;

  void follow_message(const Record& record, std::size_t position);
  void end_flight(std::uint64_t message, Flight::Fate fate, DropReason lost_by, Instant at,
                  std::size_t position);
  void follow_operation(const Record& record, std::size_t position);
  void follow_levels(const Record& record, const Moment& after);
  void follow_standing(const Record& record, std::size_t position, const Moment& after);
  void follow_service(const Record& record, const Moment& after);
  void take_notes(const Record& record, std::size_t position);
  void note_link(const Record& record, std::size_t position, const LinkChanged& change);

  ClusterInfo cluster_;
  std::vector<std::vector<Band>> bands_;
  std::deque<Flight> flights_{};
  std::deque<ClientOperation> operations_{};
  NumberIndex flight_places_{};
  NumberIndex operation_places_{};
  std::vector<Outage> outages_{};
  std::deque<Note> notes_{};
  Series series_{};
  Duration longest_flight_{};
  bool begun_{false};
  bool served_{false};
  std::vector<Link> cut_links_{};   ///< of the last note of its kind
  std::vector<Link> heal_links_{};  ///< as well
};

/// A record's note for people, or nothing if it deserves none. `restarted`: a node that started had
/// been here before. LinkChanged have theirs together, see words_of_links().
struct NoteWords {
  NoteKind kind{};
  std::string words{};
};
std::optional<NoteWords> note_words(const Record& record, const ClusterInfo& cluster,
                                    bool restarted);
/// Links that were cut or mended at one instant: "cut: node1 from node2, node3".
std::string words_of_links(const std::vector<std::pair<NodeId, NodeId>>& links, bool cut,
                           const ClusterInfo& cluster);

}  // namespace kv::viz
