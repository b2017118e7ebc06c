#include "sources/trace_source.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "netsim/report_layout.h"
#include "netsim/scenario.h"
#include "sources/scenario_draft.h"

namespace kv::viz {
namespace {

using Clock = std::chrono::steady_clock;

/// Records between two looks at the clock.
constexpr int kSlice = 64;

/// Title and zones are in the scenario that the trace was made from, if it holds one.
ClusterInfo info_of(const TraceHeader& header, const std::string& path,
                    const std::optional<sim::Scenario>& scenario) {
  ClusterInfo info;
  info.title = std::filesystem::path(path).filename().string();
  info.nodes = header.nodes;
  if (!scenario) return info;
  ClusterInfo told = cluster_of(*scenario);
  info.title = std::move(told.title);
  if (told.nodes == info.nodes) info.zones = std::move(told.zones);
  return info;
}

std::optional<sim::Scenario> scenario_of(const TraceHeader& header, const std::string& path) {
  if (header.scenario.empty()) return std::nullopt;
  Result<sim::Scenario> scenario = sim::read_scenario(header.scenario, path, header.settings);
  if (!scenario) return std::nullopt;
  return std::move(*scenario);
}

}  // namespace

Result<std::unique_ptr<TraceSource>> TraceSource::open(const std::string& path) {
  auto in = std::make_unique<std::ifstream>();
  const Outcome opened = sim::open_trace(*in, path);
  if (!opened) return opened.error();
  Result<sim::TraceReader> reader = sim::TraceReader::open(*in, path);
  if (!reader) return reader.error();
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  std::optional<sim::Scenario> scenario = scenario_of(reader->header(), path);
  ClusterInfo cluster = info_of(reader->header(), path, scenario);
  return std::unique_ptr<TraceSource>(new TraceSource(std::move(in), std::move(*reader),
                                                      unknown ? 0 : size, std::move(cluster),
                                                      std::move(scenario)));
}

TraceSource::TraceSource(std::unique_ptr<std::ifstream> in, sim::TraceReader reader,
                         std::uint64_t size, ClusterInfo cluster,
                         std::optional<sim::Scenario> scenario)
    : in_(std::move(in)),
      reader_(std::move(reader)),
      size_(size),
      scenario_(std::move(scenario)),
      history_(std::move(cluster)) {}

void TraceSource::pump(Duration budget) {
  const auto until = Clock::now() + std::chrono::nanoseconds(budget.ns);
  while (!ended_) {
    for (int i = 0; i < kSlice && !ended_; ++i) {
      Result<std::optional<Record>> record = reader_.next();
      if (record && *record) {
        history_.append(std::move(**record));
        continue;
      }
      ended_ = true;
      if (!record) problem_ = record.error().message + ". What stands before it is shown.";
    }
    if (Clock::now() >= until) return;
  }
}

Source::Progress TraceSource::progress() const {
  if (ended_) return {};
  const double share =
      size_ == 0 ? 0 : static_cast<double>(reader_.bytes_read()) / static_cast<double>(size_);
  return {true, std::min(share, 1.0),
          "reading: " + sim::counted(history_.recording().end(), "record", "records")};
}

}  // namespace kv::viz
