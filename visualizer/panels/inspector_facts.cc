#include "panels/inspector_facts.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/check.h"
#include "model/causes.h"
#include "model/entry_life.h"
#include "model/phrases.h"
#include "netsim/report_layout.h"
#include "panels/log_troubles.h"
#include "panels/node_facts.h"

namespace kv::viz {
namespace {

/// What each part needs to know.
struct Scene {
  const History& history;
  const Moment& moment;
  Instant now{};

  const Recording& recording() const { return history.recording(); }
  const ClusterInfo& cluster() const { return history.cluster(); }
  bool has(NodeId id) const { return id >= 1 && id <= moment.size(); }
  bool has_record(std::size_t position) const {
    return position >= recording().first() && position < recording().end();
  }
};

void explain(const Scene& scene, std::size_t position, std::string title, Inspection& out) {
  if (!scene.has_record(position)) return;
  out.why_title = std::move(title);
  out.itself = WhyLine{position, scene.recording()[position].at, sentence(scene.history, position)};
  for (CauseLink& link : why(scene.history, position)) {
    if (scene.has_record(link.position))
      out.reasons.push_back(
          {link.position, scene.recording()[link.position].at, std::move(link.words)});
  }
}

// --- a node ---

void tell_node(const Scene& scene, NodeId id, Inspection& out) {
  if (!scene.has(id)) return;
  const NodeMoment& node = scene.moment.node(id);
  const std::string name = scene.cluster().name(id);
  out.title = name;
  out.subtitle = std::string(to_string(node.standing())) + " · " + words_of_term(node.term);
  out.groups = node_facts(scene.history, scene.moment, id, scene.now);
  const bool told = node.process != NodeMoment::Process::kUnknown;
  const bool by_process = !node.running();
  const std::string standing(to_string(node.standing()));
  const bool asks = node.standing() == Standing::kAsking;
  if (told)
    explain(scene, by_process ? node.process_position : node.role_position,
            "why " + name + (asks ? " " : " is ") + standing, out);
}

// --- a link ---

/// What went from one node to another lately.
struct Traffic {
  std::size_t sent{0};
  std::size_t lost{0};
  std::size_t under_way{0};
  const Flight* last{nullptr};
};

Traffic traffic_of(const Scene& scene, NodeId from, NodeId to) {
  constexpr Duration kLately = seconds(1);
  constexpr std::size_t kMostLooked = 50'000;
  const std::deque<Flight>& flights = scene.history.chronicle().flights();
  const auto later =
      std::upper_bound(flights.begin(), flights.end(), scene.now,
                       [](Instant time, const Flight& flight) { return time < flight.sent; });
  Traffic traffic;
  std::size_t looked = 0;
  for (auto at = later; at != flights.begin() && looked < kMostLooked; ++looked) {
    --at;
    const bool recent = at->sent > scene.now - kLately;
    if (!recent && traffic.last != nullptr) break;
    if (at->from != from || at->to != to) continue;
    if (traffic.last == nullptr) traffic.last = &*at;
    if (!recent) break;
    ++traffic.sent;
    const bool ended = at->fate != Flight::Fate::kUnderWay && at->ended <= scene.now;
    if (!ended) ++traffic.under_way;
    if (ended && at->fate == Flight::Fate::kLost) ++traffic.lost;
  }
  return traffic;
}

std::string end_words(const Flight& flight, Instant now) {
  if (flight.fate == Flight::Fate::kUnderWay) return "under way";
  const Duration took = flight.ended - flight.sent;
  const std::string after = took.ns == 0 ? "at once" : "after " + sim::span_text(took);
  const bool over = flight.ended <= now;
  if (flight.fate == Flight::Fate::kDelivered) return (over ? "arrived " : "arrives ") + after;
  return (over ? "lost " : "will be lost ") + after + ": " + std::string(to_string(flight.lost_by));
}

Selection message_link(std::uint64_t number) {
  Selection link;
  link.kind = Selection::Kind::kMessage;
  link.message = number;
  return link;
}

FactGroup way_facts(const Scene& scene, NodeId from, NodeId to) {
  FactGroup group;
  group.title = scene.cluster().name(from) + " → " + scene.cluster().name(to);
  const bool cut = scene.moment.cut(from, to);
  group.lines.push_back({"link", cut ? "cut" : "open", cut ? Tone::kBad : Tone::kGood, {}, {}});
  if (from == kNoNode || to == kNoNode) return group;
  const Traffic traffic = traffic_of(scene, from, to);
  group.lines.push_back(
      {"last second", sim::counted(traffic.sent, "message", "messages"), Tone::kQuiet, {}, {}});
  if (traffic.under_way > 0)
    group.lines.push_back({"under way", sim::grouped(traffic.under_way), Tone::kQuiet, {}, {}});
  if (traffic.lost > 0)
    group.lines.push_back({"lost", sim::grouped(traffic.lost), Tone::kBad, {}, {}});
  if (traffic.last != nullptr) {
    const Flight& last = *traffic.last;
    group.lines.push_back({"last one",
                           std::string(to_string(last.kind)) + " at " + sim::time_text(last.sent) +
                               ", " + end_words(last, scene.now),
                           Tone::kQuiet,
                           message_link(last.message),
                           {}});
  }
  return group;
}

/// The record that cut this link, which is cut; kNoPosition: it is not found.
std::size_t cut_position(const Scene& scene, NodeId from, NodeId to) {
  const std::deque<Note>& notes = scene.history.chronicle().notes();
  for (std::size_t i = notes.size(); i-- > 0;) {
    const Note& note = notes[i];
    if (note.kind != NoteKind::kCut || note.position >= scene.moment.position) continue;
    std::size_t end = std::min(scene.recording().position_after(note.at), scene.moment.position);
    const std::size_t begin = scene.recording().position_from(note.at);
    while (end > begin) {
      const auto* link = std::get_if<LinkChanged>(&scene.recording()[--end].fact);
      if (link != nullptr && link->cut && link->from == from && link->to == to) return end;
    }
  }
  return kNoPosition;
}

void tell_link(const Scene& scene, NodeId a, NodeId b, Inspection& out) {
  if (a > scene.moment.size() || b > scene.moment.size()) return;
  const std::string first = scene.cluster().name(a);
  const std::string second = scene.cluster().name(b);
  const bool there = scene.moment.cut(a, b);
  const bool back = scene.moment.cut(b, a);
  out.title = first + " ↔ " + second;
  out.subtitle = there && back ? "cut both ways"
                 : there       ? "cut from " + first + " to " + second
                 : back        ? "cut from " + second + " to " + first
                               : "open both ways";
  out.groups = {way_facts(scene, a, b), way_facts(scene, b, a)};
  if (there || back)
    explain(scene, there ? cut_position(scene, a, b) : cut_position(scene, b, a), "why it is cut",
            out);
}

// --- a message ---

void tell_message(const Scene& scene, std::uint64_t number, Inspection& out) {
  out.title = "message " + sim::grouped(number);
  const Flight* flight = scene.history.chronicle().flight(number);
  if (flight == nullptr || !scene.has_record(flight->sent_position)) {
    out.subtitle = "no longer in the recording";
    return;
  }
  const auto name = [&](NodeId id) { return scene.cluster().name(id); };
  out.title = to_string(flight->kind);
  out.subtitle = name(flight->from) + " → " + name(flight->to);
  out.sentence = sentence(scene.history, flight->sent_position);
  const bool sent = flight->sent <= scene.now;
  const bool lost = flight->fate == Flight::Fate::kLost;
  FactGroup way;
  way.lines.push_back({"term", std::to_string(flight->term), Tone::kQuiet, {}, {}});
  way.lines.push_back({sent ? "sent" : "will be sent", sim::time_text(flight->sent), {}, {}, {}});
  way.lines.push_back(
      {"then", end_words(*flight, scene.now), lost ? Tone::kBad : Tone::kQuiet, {}, {}});
  out.groups.push_back(std::move(way));
  const auto* fact = std::get_if<MessageSent>(&scene.recording()[flight->sent_position].fact);
  if (fact != nullptr && fact->content)
    out.groups.push_back({"content", fields_of(scene.recording(), *fact->content), true});
  explain(scene, flight->sent_position, "why it was sent", out);
  out.itself.reset();
}

// --- an entry ---

/// When a client's write, or a new leader's first entry, entered the first log.
std::optional<Instant> proposed_at(const EntryLife& life) {
  std::optional<Instant> first;
  const auto see = [&](const std::optional<Stage>& stage) {
    if (stage && (!first || stage->at < *first)) first = stage->at;
  };
  for (const EntryAtNode& node : life.nodes) see(node.appended);
  if (first) return first;
  for (const EntryAtNode& node : life.nodes) {
    for (const auto& stage : {node.persisted, node.committed, node.applied}) see(stage);
  }
  return first;
}

LifeTable table_of(const Scene& scene, const EntryLife& life) {
  LifeTable table;
  table.proposed = proposed_at(life).value_or(Instant{});
  const auto cell = [&](const std::optional<Stage>& stage) -> std::optional<LifeTable::Cell> {
    if (!stage) return std::nullopt;
    const Duration since = stage->at - table.proposed;
    std::string words = since.ns == 0 ? "0" : (since.ns > 0 ? "+" : "") + sim::span_text(since);
    return LifeTable::Cell{std::move(words), stage->position,
                           stage->position >= scene.moment.position};
  };
  for (std::size_t i = 0; i < life.nodes.size(); ++i) {
    const EntryAtNode& at = life.nodes[i];
    LifeTable::Row row;
    row.node = static_cast<NodeId>(i + 1);
    row.cells = {cell(at.sent), cell(at.appended), cell(at.persisted), cell(at.committed),
                 cell(at.applied)};
    row.removed = cell(at.removed);
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// The first record before the playhead of some stage, on any node.
std::size_t first_of(const Scene& scene, const EntryLife& life,
                     std::optional<Stage> EntryAtNode::*stage) {
  std::size_t first = kNoPosition;
  for (const EntryAtNode& node : life.nodes) {
    const std::optional<Stage>& at = node.*stage;
    if (at && at->position < scene.moment.position) first = std::min(first, at->position);
  }
  return first;
}

/// How many nodes have the entry so far: "3 of 5 nodes".
FactLine count_line(const Scene& scene, std::string label, LogIndex LogView::*through,
                    const Selection& entry) {
  std::size_t count = 0;
  for (const NodeMoment& node : scene.moment.nodes) {
    const std::optional<Term> term = node.log.term_at(entry.index);
    const bool here = entry.index <= kept_last(node) && term == entry.term;
    if (here && entry.index <= node.log.*through) ++count;
  }
  const bool enough = count >= scene.moment.majority();
  return {std::move(label),
          std::to_string(count) + " of " + std::to_string(scene.moment.size()) + " nodes",
          enough ? Tone::kGood : Tone::kQuiet,
          {},
          {}};
}

void tell_entry(const Scene& scene, const Selection& entry, Inspection& out) {
  const EntryLife life = life_of(scene.history, entry.index, entry.term);
  out.title = "entry " + sim::grouped(entry.index);
  out.subtitle = words_of_term(entry.term);
  for (const LogTrouble& trouble : troubles_of(scene.moment)) {
    const bool of_it = std::any_of(trouble.nodes.begin(), trouble.nodes.end(), [&](NodeId id) {
      return trouble.touches(id, entry.index) &&
             scene.moment.node(id).log.term_at(entry.index) == entry.term;
    });
    if (!of_it || !out.sentence.empty()) continue;
    out.sentence = words_of(trouble, scene.moment, scene.cluster());
    out.tone = trouble.kind == LogTrouble::Kind::kStranded ? Tone::kWarning : Tone::kBad;
  }
  FactGroup facts;
  facts.lines.push_back({"command", life.command, Tone::kQuiet, {}, {}});
  facts.lines.push_back(count_line(scene, "in log", &LogView::last, entry));
  facts.lines.push_back(count_line(scene, "on disk", &LogView::persisted, entry));
  facts.lines.push_back(count_line(scene, "committed", &LogView::commit, entry));
  out.groups.push_back(std::move(facts));
  if (proposed_at(life)) out.life = table_of(scene, life);
  const std::size_t commit = first_of(scene, life, &EntryAtNode::committed);
  if (commit != kNoPosition) {
    explain(scene, commit, "why it is committed", out);
  } else {
    explain(scene, first_of(scene, life, &EntryAtNode::appended), "why it is there", out);
  }
}

// --- a record ---

void tell_record(const Scene& scene, std::size_t position, Inspection& out) {
  out.title = "record " + sim::grouped(position);
  if (!scene.has_record(position)) {
    out.subtitle = "no longer in the recording";
    return;
  }
  const Record& record = scene.recording()[position];
  out.title = name_of(record.fact);
  out.subtitle = (record.node == kNoNode ? "the cluster" : scene.cluster().name(record.node)) +
                 " · " + sim::time_text(record.at);
  out.sentence = sentence(scene.history, position);
  FactGroup fields{"fields", fields_of(scene.recording(), record.fact), true};
  if (!fields.lines.empty()) out.groups.push_back(std::move(fields));
  out.groups.push_back({"in the trace",
                        {{"sequence", std::to_string(record.sequence), {}, {}, {}},
                         {"position", std::to_string(position), {}, {}, {}},
                         {"time in ns", std::to_string(record.at.ns), {}, {}, {}}},
                        true});
  explain(scene, position, "why", out);
  out.itself.reset();
}

// --- nothing ---

std::string ago(Duration span) {
  return span.ns <= 0 ? "just now" : sim::span_text(span) + " ago";
}

/// As it looks best: "node1 → node2".
std::string with_arrows(std::string words) {
  constexpr std::string_view kPlain = " -> ";
  for (std::size_t at = words.find(kPlain); at != std::string::npos; at = words.find(kPlain, at))
    words.replace(at, kPlain.size(), " → ");
  return words;
}

void tell_latest(const Scene& scene, Inspection& out) {
  constexpr std::size_t kMostEarlier = 8;
  const std::deque<Note>& notes = scene.history.chronicle().notes();
  for (std::size_t i = notes.size(); i-- > 0;) {
    const Note& note = notes[i];
    // What is expected is told elsewhere; here counts what nodes and people did.
    const bool counts = note.kind != NoteKind::kExpectation;
    if (!counts || note.position >= scene.moment.position || !scene.has_record(note.position))
      continue;
    if (!out.title.empty()) {
      out.earlier.push_back({note.position, note.at, with_arrows(note.words)});
      if (out.earlier.size() == kMostEarlier) return;
      continue;
    }
    out.title = note.kind == NoteKind::kStep ? "scenario"
                : note.node == kNoNode       ? "the cluster"
                                             : scene.cluster().name(note.node);
    out.subtitle = sim::time_text(note.at) + ", " + ago(scene.now - note.at);
    out.sentence = with_arrows(note.words);
    if (note.kind == NoteKind::kViolation) out.tone = Tone::kBad;
    explain(scene, note.position, "why", out);
    out.itself.reset();
  }
}

}  // namespace

Inspection inspect(const History& history, const Moment& moment, Instant now,
                   const Selection& selection) {
  const Scene scene{history, moment, now};
  Inspection out;
  switch (selection.kind) {
    case Selection::Kind::kNothing:
      tell_latest(scene, out);
      return out;
    case Selection::Kind::kNode:
      tell_node(scene, selection.node, out);
      return out;
    case Selection::Kind::kLink:
      tell_link(scene, selection.node, selection.to, out);
      return out;
    case Selection::Kind::kMessage:
      tell_message(scene, selection.message, out);
      return out;
    case Selection::Kind::kEntry:
      tell_entry(scene, selection, out);
      return out;
    case Selection::Kind::kRecord:
      tell_record(scene, selection.position, out);
      return out;
  }
  CHECK(false);
}

}  // namespace kv::viz
