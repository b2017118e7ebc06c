#include "netsim/trace_file.h"

#include <filesystem>
#include <utility>

namespace kv::sim {
namespace {

/// What a file must hold that follows on `last`, the record of the line before; 0: there is none.
std::optional<std::string> out_of_order(std::uint64_t last, Instant last_at, const Record& next) {
  if (next.sequence != last + 1) {
    const std::string number = "record " + std::to_string(next.sequence);
    if (last == 0) return number + " is the first, not record 1: lines are missing";
    return number + " follows " + std::to_string(last) +
           (next.sequence > last + 1 ? ": lines are missing"
                                     : ": lines are doubled or in another order");
  }
  if (last != 0 && next.at < last_at) {
    return "record " + std::to_string(next.sequence) +
           " is earlier than the one before it: no trace goes back in time";
  }
  return std::nullopt;
}

}  // namespace

Result<TraceReader> TraceReader::open(std::istream& in, std::string name) {
  TraceReader reader(in, std::move(name));
  reader.next_line();
  Result<TraceHeader> header = trace_header_from_json(reader.line_);
  if (!header) return reader.error(header.error().message);
  reader.header_ = std::move(*header);
  return reader;
}

Result<std::optional<Record>> TraceReader::next() {
  if (!next_line()) {
    if (in_->bad()) return error("the file can't be read further: look after the disk");
    return std::optional<Record>();
  }
  Result<Record> record = record_from_json(line_, header_.nodes);
  if (!record) return unreadable(record.error());
  if (const auto what = out_of_order(last_sequence_, last_at_, *record)) return error(*what);
  last_sequence_ = record->sequence;
  last_at_ = record->at;
  return std::optional<Record>(std::move(*record));
}

bool TraceReader::next_line() {
  ++number_;
  if (!std::getline(*in_, line_)) return false;
  bytes_ += line_.size() + (in_->eof() ? 0 : 1);
  return true;
}

Error TraceReader::error(const std::string& what) const {
  return Error{name_ + ":" + std::to_string(number_) + ": " + what};
}

/// A line that can't be read. Without its end it is what a writer left that was stopped.
Error TraceReader::unreadable(const Error& error_in_line) const {
  if (!in_->eof()) return error(error_in_line.message);
  return error(
      "the last line is cut off: the program that wrote the trace was stopped, or the disk was "
      "full. Delete that line to read what stands before it");
}

Result<TraceFile> read_trace(std::istream& in, const std::string& name) {
  Result<TraceReader> reader = TraceReader::open(in, name);
  if (!reader) return reader.error();
  TraceFile trace;
  trace.header = reader->header();
  while (true) {
    Result<std::optional<Record>> record = reader->next();
    if (!record) return record.error();
    if (!*record) return trace;
    trace.records.push_back(std::move(**record));
  }
}

Result<TraceFile> read_trace(const std::string& path) {
  std::ifstream in;
  const Outcome opened = open_trace(in, path);
  if (!opened) return opened.error();
  return read_trace(in, path);
}

Outcome open_trace(std::ifstream& in, const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Error{path + " is a folder: name a trace in it, as kvsim run --trace writes them."};
  }
  in.open(path, std::ios::binary);
  if (!in) return Error{path + " can't be opened: check its name and its permissions."};
  return success();
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
