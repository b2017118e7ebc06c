#include "shrink_trial.h"

#include <algorithm>
#include <cstdio>

#include <sys/mman.h>

#include "core/check.h"
#include "netsim/report_layout.h"
#include "netsim/simulation.h"
#include "slowness.h"
#include "wall_clock.h"
#include "worker_pool.h"

namespace kv::sim {
namespace {

/// Real time for one run.
constexpr Duration kPatience = seconds(20);

/// A job that is a function.
class FunctionJob final : public Job {
 public:
  explicit FunctionJob(std::function<std::string(std::uint64_t)> work) : work_(std::move(work)) {}
  std::string run(std::uint64_t item) override { return work_(item); }

 private:
  std::function<std::string(std::uint64_t)> work_;
};

/// A worker counts with it, and the number outlives the worker.
class SharedCounter {
 public:
  SharedCounter()
      : memory_(mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    CHECK(memory_ != MAP_FAILED);
  }
  ~SharedCounter() { munmap(memory_, sizeof(std::uint64_t)); }
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;
  std::uint64_t& operator*() const { return *static_cast<std::uint64_t*>(memory_); }

 private:
  void* memory_;
};

/// Keeps one answer, or the words of a run that aborted.
class OneAnswer final : public Collector {
 public:
  void take(std::uint64_t, const std::string& line) override { line_ = line; }
  void lost(std::uint64_t, const std::string& words) override { lost_ = words; }
  void tick(Duration) override {}
  bool enough() const override { return false; }

  std::string line_{};
  std::optional<std::string> lost_{};
};

}  // namespace

/// Takes the first one of those that fail as they should.
class TrialCollector final : public Collector {
 public:
  TrialCollector(FailureTrial& trial, const Candidates& candidates)
      : trial_(trial), candidates_(candidates) {}

  void take(std::uint64_t item, const std::string& line) override {
    if (line.empty()) return;  // no candidate after all
    ++trial_.tried_;
    const std::optional<Failure> failure = failure_of_line(line);
    if (failure) note({item, failure->at});
  }
  void lost(std::uint64_t item, const std::string& words) override {
    ++trial_.tried_;
    if (trial_.wanted_.kind != Failure::Kind::kAbort || words != trial_.wanted_.name) return;
    const std::optional<Scenario> scenario = candidates_.make(item);
    CHECK(scenario.has_value());
    note({item, Instant{} + scenario->run_for});
  }
  void tick(Duration) override { trial_.show_progress(); }
  bool enough() const override { return hit_.has_value() || trial_.over(); }
  const std::optional<Trial::Hit>& hit() const { return hit_; }

 private:
  void note(Trial::Hit hit) {
    if (!hit_ || hit.index < hit_->index) hit_ = hit;
  }

  FailureTrial& trial_;
  const Candidates& candidates_;
  std::optional<Trial::Hit> hit_{};
};

FailureTrial::FailureTrial(const Failure& wanted, const TrialOptions& options)
    : wanted_(wanted), options_(options), began_(wall_now()) {}

std::optional<Trial::Hit> FailureTrial::first_failing(const Candidates& candidates,
                                                      std::size_t from) {
  FunctionJob job([&](std::uint64_t item) {
    const std::optional<Scenario> scenario = candidates.make(item);
    return scenario ? verdict(*scenario) : std::string();
  });
  TrialCollector collector(*this, candidates);
  const Result<PoolEnd> end =
      run_in_workers(job, {from, 1, candidates.count}, collector, {options_.jobs, kPatience});
  if (!end || end->interrupted) {
    interrupted_ = true;
    return std::nullopt;
  }
  if (collector.hit()) steps_ = candidates.make(collector.hit()->index)->steps.size();
  return collector.hit();
}

std::string FailureTrial::verdict(const Scenario& scenario) const {
  const bool asks_progress = wanted_.kind == Failure::Kind::kPromise &&
                             (wanted_.name == "progress" || wanted_.name == "catching up");
  if (asks_progress && options_.longest_slowness &&
      longest_slowness(scenario) > *options_.longest_slowness)
    return to_line(std::nullopt);
  return to_line(same_failure(scenario, wanted_, options_.within_budget));
}

bool FailureTrial::over() const {
  return interrupted_ || elapsed() >= options_.time;
}

Duration FailureTrial::elapsed() const {
  return wall_now() - began_;
}

std::optional<Failure> FailureTrial::try_one(const Scenario& scenario) {
  FunctionJob job([&](std::uint64_t) { return verdict(scenario); });
  OneAnswer answer;
  ++tried_;
  const Result<PoolEnd> end = run_in_workers(job, {0, 1, 1}, answer, {1, kPatience});
  if (!end || end->interrupted) return std::nullopt;
  if (!answer.lost_) return failure_of_line(answer.line_);
  if (wanted_.kind != Failure::Kind::kAbort || *answer.lost_ != wanted_.name) return std::nullopt;
  Failure failure = wanted_;
  failure.at = Instant{} + scenario.run_for;
  return failure;
}

void FailureTrial::show_progress() const {
  if (!options_.shows_progress) return;
  const std::string line =
      "\r\x1B[K" + (steps_ ? counted(*steps_, "step", "steps") + " left, " : "") +
      counted(tried_, "candidate", "candidates") + " tried, " + span_text(elapsed());
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

void FailureTrial::clear_progress() const {
  if (options_.shows_progress) std::fputs("\r\x1B[K", stderr);
}

Result<std::optional<Failure>> find_failure(const Scenario& scenario) {
  FunctionJob job([&](std::uint64_t) { return to_line(first_failure(scenario)); });
  OneAnswer answer;
  const Result<PoolEnd> end = run_in_workers(job, {0, 1, 1}, answer, {1, kPatience});
  if (!end) return end.error();
  if (end->interrupted) return Error{"Interrupted."};
  if (!answer.lost_) return failure_of_line(answer.line_);
  return std::optional(
      Failure{Failure::Kind::kAbort, *answer.lost_, *answer.lost_, Instant{} + scenario.run_for});
}

std::uint64_t advances_before_abort(const Scenario& scenario) {
  const SharedCounter survived;
  FunctionJob job([&](std::uint64_t) {
    Simulation simulation(scenario, scenario.seed);
    while (simulation.advance()) ++*survived;
    return std::string();
  });
  OneAnswer answer;
  const Result<PoolEnd> end = run_in_workers(job, {0, 1, 1}, answer, {1, kPatience});
  return end ? *survived : 0;
}

}  // namespace kv::sim
