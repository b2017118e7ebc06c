#include "netsim/trace_file.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "support/trace_samples.h"
#include "unit/scratch_directory.h"

namespace kv::sim {
namespace {

TraceHeader sample_header() {
  return {"kvsim 0.1.0", sample_nodes(), 42, "{\"title\": \"Primary\"}\n", {"nodes=3"}};
}

std::string text_of(const std::vector<Record>& records) {
  std::ostringstream out;
  TraceWriter writer(out, sample_header());
  for (const Record& record : records) writer.write(record);
  EXPECT_TRUE(writer.finish());
  return out.str();
}

Result<TraceFile> read(const std::string& text) {
  std::istringstream in(text);
  return read_trace(in, "run.jsonl");
}
std::string error_of(const std::string& text) {
  const Result<TraceFile> trace = read(text);
  return trace ? "no error" : trace.error().message;
}

/// Records 1, 2, 3 … a millisecond apart.
std::vector<Record> pauses(std::uint64_t count) {
  std::vector<Record> records;
  for (std::uint64_t i = 1; i <= count; ++i) {
    records.push_back({i, Instant{static_cast<std::int64_t>(i) * 1'000'000}, 1, NodePaused{}});
  }
  return records;
}

TEST(TraceFile, GivesBackWhatWasWritten) {
  const Result<TraceFile> trace = read(text_of(sample_records()));
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->records, sample_records());
  EXPECT_EQ(to_json_line(trace->header), to_json_line(sample_header()));
}

TEST(TraceFile, MayHoldNoRecords) {
  const Result<TraceFile> trace = read(text_of({}));
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_TRUE(trace->records.empty());
}

TEST(TraceFile, MayLackTheLastLinesEnd) {
  std::string text = text_of(pauses(3));
  text.pop_back();
  const Result<TraceFile> trace = read(text);
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->records.size(), 3u);
}

TEST(TraceFile, MissesLines) {
  std::vector<Record> records = pauses(9);
  records.erase(records.begin() + 5, records.begin() + 7);
  EXPECT_EQ(error_of(text_of(records)), "run.jsonl:7: record 8 follows 5: lines are missing");
  records.erase(records.begin());
  EXPECT_EQ(error_of(text_of(records)),
            "run.jsonl:2: record 2 is the first, not record 1: lines are missing");
}

TEST(TraceFile, SeesDoubledLines) {
  std::vector<Record> records = pauses(3);
  records.push_back(records.back());
  EXPECT_EQ(error_of(text_of(records)),
            "run.jsonl:5: record 3 follows 3: lines are doubled or in another order");
}

TEST(TraceFile, NeverGoesBackInTime) {
  std::vector<Record> records = pauses(3);
  records[2].at = Instant{1'999'999};
  EXPECT_EQ(error_of(text_of(records)),
            "run.jsonl:4: record 3 is earlier than the one before it: no trace goes back in time");
}

TEST(TraceFile, SaysThatItsLastLineIsCutOff) {
  const std::string text = text_of(pauses(3));
  for (std::size_t missing = 2; missing < 20; ++missing) {
    EXPECT_EQ(error_of(text.substr(0, text.size() - missing)),
              "run.jsonl:4: the last line is cut off: the program that wrote the trace was "
              "stopped, or the disk was full. Delete that line to read what stands before it");
  }
}

TEST(TraceFile, NamesTheLineThatCanNotBeRead) {
  std::string text = text_of(pauses(3));
  text.replace(text.find("NodePaused"), 10, "NodeMelted");
  EXPECT_TRUE(error_of(text).starts_with("run.jsonl:2: \"event\" is \"NodeMelted\", which"))
      << error_of(text);
  EXPECT_TRUE(error_of("").starts_with("run.jsonl:1: this is no trace"));
  EXPECT_TRUE(error_of("{\"title\": \"Primary\"}\n").starts_with("run.jsonl:1: this is no trace"));
  EXPECT_EQ(error_of(text_of(pauses(1)) + "\n"),
            "run.jsonl:3: the line is not one whole JSON text in UTF-8");
}

TEST(TraceFile, IsReadFromAPath) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path("run.jsonl");
  write_all(path, text_of(sample_records()));
  const Result<TraceFile> trace = read_trace(path);
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->records, sample_records());
}

TEST(TraceFile, SaysWhyAPathIsNoTrace) {
  const ScratchDirectory scratch;
  const std::string none = scratch.path("none");
  EXPECT_EQ(read_trace(none).error().message,
            none + " can't be opened: check its name and its permissions.");
  const std::string folder = scratch.path("");
  EXPECT_EQ(read_trace(folder).error().message,
            folder + " is a folder: name a trace in it, as kvsim run --trace writes them.");
}

TEST(TraceReader, GivesOneRecordAfterTheOther) {
  const std::string text = text_of(sample_records());
  std::istringstream in(text);
  Result<TraceReader> reader = TraceReader::open(in, "run.jsonl");
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(to_json_line(reader->header()), to_json_line(sample_header()));
  std::uint64_t bytes = to_json_line(sample_header()).size() + 1;
  for (const Record& wanted : sample_records()) {
    EXPECT_EQ(reader->bytes_read(), bytes);
    Result<std::optional<Record>> record = reader->next();
    ASSERT_TRUE(record) << record.error().message;
    ASSERT_TRUE(record->has_value());
    EXPECT_EQ(**record, wanted);
    bytes += to_json_line(wanted, sample_nodes()).size() + 1;
  }
  for (int i = 0; i < 2; ++i) {
    const Result<std::optional<Record>> end = reader->next();
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_FALSE(end->has_value());
  }
  EXPECT_EQ(reader->bytes_read(), text.size());
}

TEST(TraceReader, GivesWhatStandsBeforeAGap) {
  std::vector<Record> records = pauses(4);
  records.erase(records.begin() + 2);
  std::istringstream in(text_of(records));
  Result<TraceReader> reader = TraceReader::open(in, "run.jsonl");
  ASSERT_TRUE(reader) << reader.error().message;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(reader->next());
  const Result<std::optional<Record>> gap = reader->next();
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().message, "run.jsonl:4: record 4 follows 2: lines are missing");
}

TEST(TraceWriter, SaysWhenTheDiskIsFull) {
  std::ofstream full("/dev/full");
  TraceWriter writer(full, sample_header());
  for (const Record& record : sample_records()) writer.write(record);
  const Outcome written = writer.finish();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message,
            "the trace could not be written to its end: is the disk full?");
}

}  // namespace
}  // namespace kv::sim
