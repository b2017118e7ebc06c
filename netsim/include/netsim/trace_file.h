#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/trace.h"
#include "core/trace_json.h"

namespace kv::sim {

/// A trace that was read. Invariants: (1) sequence numbers count from 1, without gaps; (2) times
/// never decrease.
struct TraceFile {
  TraceHeader header{};
  std::vector<Record> records{};
};

/// Reads a trace: JSON lines, a header first. `name` is the file's path, for messages. An Error
/// names file and line: what can't be read, is cut off, or missing.
Result<TraceFile> read_trace(std::istream& in, const std::string& name);
Result<TraceFile> read_trace(const std::string& path);

/// Writes a trace while it happens. `out` belongs to the caller and outlives the writer.
class TraceWriter {
 public:
  TraceWriter(std::ostream& out, const TraceHeader& header);
  void write(const Record& record);
  /// Once, after the last record. An Error if not all of it could be written.
  Outcome finish();

 private:
  std::ostream& out_;
  std::vector<std::string> nodes_;
  std::string line_{};
};

}  // namespace kv::sim
