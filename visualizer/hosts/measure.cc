#include "hosts/measure.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

constexpr Duration kFrame = nanoseconds(16'666'667);

template <typename Work>
Duration time_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return {std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count()};
}

std::string line(std::string_view what, std::vector<Duration> times) {
  std::sort(times.begin(), times.end());
  const auto quantile = [&](std::string_view name, std::size_t percent) {
    const std::size_t rank = (times.size() - 1) * percent / 100;
    return std::string(name) + sim::padded_left(sim::span_text(times[rank]), 9);
  };
  return sim::padded(what, 34) + quantile("median", 50) + quantile("   99%", 99) +
         quantile("   max", 100) + "\n";
}

/// The same times in every run (SplitMix64).
class Times {
 public:
  Times(Instant from, Instant to) : from_(from), span_(std::max<std::int64_t>(1, (to - from).ns)) {}
  Instant next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    return from_ +
           nanoseconds(static_cast<std::int64_t>(mixed % static_cast<std::uint64_t>(span_)));
  }

 private:
  Instant from_;
  std::int64_t span_;
  std::uint64_t state_{1};
};

}  // namespace

std::string measure(AppState& app, Screen& screen, unsigned count) {
  const Instant begin = app.history()->recording().begin_time();
  const Instant end = app.source->horizon();
  Times times(begin, end);
  std::vector<Duration> playing, seeking, jumping, painting;
  app.playback.play();
  screen.settle();
  for (unsigned i = 0; i < count; ++i) {
    if (app.playback.at() >= end) app.playback.seek(begin, *app.history());
    app.playback.play();
    playing.push_back(time_of([&] { screen.frame(kFrame); }));
  }
  app.playback.pause();
  for (unsigned i = 0; i < count; ++i) {
    const History& history = *app.history();
    const Instant at = times.next();
    const Duration sought = time_of([&] {
      app.playback.seek(at, history);
      history.seek(app.moment, app.playback.position());
    });
    seeking.push_back(sought);
    jumping.push_back(sought + time_of([&] { screen.frame(kFrame); }));
    painting.push_back(time_of([&] { (void)screen.picture(); }));
  }
  return sim::grouped(app.history()->recording().end()) + " records, " +
         sim::grouped(static_cast<std::uint64_t>(ImGui::GetDrawData()->TotalVtxCount)) +
         " vertices in the last frame\n" + line("a frame while it plays", playing) +
         line("a jump in time, without drawing", seeking) +
         line("a jump in time and its frame", jumping) +
         line("a picture of it (only headless)", painting);
}

}  // namespace kv::viz
