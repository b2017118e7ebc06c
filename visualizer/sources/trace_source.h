#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "netsim/trace_file.h"
#include "sources/source.h"

namespace kv::viz {

/// A trace file, read bit by bit: what has been read can be watched already.
class TraceSource final : public Source {
 public:
  /// An Error if there is no such file or its first line isn't a trace's.
  static Result<std::unique_ptr<TraceSource>> open(const std::string& path);

  Kind kind() const override { return Kind::kTrace; }
  const History& history() const override { return history_; }
  void pump(Duration budget) override;
  Progress progress() const override;
  /// A line that can't be read, a gap: reading ends there, and what came before can be watched.
  std::string problem() const override { return problem_; }
  const sim::Scenario* scenario() const override { return scenario_ ? &*scenario_ : nullptr; }

 private:
  TraceSource(std::unique_ptr<std::ifstream> in, sim::TraceReader reader, std::uint64_t size,
              ClusterInfo cluster, std::optional<sim::Scenario> scenario);

  std::unique_ptr<std::ifstream> in_;  ///< reader_ reads from it
  sim::TraceReader reader_;
  std::uint64_t size_;  ///< bytes of the file
  std::optional<sim::Scenario> scenario_;
  History history_;
  std::string problem_{};
  bool ended_{false};
};

}  // namespace kv::viz
