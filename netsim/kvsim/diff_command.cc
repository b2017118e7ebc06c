#include "diff_command.h"

#include <cstdio>

#include "exit_status.h"
#include "netsim/report_layout.h"
#include "netsim/trace_diff.h"
#include "netsim/trace_file.h"

namespace kv::sim {

int diff_command(const std::string& a, const std::string& b) {
  const Result<TraceFile> left = read_trace(a);
  if (!left) return complain(left.error().message);
  const Result<TraceFile> right = read_trace(b);
  if (!right) return complain(right.error().message);
  if (!first_difference(left->records, right->records)) {
    const std::string words =
        "The traces are equal: " + counted(left->records.size(), "record", "records") + ".\n";
    std::fputs(words.c_str(), stdout);
    return kExitPassed;
  }
  const std::string words = "A is " + a + "\nB is " + b + "\n" + explain_difference(*left, *right);
  std::fputs(words.c_str(), stdout);
  return kExitFailed;
}

}  // namespace kv::sim
