#include "sources/rehearsal.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <utility>

#include "core/check.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Steps of a simulation between two looks at the clock.
constexpr int kSlice = 64;
/// Records of a history that nobody sees any more, likewise.
constexpr std::size_t kForgetAtOnce = 4096;
/// How far a run that is made anew is ahead of the hand's step when it is shown.
constexpr Duration kLead = seconds(10);
constexpr Duration kLeadOfWork = milliseconds(50);
/// Each round drops what has failed in the one before.
constexpr int kRoundsToSettle = 3;

bool needs_links(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::kIsolate:
    case Fault::Kind::kReconnect:
    case Fault::Kind::kCut:
    case Fault::Kind::kMend:
    case Fault::Kind::kDelay:
    case Fault::Kind::kLoss:
    case Fault::Kind::kPartition:
    case Fault::Kind::kHealAll:
      return true;
    default:
      return false;
  }
}

/// What kept a run from passing, a line each.
std::string failures_of(const sim::RunResult& result) {
  std::string text;
  for (const sim::StepOutcome& step : result.steps) {
    if (step.failed) text += "\nstep " + std::to_string(step.step + 1) + ": " + step.words;
  }
  for (const sim::Judgement& judgement : result.judgements) {
    if (judgement.verdict == sim::Verdict::kMet) continue;
    text += "\nexpected: " + describe(judgement.expectation) + ", but " + judgement.words;
  }
  for (const sim::Violation& violation : result.violations)
    text += "\n" + violation.checker + ": " + violation.words;
  return text;
}

/// The file is there as a whole or not at all.
Outcome write_whole(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) fs::rename(part, path, error);
  if (file && !error) return success();
  std::error_code ignored;
  fs::remove(part, ignored);
  return Error{path + " can't be written: check that its folder exists, and your permissions."};
}

void forget_some(std::vector<std::unique_ptr<History>>& past) {
  const Recording& recording = past.back()->recording();
  const std::size_t left = recording.end() - recording.first();
  if (left <= kForgetAtOnce) {
    past.pop_back();
  } else {
    past.back()->keep(left - kForgetAtOnce);
  }
}

}  // namespace

Result<std::unique_ptr<Rehearsal>> Rehearsal::open(const std::string& path,
                                                   const sim::Settings& settings,
                                                   std::optional<std::uint64_t> seed) {
  const Result<std::string> text = sim::read_file(path);
  if (!text) return text.error();
  Result<ScenarioDraft> draft = ScenarioDraft::read(*text, path, settings);
  if (!draft) return draft.error();
  if (seed) {
    const Outcome seeded = draft->set_seed(*seed);
    if (!seeded) return seeded.error();
  }
  return std::make_unique<Rehearsal>(std::move(*draft));
}

Rehearsal::Rehearsal(ScenarioDraft draft) : draft_(std::move(draft)) {
  start_over({});
  history_ = std::move(next_);
}

void Rehearsal::start_over(Instant same_until) {
  simulation_ = std::make_unique<sim::Simulation>(draft_.scenario(), draft_.seed());
  simulation_->cluster().record_messages(true);
  if (next_) past_.push_back(std::move(next_));
  next_ = std::make_unique<History>(cluster_of(draft_.scenario()));
  same_until_ = same_until;
  ahead_ = {};
  result_.reset();
}

void Rehearsal::pump(Duration budget) {
  const Clock::time_point begun = Clock::now();
  const auto worked = [&] {
    const auto span = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begun);
    return nanoseconds(span.count());
  };
  while (!result_) {
    simulate_slice(next_ ? *next_ : *history_);
    if (worked() >= budget) break;
  }
  if (next_) show_next_when_due(worked());
  while (!past_.empty() && worked() < budget) forget_some(past_);
}

void Rehearsal::simulate_slice(History& history) {
  for (int i = 0; i < kSlice && !result_; ++i) {
    const bool more = simulation_->advance();
    for (const Record& record : simulation_->cluster().records()) history.append(record);
    if (!more) result_ = simulation_->result();
  }
}

/// Until the hand's step both runs are the same, so who watches a moment before it sees no change.
/// Right behind it is where the watcher is: the old run stays until the new one has gone on for
/// long enough that playing it doesn't come to its end, and no longer, since a click should show.
void Rehearsal::show_next_when_due(Duration worked) {
  if (now() > same_until_) ahead_ = ahead_ + worked;
  const bool due =
      result_ || now() > same_until_ + kLead || (now() > same_until_ && ahead_ >= kLeadOfWork);
  if (!due) return;
  past_.push_back(std::exchange(history_, std::move(next_)));
}

Source::Progress Rehearsal::progress() const {
  if (result_) return {};
  const Duration done = now() - Instant{};
  const Duration all = draft_.scenario().run_for;
  const double share = static_cast<double>(done.ns) / static_cast<double>(all.ns);
  return {true, std::min(share, 1.0),
          "simulating: " + sim::time_text(now()) + " of " + sim::time_text(Instant{} + all)};
}

Instant Rehearsal::horizon() const {
  return std::max(Instant{} + draft_.scenario().run_for, history_->recording().end_time());
}

std::optional<std::string> Rehearsal::refusal(const Fault& fault) const {
  if (!needs_links(fault.kind) || draft_.scenario().nodes.size() > 1) return std::nullopt;
  return "A cluster of one node has no links.";
}

Outcome Rehearsal::inflict(Instant at, const Fault& fault) {
  if (const std::optional<std::string> why = refusal(fault)) return Error{*why};
  const Outcome added = draft_.add(at, fault);
  if (added) start_over(at);
  return added;
}

bool Rehearsal::undo() {
  if (draft_.added() == 0) return false;
  const Instant at = draft_.scenario().steps.back().at.value_or(Instant{});
  CHECK(draft_.undo());
  start_over(at);
  return true;
}

void Rehearsal::reseed(std::uint64_t seed) {
  const Outcome seeded = draft_.set_seed(seed);
  CHECK(seeded.has_value());
  start_over(history_->recording().end_time());
}

Outcome Rehearsal::extend(Duration span) {
  CHECK(span > Duration{});
  const Outcome longer = draft_.set_run_for(draft_.scenario().run_for + span);
  if (longer) start_over(history_->recording().end_time());
  return longer;
}

Result<ScenarioDraft> Rehearsal::passing() const {
  Result<ScenarioDraft> draft = draft_.settled(*simulation_, *result_);
  for (int round = 0; draft && round < kRoundsToSettle; ++round) {
    sim::Simulation again(draft->scenario(), draft->seed());
    while (again.advance()) {
    }
    const sim::RunResult result = again.result();
    if (result.passed) return draft;
    if (round + 1 == kRoundsToSettle)
      return Error{"As it would be saved, the scenario doesn't pass:" + failures_of(result)};
    draft = draft->settled(again, result);
  }
  return draft;
}

Result<std::string> Rehearsal::save(const std::string& path) {
  if (!result_) return Error{"The run is not simulated to its end yet: save it in a moment."};
  std::error_code ignored;
  if (!saved_.contains(path) && fs::exists(path, ignored))
    return Error{path + " exists already: choose another name."};
  const Result<ScenarioDraft> draft = passing();
  if (!draft) return draft.error();
  const Outcome written = write_whole(path, draft->text());
  if (!written) return written.error();
  saved_.insert(path);
  return "saved to " + path + ": " + sim::counted(draft->added(), "step", "steps") + " by hand, " +
         sim::counted(draft->scenario().expect.size(), "expectation", "expectations") +
         ". It passes: kvsim run " + path;
}

}  // namespace kv::viz
