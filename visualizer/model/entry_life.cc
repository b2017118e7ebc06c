#include "model/entry_life.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string_view>
#include <utility>

#include "core/command.h"
#include "core/kv_store.h"
#include "core/operations.h"
#include "model/phrases.h"
#include "netsim/command_words.h"

namespace kv::viz {
namespace {

constexpr std::uint32_t kStoreShards = 64;
/// So many entries of a store are looked at: the newer ones say what most keys hold.
constexpr LogIndex kMostEntries = 100'000;

/// Follows one entry through the records.
class Follower {
 public:
  Follower(const History& history, LogIndex index, Term term)
      : history_(history), index_(index), term_(term), places_(history.cluster().size()) {}

  void see(std::size_t position) {
    const Record& record = history_.recording()[position];
    if (record.node == kNoNode || record.node > places_.size()) return;
    now_ = {record.at, position};
    node_ = record.node;
    if (const auto* event = std::get_if<Event>(&record.fact)) {
      std::visit([this](const auto& e) { note(e); }, *event);
    } else {
      std::visit([this](const auto& e) { note(e); }, record.fact);
    }
  }

  std::vector<EntryAtNode> result() && {
    std::vector<EntryAtNode> lives;
    for (Place& place : places_) lives.push_back(std::move(place.life));
    return lives;
  }

 private:
  /// How far a node's log was when it said so last.
  struct Mark {
    LogIndex index{0};
    std::optional<Stage> stage{};  ///< nothing: it was so before anybody watched
  };
  struct Place {
    EntryAtNode life{};
    bool here{false};   ///< the entry is in the node's log
    bool known{false};  ///< since when the node is watched, all that came into its log was told
    Mark persisted{};
    Mark committed{};
    Mark applied{};
  };

  Place& place() { return places_[node_ - 1]; }

  // --- events ---

  void note(const EntriesAppended& e) {
    place().known = true;
    if (e.first > index_ || index_ > e.last || e.term < term_) return;
    // What is appended at once may be of several terms, of which the last one is told. This entry
    // exists: a log that holds an entry of its term behind it holds this one (log matching, Raft
    // paper §5.3).
    const bool sure = e.term == term_;
    if (!sure && (index_ == e.last || !in_log())) return;
    if (!place().life.appended) place().life.appended = now_;
    arrive();
  }
  void note(const EntriesTruncated& e) {
    if (e.from <= index_) leave();
  }
  void note(const EntriesPersisted& e) { reach(place().persisted, e.last); }
  void note(const CommitAdvanced& e) { reach(place().committed, e.commit); }
  void note(const EntriesApplied& e) { reach(place().applied, e.last); }
  /// It stands for all entries before it: for this one, if this is the one that was committed.
  void note(const SnapshotInstalled& e) {
    place().known = true;
    place().here = committed_ && e.last_index >= index_;
    if (place().here) place().life.removed.reset();
    reach(place().committed, e.last_index);
    reach(place().applied, e.last_index);
  }

  // --- the driver's facts ---

  void note(const NodeStarted& e) {
    place().committed = {};
    place().applied = {};
    // What was not on disk is gone.
    if (e.last_index < index_) leave();
  }
  void note(const DiskWiped&) { leave(); }
  void note(const RecordsLost&) { place().known = false; }
  void note(const NodeObserved& e) {
    if (std::exchange(place().known, true)) return;
    if (!in_log()) return leave();
    place().persisted.index = e.persisted;
    place().committed.index = e.commit;
    place().applied.index = e.applied;
    arrive();
  }
  template <typename Other>
  void note(const Other&) {}

  bool in_log() const {
    return history_.moment(now_.position + 1).node(node_).log.term_at(index_) == term_;
  }

  // --- stages ---

  /// A follower says what it learned of the commit before it says what it appended: so each mark is
  /// kept, and counts once the entry is here.
  void reach(Mark& mark, LogIndex index) {
    if (mark.index < index_) mark.stage = now_;
    mark.index = index;
    settle();
  }
  void arrive() {
    place().here = true;
    if (std::exchange(place().life.removed, {})) place().life.persisted.reset();
    settle();
  }
  /// What stood at the index, this entry or another one, is gone.
  void leave() {
    place().persisted = {};
    if (std::exchange(place().here, false)) place().life.removed = now_;
  }
  void settle() {
    Place& at = place();
    if (!at.here) return;
    const auto take = [this](std::optional<Stage>& stage, const Mark& mark) {
      if (!stage && mark.index >= index_) stage = mark.stage;
    };
    take(at.life.persisted, at.persisted);
    take(at.life.committed, at.committed);
    take(at.life.applied, at.applied);
    committed_ = committed_ || at.committed.index >= index_;
  }

