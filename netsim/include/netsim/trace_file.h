#pragma once

#include <cstdint>
#include <fstream>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/trace.h"
#include "core/trace_json.h"

namespace kv::sim {

/// Reads a trace bit by bit: JSON lines, a header first. Invariants of what it gives: (1) sequence
/// numbers count from 1, without gaps; (2) times never decrease. `in` belongs to the caller and
/// outlives the reader.
class TraceReader {
 public:
  /// Reads the header. `name` is the file's path, for messages. An Error names file and line.
  static Result<TraceReader> open(std::istream& in, std::string name);

  const TraceHeader& header() const { return header_; }
  /// The next record; nothing at the end. An Error names file and line: what can't be read, is cut
  /// off, or missing. Then reading is over.
  Result<std::optional<Record>> next();
  /// Of the file, so far.
  std::uint64_t bytes_read() const { return bytes_; }

 private:
  TraceReader(std::istream& in, std::string name) : in_(&in), name_(std::move(name)) {}
  bool next_line();
  Error error(const std::string& what) const;
  Error unreadable(const Error& error_in_line) const;

  std::istream* in_;
  std::string name_;
  std::string line_{};
  std::uint64_t number_{0};  ///< of the line
  std::uint64_t bytes_{0};
  TraceHeader header_{};
  std::uint64_t last_sequence_{0};
  Instant last_at_{};
};

/// A trace that was read, with the invariants of TraceReader.
struct TraceFile {
  TraceHeader header{};
  std::vector<Record> records{};
};

/// All of it at once.
Result<TraceFile> read_trace(std::istream& in, const std::string& name);
Result<TraceFile> read_trace(const std::string& path);
/// Opens the file. An Error says why it can't be.
Outcome open_trace(std::ifstream& in, const std::string& path);

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
