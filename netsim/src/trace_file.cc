#include "netsim/trace_file.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

namespace kv::sim {
namespace {

/// What a file must hold that follows on `last`, the record of the line before.
std::optional<std::string> out_of_order(const Record* last, const Record& next) {
  const std::uint64_t expected = last == nullptr ? 1 : last->sequence + 1;
  if (next.sequence != expected) {
    const std::string number = "record " + std::to_string(next.sequence);
    if (last == nullptr) return number + " is the first, not record 1: lines are missing";
    return number + " follows " + std::to_string(last->sequence) +
           (next.sequence > expected ? ": lines are missing"
                                     : ": lines are doubled or in another order");
  }
  if (last != nullptr && next.at < last->at) {
    return "record " + std::to_string(next.sequence) +
           " is earlier than the one before it: no trace goes back in time";
  }
  return std::nullopt;
}

/// Lines of a stream, counted for messages.
class Lines {
 public:
  Lines(std::istream& in, const std::string& name) : in_(in), name_(name) {}

  bool next() {
    ++number_;
    return static_cast<bool>(std::getline(in_, line_));
  }
  const std::string& line() const { return line_; }
  bool broken() const { return in_.bad(); }

  Error error(const std::string& what) const {
    return Error{name_ + ":" + std::to_string(number_) + ": " + what};
  }
  /// A line that can't be read. Without its end it is what a writer left that was stopped.
  Error unreadable(const Error& error_in_line) const {
    if (!in_.eof()) return error(error_in_line.message);
    return error(
        "the last line is cut off: the program that wrote the trace was stopped, or the disk was "
        "full. Delete that line to read what stands before it");
  }

 private:
  std::istream& in_;
  const std::string& name_;
  std::string line_{};
  std::size_t number_{0};
};

}  // namespace

Result<TraceFile> read_trace(std::istream& in, const std::string& name) {
  Lines lines(in, name);
  lines.next();
  Result<TraceHeader> header = trace_header_from_json(lines.line());
  if (!header) return lines.error(header.error().message);
  TraceFile trace;
  trace.header = std::move(*header);
  while (lines.next()) {
    Result<Record> record = record_from_json(lines.line(), trace.header.nodes);
    if (!record) return lines.unreadable(record.error());
    const Record* last = trace.records.empty() ? nullptr : &trace.records.back();
    if (const auto what = out_of_order(last, *record)) return lines.error(*what);
    trace.records.push_back(std::move(*record));
  }
  if (lines.broken()) return lines.error("the file can't be read further: look after the disk");
  return trace;
}

Result<TraceFile> read_trace(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Error{path + " is a folder: name a trace in it, as kvsim run --trace writes them."};
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{path + " can't be opened: check its name and its permissions."};
  return read_trace(in, path);
}

TraceWriter::TraceWriter(std::ostream& out, const TraceHeader& header)
    : out_(out), nodes_(header.nodes) {
  out_ << to_json_line(header) << '\n';
}

void TraceWriter::write(const Record& record) {
  line_.clear();
  append_json(line_, record, nodes_);
  line_ += '\n';
  out_.write(line_.data(), static_cast<std::streamsize>(line_.size()));
}

Outcome TraceWriter::finish() {
  out_.flush();
  if (out_) return success();
  return Error{"the trace could not be written to its end: is the disk full?"};
}

}  // namespace kv::sim
