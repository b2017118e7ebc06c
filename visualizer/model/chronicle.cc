#include "model/chronicle.h"

#include <algorithm>
#include <iterator>
#include <variant>

#include "core/check.h"
#include "core/overloaded.h"
#include "model/phrases.h"

namespace kv::viz {
namespace {

/// Of messages whose content says so: a vote granted, an append accepted.
bool is_positive(const MessageBody& body) {
  if (const auto* vote = std::get_if<VoteReply>(&body)) return vote->granted;
  if (const auto* append = std::get_if<AppendReply>(&body)) return append->accepted;
  return true;
}

bool is_pre(const MessageBody& body) {
  if (const auto* request = std::get_if<VoteRequest>(&body)) return request->pre;
  if (const auto* reply = std::get_if<VoteReply>(&body)) return reply->pre;
  return false;
}

Flight flight_of(const Record& record, const MessageSent& sent, std::size_t position) {
  Flight flight;
  flight.message = sent.message;
  flight.from = record.node;
  flight.to = sent.content->to;
  flight.kind = kind_of(sent.content->body);
  flight.positive = is_positive(sent.content->body);
  flight.pre = is_pre(sent.content->body);
  flight.term = sent.content->term;
  flight.sent = record.at;
  flight.sent_position = position;
  return flight;
}

/// Whether the record can begin or end the time in which clients are served.
bool may_change_service(const Record& record, const Moment& after, bool served) {
  if (const auto* event = std::get_if<Event>(&record.fact)) {
    if (std::holds_alternative<RoleChanged>(*event)) return true;
    return !served && std::holds_alternative<CommitAdvanced>(*event) &&
           after.node(record.node).role == Role::kLeader;
  }
  return std::visit(Overloaded{
                        [](const NodeStarted&) { return true; },
                        [](const NodeStopped&) { return true; },
                        [](const NodeObserved&) { return true; },
                        [](const NodePaused&) { return true; },
                        [](const NodeResumed&) { return true; },
                        [](const LinkChanged&) { return true; },
                        [](const auto&) { return false; },
                    },
                    record.fact);
}

void count_ending(Bucket& bucket, Ending ending) {
  bucket.ok += ending == Ending::kOk ? 1 : 0;
  bucket.refused += ending == Ending::kRefused ? 1 : 0;
  bucket.unknown += ending == Ending::kUnknown ? 1 : 0;
}

void count_served(Bucket& bucket, const ClientsServed& served) {
  const auto ok = static_cast<std::uint32_t>(served.ok);
  bucket.ok += ok;
  bucket.refused += static_cast<std::uint32_t>(served.refused);
  bucket.unknown += static_cast<std::uint32_t>(served.unknown);
  if (ok == 0) return;
  bucket.latency.add(Duration{served.median_ns}, ok - 1);
  bucket.latency.add(Duration{served.slowest_ns});
}

}  // namespace

std::string_view to_string(MessageKind kind) {
  switch (kind) {
    case MessageKind::kHeartbeat:
      return "HEARTBEAT";
    case MessageKind::kReplicate:
      return "REPLICATE";
    case MessageKind::kReplicateReply:
      return "REPLICATE_REPLY";
    case MessageKind::kElection:
      return "ELECTION";
    case MessageKind::kElectionReply:
      return "ELECTION_REPLY";
    case MessageKind::kSync:
      return "SYNC";
    case MessageKind::kSyncReply:
      return "SYNC_REPLY";
    case MessageKind::kHandover:
      return "HANDOVER";
    case MessageKind::kReadIndex:
      return "READ_INDEX";
    case MessageKind::kReadIndexReply:
      return "READ_INDEX_REPLY";
  }
  CHECK(false);
}

MessageKind kind_of(const MessageBody& body) {
  return std::visit(Overloaded{
                        [](const VoteRequest&) { return MessageKind::kElection; },
                        [](const VoteReply&) { return MessageKind::kElectionReply; },
                        [](const AppendRequest& e) {
                          return e.entries.empty() ? MessageKind::kHeartbeat
                                                   : MessageKind::kReplicate;
                        },
                        [](const AppendReply&) { return MessageKind::kReplicateReply; },
                        [](const SnapshotRequest&) { return MessageKind::kSync; },
                        [](const SnapshotReply&) { return MessageKind::kSyncReply; },
                        [](const TimeoutNow&) { return MessageKind::kHandover; },
                        [](const ReadIndexRequest&) { return MessageKind::kReadIndex; },
                        [](const ReadIndexReply&) { return MessageKind::kReadIndexReply; },
                    },
                    body);
}

void Chronicle::append(const Record& record, std::size_t position, const Moment& after) {
  if (record.node > cluster_.size() || tells_of_stranger(record, cluster_)) return;
  // Before the standing changes: whether a node comes back shows in what it was.
  take_notes(record, position);
  follow_message(record, position);
  follow_operation(record, position);
  follow_levels(record, after);
  follow_standing(record, position, after);
  if (may_change_service(record, after, served_)) follow_service(record, after);
}

void Chronicle::drop_before(std::size_t position) {
  while (!flights_.empty() && flights_.front().sent_position < position) {
    flights_.pop_front();
    flight_places_.drop_oldest();
  }
  while (!operations_.empty() && operations_.front().call_position < position) {
    operations_.pop_front();
    operation_places_.drop_oldest();
  }
  while (!notes_.empty() && notes_.front().position < position) notes_.pop_front();
}

// --- messages and operations ---

const Flight* Chronicle::flight(std::uint64_t message) const {
  const std::optional<std::size_t> place = flight_places_.place(message);
  return place ? &flights_[*place - flight_places_.dropped()] : nullptr;
}

const ClientOperation* Chronicle::operation(std::uint64_t operation) const {
  const std::optional<std::size_t> place = operation_places_.place(operation);
  return place ? &operations_[*place - operation_places_.dropped()] : nullptr;
}

void Chronicle::follow_message(const Record& record, std::size_t position) {
  if (const auto* sent = std::get_if<MessageSent>(&record.fact)) {
    flights_.push_back(flight_of(record, *sent, position));
    flight_places_.add(sent->message);
    ++series_.at(record.at).messages;
  } else if (const auto* delivered = std::get_if<MessageDelivered>(&record.fact)) {
    end_flight(delivered->message, Flight::Fate::kDelivered, {}, record.at, position);
  } else if (const auto* dropped = std::get_if<MessageDropped>(&record.fact)) {
    end_flight(dropped->message, Flight::Fate::kLost, dropped->reason, record.at, position);
  }
}

/// Of a message that is delivered twice the first arrival counts, of one that is lost and arrives
/// the arrival.
void Chronicle::end_flight(std::uint64_t message, Flight::Fate fate, DropReason lost_by, Instant at,
                           std::size_t position) {
  const std::optional<std::size_t> place = flight_places_.place(message);
  if (!place) return;
  Flight& flight = flights_[*place - flight_places_.dropped()];
  if (flight.fate == Flight::Fate::kDelivered || flight.fate == fate) return;
  flight.fate = fate;
  flight.lost_by = lost_by;
  flight.ended = at;
  flight.end_position = position;
  longest_flight_ = std::max(longest_flight_, at - flight.sent);
}

void Chronicle::follow_operation(const Record& record, std::size_t position) {
  if (const auto* called = std::get_if<ClientCalled>(&record.fact)) {
    ClientOperation operation;
    operation.operation = called->operation;
    operation.client = called->client;
    operation.node = record.node;
    operation.kind = called->kind;
    operation.called = record.at;
    operation.call_position = position;
    operations_.push_back(operation);
    operation_places_.add(called->operation);
  } else if (const auto* answered = std::get_if<ClientAnswered>(&record.fact)) {
    Bucket& bucket = series_.at(record.at);
    count_ending(bucket, answered->ending);
    const std::optional<std::size_t> place = operation_places_.place(answered->operation);
    if (!place) return;
    ClientOperation& operation = operations_[*place - operation_places_.dropped()];
    operation.ending = answered->ending;
    operation.answered = record.at;
    operation.answer_position = position;
    if (answered->ending == Ending::kOk) bucket.latency.add(record.at - operation.called);
  } else if (const auto* served = std::get_if<ClientsServed>(&record.fact)) {
    count_served(series_.at(record.at), *served);
  }
}

// --- levels, standings, service ---

void Chronicle::follow_levels(const Record& record, const Moment& after) {
  if (record.node == kNoNode) return;
  const auto* event = std::get_if<Event>(&record.fact);
  if (event != nullptr && (std::holds_alternative<EntriesApplied>(*event) ||
                           std::holds_alternative<EntriesAppended>(*event) ||
                           std::holds_alternative<CommitAdvanced>(*event))) {
    series_.set_lag(record.at, after.lag().value_or(0));
  }
  const std::vector<Band>& bands = bands_[record.node - 1];
  const Term term = after.node(record.node).term;
  if (bands.empty() || bands.back().term != term) series_.set_term(record.at, after.latest_term());
}

void Chronicle::follow_standing(const Record& record, std::size_t position, const Moment& after) {
  if (!std::exchange(begun_, true)) {
    for (auto& bands : bands_) {
      bands.push_back({record.at, kNever, Standing::kUnknown, 0, position});
    }
  }
  if (record.node == kNoNode) return;
  const NodeMoment& node = after.node(record.node);
  const Band now{record.at, kNever, node.standing(), node.term, position};
  std::vector<Band>& bands = bands_[record.node - 1];
  const auto same = [&] {
    return bands.back().standing == now.standing && bands.back().term == now.term;
  };
  if (same()) return;
  // What lasted no time is left out.
  if (bands.back().from == now.from) {
    bands.pop_back();
    if (!bands.empty() && same()) {
      bands.back().to = kNever;
      return;
    }
  }
  if (!bands.empty()) bands.back().to = now.from;
  bands.push_back(now);
}

void Chronicle::follow_service(const Record& record, const Moment& after) {
  const bool serves = after.primary() != kNoNode;
  if (serves == served_) return;
  served_ = serves;
  if (!serves) {
    outages_.push_back({record.at, kNever});
  } else if (!outages_.empty()) {
    outages_.back().to = record.at;
    if (outages_.back().from == record.at) outages_.pop_back();
  }
}

// --- notes ---

void Chronicle::take_notes(const Record& record, std::size_t position) {
  if (const auto* link = std::get_if<LinkChanged>(&record.fact)) {
    note_link(record, position, *link);
    return;
  }
  const bool restarted = record.node != kNoNode && !bands_[record.node - 1].empty() &&
                         bands_[record.node - 1].back().standing != Standing::kUnknown;
  std::optional<NoteWords> words = note_words(record, cluster_, restarted);
  if (!words) return;
  notes_.push_back({record.at, record.node, words->kind, position, std::move(words->words)});
}

/// Links that change at one instant, one after the other, make one note; it stands where the last
/// of them does, so that who goes there sees all of them changed.
void Chronicle::note_link(const Record& record, std::size_t position, const LinkChanged& change) {
  const NoteKind kind = change.cut ? NoteKind::kCut : NoteKind::kHeal;
  std::vector<Link>& links = change.cut ? cut_links_ : heal_links_;
  const auto is_link_note = [&](const Note& note) {
    return note.at == record.at && (note.kind == NoteKind::kCut || note.kind == NoteKind::kHeal);
  };
  auto found = notes_.end();
  for (auto note = notes_.rbegin(); note != notes_.rend() && is_link_note(*note); ++note) {
    if (note->kind == kind) found = std::prev(note.base());
  }
  if (found == notes_.end()) {
    links.clear();
    notes_.push_back({record.at, kNoNode, kind, position, {}});
  } else {
    std::rotate(found, std::next(found), notes_.end());
  }
  links.emplace_back(change.from, change.to);
  notes_.back().position = position;
  notes_.back().words = words_of_links(links, change.cut, cluster_);
}

}  // namespace kv::viz