  const History& history_;
  LogIndex index_;
  Term term_;
  std::vector<Place> places_;
  bool committed_{false};  ///< somewhere
  Stage now_{};
  NodeId node_{kNoNode};
};

/// When the entry was sent to each node first. Most messages carry no entries: only the others are
/// opened.
void add_sendings(const History& history, std::size_t begin, EntryLife& life) {
  const std::deque<Flight>& flights = history.chronicle().flights();
  auto flight = std::lower_bound(
      flights.begin(), flights.end(), begin,
      [](const Flight& other, std::size_t position) { return other.sent_position < position; });
  for (; flight != flights.end(); ++flight) {
    if (flight->kind != MessageKind::kReplicate || flight->term < life.term) continue;
    if (flight->to == kNoNode || flight->to > life.nodes.size()) continue;
    std::optional<Stage>& sent = life.nodes[flight->to - 1].sent;
    if (sent) continue;
    const auto* record = fact_of<MessageSent>(history.recording()[flight->sent_position]);
    const std::vector<Entry>& entries = std::get<AppendRequest>(record->content->body).entries;
    const LogIndex first = entries.front().index;
    if (life.index < first || life.index - first >= entries.size()) continue;
    if (entries[life.index - first].term == life.term)
      sent = Stage{flight->sent, flight->sent_position};
  }
}

/// No entry of a term is older than the first node in that term.
std::size_t beginning_of(const History& history, Term term) {
  const Recording& recording = history.recording();
  std::size_t position = recording.end();
  for (NodeId id = 1; id <= history.cluster().size(); ++id) {
    const std::vector<Band>& bands = history.chronicle().bands(id);
    const auto first = std::find_if(bands.begin(), bands.end(),
                                    [&](const Band& band) { return band.term >= term; });
    if (first != bands.end()) position = std::min(position, first->position);
  }
  return std::max(position, recording.first());
}

// --- what is in a store ---

/// Finds the terms of committed entries, asked for one by one from the newest to the oldest. A
/// committed index has one term for ever (Raft paper §5.4), and terms never fall with the index.
class CommittedTerms {
 public:
  CommittedTerms(const History& history, const Moment& moment, NodeId node)
      : history_(history),
        moment_(moment),
        log_(moment.node(node).log),
        unread_(std::max(moment.position, history.recording().first())) {}

  std::optional<Term> term_at(LogIndex index) {
    std::optional<Term> term = log_.term_at(index);
    for (std::size_t i = 0; i < moment_.size() && !term; ++i)
      term = term_in(moment_.nodes[i].log, index);
    if (!term) term = in_the_past(index);
    above_ = term;
    return term;
  }

 private:
  static std::optional<Term> term_in(const LogView& log, LogIndex index) {
    return index <= log.commit ? log.term_at(index) : std::nullopt;
  }
  /// Snapshots stand for it now. Before, it stood in logs.
  std::optional<Term> in_the_past(LogIndex index) {
    std::erase_if(logs_, [&](const LogView& log) { return log.first > index; });
    for (;;) {
      for (const LogView& log : logs_) {
        if (const auto term = term_in(log, index)) return term;
      }
      // The term on both sides is the term between.
      if (above_ && is_at_or_below(index, *above_)) return above_;
      if (unread_ == history_.recording().first()) return std::nullopt;
      read_back(index);
    }
  }
  bool is_at_or_below(LogIndex index, Term term) const {
    return std::any_of(logs_.begin(), logs_.end(), [&](const LogView& log) {
      return term_in(log, std::min(index, log.commit)) == term;
    });
  }
  /// Takes the logs as they were one piece of the recording earlier. Where the term changes within
  /// the piece, those in it as well, each before it was shortened.
  void read_back(LogIndex index) {
    const std::size_t end = unread_;
    unread_ =
        std::max((end - 1) / History::kStride * History::kStride, history_.recording().first());
    Moment moment = history_.moment(unread_);
    for (const NodeMoment& node : moment.nodes) logs_.push_back(node.log);
    if (above_ && is_at_or_below(index, *above_)) return;
    while (moment.position < end) {
      const Record& record = history_.recording()[moment.position];
      const bool shortens =
          fact_of<LogCompacted>(record) != nullptr || fact_of<SnapshotInstalled>(record) != nullptr;
      const bool known = record.node != kNoNode && record.node <= moment.size();
      if (shortens && known) logs_.push_back(moment.node(record.node).log);
      moment.apply(record);
    }
  }

