#include "load/load_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

namespace kv::load {
namespace {

double rate_of(const LoadTotals& totals) {
  return totals.seconds > 0 ? static_cast<double>(totals.acknowledged) / totals.seconds : 0;
}

/// One line, whatever bytes an error text has.
std::string one_line(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

double cpu_seconds_used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string as_text(const LoadTotals& totals) {
  const LatencyHistogram& latencies = totals.latencies;
  std::string text = fmt::format(
      "{:.0f} acknowledged/s  ({} in {:.1f} s, {} failed)  p50 {} us  p99 {} us  p99.9 {} us  max "
      "{} us\n",
      rate_of(totals), totals.acknowledged, totals.seconds, totals.failed, latencies.quantile(0.5),
      latencies.quantile(0.99), latencies.quantile(0.999), latencies.max());
  if (totals.failed > 0) text += fmt::format("first failure: {}\n", totals.first_failure);
  return text;
}

std::string as_json(const LoadTotals& totals) {
  return one_line({{"acknowledged", totals.acknowledged},
                   {"failed", totals.failed},
                   {"first_failure", totals.first_failure},
                   {"seconds", totals.seconds},
                   {"rate", rate_of(totals)},
                   {"p50_us", totals.latencies.quantile(0.5)},
                   {"p99_us", totals.latencies.quantile(0.99)},
                   {"p999_us", totals.latencies.quantile(0.999)},
                   {"max_us", totals.latencies.max()},
                   {"cpu_seconds", totals.cpu_seconds}});
}

std::string as_text(const FailoverTotals& totals) {
  return fmt::format("longest gap {:.0f} ms{}  ({} acknowledged of {} tried, {} lost{})\n",
                     totals.gap_seconds * 1e3, totals.recovered ? "" : " and it lasts",
                     totals.acknowledged, totals.attempts, totals.lost,
                     totals.verified ? "" : ", not all of them looked for");
}

std::string as_json(const FailoverTotals& totals) {
  return one_line({{"acknowledged", totals.acknowledged},
                   {"attempts", totals.attempts},
                   {"gap_seconds", totals.gap_seconds},
                   {"recovered", totals.recovered},
                   {"verified", totals.verified},
                   {"lost", totals.lost}});
}

}  // namespace kv::load
