#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "sweep_results.h"

namespace kv::sim {

/// One line of JSON, without its end. Workers send it to their parent, and files hold it.
std::string to_json_line(const SweepPlan& plan, const SweepRun& run);
Result<SweepRun> parse_json_line(const SweepPlan& plan, std::string_view line);

/// The whole as a JSON document, a run a line, with the summary. All times in nanoseconds.
std::string to_json(const SweepResults& results);
/// `name` is the file's, for messages. The summary is not read.
Result<SweepResults> parse_json(std::string_view text, const std::string& name);

/// A header and a line a run, as RFC 4180 has it but with plain newlines. Times in milliseconds.
std::string to_csv(const SweepResults& results);

/// An Error if the file can't be opened for writing; what it holds stays.
Outcome check_writable(const std::string& path);
Outcome write_file(const std::string& path, std::string_view text);
/// A file of any size.
Result<std::string> read_results_file(const std::string& path);

}  // namespace kv::sim
