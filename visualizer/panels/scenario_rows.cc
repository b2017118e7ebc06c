#include "panels/scenario_rows.h"

#include <algorithm>
#include <map>

#include "netsim/expectations.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

/// Where in the recording the records of this kind are, by the number that `number_of` gives.
template <typename Told>
std::map<std::uint32_t, std::size_t> positions_of(const History& history, NoteKind kind,
                                                  std::uint32_t Told::*number) {
  std::map<std::uint32_t, std::size_t> positions;
  for (const Note& note : history.chronicle().notes()) {
    if (note.kind != kind) continue;
    const Fact& fact = history.recording()[note.position].fact;
    if (const auto* told = std::get_if<Told>(&fact))
      positions.emplace(told->*number, note.position);
  }
  return positions;
}

/// Long values are cut: they would take the panel, and ImGui may break a line behind each dot.
std::string with_short_words(std::string_view words) {
  constexpr std::size_t kLongest = 32;
  std::string shown;
  for (std::size_t from = 0; from <= words.size();) {
    const std::size_t end = std::min(words.find(' ', from), words.size());
    shown += sim::one_line(words.substr(from, end - from), kLongest);
    if (end < words.size()) shown += ' ';
    from = end + 1;
  }
  return shown;
}

std::string words_of(const StepTaken& step) {
  return step.caption.empty() ? with_short_words(step.words) : step.caption;
}

StepRow row_of(const History& history, std::size_t position, std::size_t now) {
  const Record& record = history.recording()[position];
  StepRow row;
  row.state = position < now ? StepRow::State::kDone : StepRow::State::kAhead;
  row.at = record.at;
  row.time = sim::time_text(record.at);
  row.words = words_of(std::get<StepTaken>(record.fact));
  row.position = position;
  return row;
}

/// A step that the recording doesn't tell of (yet).
StepRow row_of(const sim::Step& step) {
  StepRow row;
  row.at = step.at.value_or(Instant{});
  row.time = step.at ? sim::time_text(*step.at) : "?";
  row.words = step.caption;
  if (row.words.empty()) {
    row.words = std::string(sim::verb_name(step.verb));
    const std::string& whom = step.target.empty() ? step.key : step.target;
    if (!whom.empty()) row.words += " " + whom;
  }
  return row;
}

/// Steps that no list holds (chaos, or a trace): the latest that were done, the last one first.
void add_unlisted(std::vector<StepRow>& rows, const History& history, std::size_t now,
                  std::size_t listed) {
  constexpr std::size_t kMost = 20;
  std::vector<StepRow> unlisted;
  const auto& notes = history.chronicle().notes();
  for (auto note = notes.rbegin(); note != notes.rend() && unlisted.size() < kMost; ++note) {
    if (note->kind != NoteKind::kStep || note->position >= now) continue;
    const auto* step = std::get_if<StepTaken>(&history.recording()[note->position].fact);
    if (step != nullptr && step->step >= listed)
      unlisted.push_back(row_of(history, note->position, now));
  }
  rows.insert(rows.end(), unlisted.begin(), unlisted.end());
}

void mark_latest(std::vector<StepRow>& rows) {
  StepRow* latest = nullptr;
  for (StepRow& row : rows) {
    const bool done = row.state == StepRow::State::kDone;
    if (done && (latest == nullptr || row.position >= latest->position)) latest = &row;
  }
  if (latest != nullptr) latest->state = StepRow::State::kLatest;
}

}  // namespace

std::vector<StepRow> step_rows(const History& history, std::size_t now,
                               const sim::Scenario* scenario, std::size_t added) {
  const auto told = positions_of(history, NoteKind::kStep, &StepTaken::step);
  std::vector<StepRow> rows;
  const std::size_t count = scenario == nullptr ? 0 : scenario->steps.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto found = told.find(static_cast<std::uint32_t>(i));
    rows.push_back(found == told.end() ? row_of(scenario->steps[i])
                                       : row_of(history, found->second, now));
    rows.back().by_hand = i + added >= count;
    if (rows.back().time == "?" && i > 0) rows.back().at = rows[i - 1].at;
  }
  // Those added by hand stand last in the file.
  std::stable_sort(rows.begin(), rows.end(),
                   [](const StepRow& a, const StepRow& b) { return a.at < b.at; });
  add_unlisted(rows, history, now, count);
  mark_latest(rows);
  return rows;
}

std::vector<ExpectationRow> expectation_rows(const History& history, std::size_t now,
                                             const sim::Scenario* scenario) {
  const auto told = positions_of(history, NoteKind::kExpectation, &ExpectationDecided::expectation);
  const auto decide = [&](ExpectationRow& row, std::size_t position) {
    if (position >= now) return;
    const auto& decided = std::get<ExpectationDecided>(history.recording()[position].fact);
    row.state = decided.met ? ExpectationRow::State::kMet : ExpectationRow::State::kFailed;
    row.found = decided.words;
    row.position = position;
    if (row.words.empty()) row.words = decided.words;
  };
  std::vector<ExpectationRow> rows;
  if (scenario == nullptr) {
    for (const auto& [expectation, position] : told) {
      ExpectationRow row;
      decide(row, position);
      if (row.position != kNoPosition) rows.push_back(std::move(row));
    }
    return rows;
  }
  for (std::size_t i = 0; i < scenario->expect.size(); ++i) {
    ExpectationRow row;
    const sim::Expectation& expected = scenario->expect[i];
    row.words = expected.caption.empty() ? sim::describe(expected) : expected.caption;
    const auto found = told.find(static_cast<std::uint32_t>(i));
    if (found != told.end()) decide(row, found->second);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace kv::viz