  const History& history_;
  const Moment& moment_;
  const LogView& log_;
  std::size_t unread_;           ///< records before this one are not looked at yet
  std::optional<Term> above_{};  ///< of the index asked for before
  std::vector<LogView> logs_{};  ///< of the past
};

bool settles(const Command& command) {
  const int conditions = command.options & (kIfAbsent | kIfPresent | kIfEqual);
  switch (command.operation) {
    case Operation::kSet:
    case Operation::kSetMany:
      return conditions == 0;
    case Operation::kDelete:
    case Operation::kTakeOut:
      return true;
    default:
      return false;
  }
}

bool mixes(Operation operation) {
  return operation == Operation::kRename || operation == Operation::kCopy ||
         operation == Operation::kTransaction || operation == Operation::kOnce;
}

/// The keys that the command may write, and some that it only reads.
template <typename Visit>
void for_each_key(const Command& command, Visit visit) {
  switch (command.operation) {
    case Operation::kFlush:
    case Operation::kAdvanceClock:
      return;
    case Operation::kTransaction:
      for (const std::string_view inner : command.more) for_each_key(*decode_command(inner), visit);
      return;
    case Operation::kOnce:
      return for_each_key(*decode_command(command.value), visit);
    default:
      break;
  }
  visit(command.key);
  const bool pairs = command.operation == Operation::kSetMany;
  const bool many = pairs || command.operation == Operation::kDelete;
  for (std::size_t i = 0; many && i < command.more.size(); i += pairs ? 2 : 1)
    visit(command.more[i]);
  if (command.operation == Operation::kRename || command.operation == Operation::kCopy)
    visit(command.value);
}

/// A store, made by doing the commands again. Where the beginning is missing, only the keys are
/// known that some command has settled since, whatever was there before.
class Filling {
 public:
  explicit Filling(bool complete) : complete_(complete) {}

  /// False: the entry's bytes make no sense.
  bool take(const Entry& entry) {
    if (entry.type == EntryType::kEmpty) return true;
    const Result<Command> command = decode_command(entry.payload());
    if (!command) {
      forget();
      return false;
    }
    const bool settled = settles(*command);
    std::map<std::string_view, std::optional<std::string>> before;
    if (!settled)
      for_each_key(*command, [&](std::string_view key) { before.emplace(key, value_of(key)); });
    execute(store_, *command);
    for_each_key(*command, [&](std::string_view key) {
      Trace& trace = traces_.try_emplace(std::string(key), Trace{0, complete_}).first->second;
      if (settled || before.at(key) != value_of(key)) trace.index = entry.index;
      trace.known = settled || (trace.known && (complete_ || !mixes(command->operation)));
    });
    if (command->operation == Operation::kFlush) {
      traces_.clear();
      complete_ = true;
    }
    return true;
  }
  /// An entry is missing: it may have done anything.
  void forget() {
    traces_.clear();
    complete_ = false;
  }
  std::vector<StoreContents::Item> items() const {
    std::vector<StoreContents::Item> items;
    for (const auto& [key, trace] : traces_) {
      const std::optional<std::string> value = value_of(key);
      if (trace.known && value) items.push_back({key, *value, trace.index});
    }
    return items;
  }

 private:
  struct Trace {
    LogIndex index{0};
    bool known{false};
  };
  std::optional<std::string> value_of(std::string_view key) const {
    return store_.get(key) ? std::optional(std::string(*store_.get(key))) : std::nullopt;
  }

  KvStore store_{kStoreShards};
  std::map<std::string, Trace, std::less<>> traces_{};  ///< of all keys that were written
  bool complete_;                                       ///< what is not in traces_ is not there
};

}  // namespace

EntryLife life_of(const History& history, LogIndex index, Term term) {
  EntryLife life{index, term, command_words(history.recording(), index, term), {}};
  if (life.command.empty()) life.command = "not seen";
  Follower follower(history, index, term);
  const std::size_t begin = beginning_of(history, term);
  const std::size_t end = history.recording().end();
  for (std::size_t at = begin; at < end; ++at) follower.see(at);
  life.nodes = std::move(follower).result();
  add_sendings(history, begin, life);
  return life;
}

std::string command_words(const Recording& recording, LogIndex index, Term term) {
  const Entry* entry = recording.entry(index, term);
  if (entry == nullptr) return "";
  if (entry->type == EntryType::kEmpty) return "start of " + words_of_term(term);
  const Result<Command> command = decode_command(entry->payload());
  if (!command) return "a command of an unknown kind";
  return sim::in_words(*command);
}

StoreContents store_at(const History& history, const Moment& moment, NodeId node) {
  StoreContents contents;
  CommittedTerms terms(history, moment, node);
  const LogIndex applied = moment.node(node).log.applied;
  const LogIndex oldest = applied > kMostEntries ? applied - kMostEntries + 1 : 1;
  if (oldest > 1) contents.complete = false;
  std::vector<const Entry*> newest_first;
  for (LogIndex index = applied; index >= oldest; --index) {
    const std::optional<Term> term = terms.term_at(index);
    // Where no log of the time knows the term, none knows it for what came before.
    if (!term) {
      contents.complete = false;
      break;
    }
    newest_first.push_back(history.recording().entry(index, *term));
  }
  Filling filling(contents.complete);
  for (auto entry = newest_first.rbegin(); entry != newest_first.rend(); ++entry) {
    if (*entry != nullptr && filling.take(**entry)) continue;
    if (*entry == nullptr) filling.forget();
    contents.complete = false;
  }
  contents.items = filling.items();
  return contents;
}

}  // namespace kv::viz
