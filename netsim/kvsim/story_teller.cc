#include "story_teller.h"

#include <cstdio>

#include "netsim/expectations.h"
#include "netsim/report_layout.h"
#include "wall_clock.h"

namespace kv::sim {
namespace {

std::vector<std::string> names_of(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const NodeSpec& node : scenario.nodes) names.push_back(node.name);
  return names;
}

StorySubject subject_of(const Scenario& scenario) {
  StorySubject subject;
  subject.names = names_of(scenario);
  subject.workload_clients = scenario.workload.clients;
  for (const Expectation& expectation : scenario.expect) {
    const bool captioned = !expectation.caption.empty();
    subject.hopes.push_back({captioned ? expectation.caption : describe(expectation), captioned});
  }
  return subject;
}

}  // namespace

StoryTeller::StoryTeller(const Scenario& scenario, const Telling& telling,
                         const TerminalStyle& style)
    : telling_(telling),
      story_(subject_of(scenario), telling.everything),
      text_(names_of(scenario), style),
      begun_(wall_now()) {}

void StoryTeller::hear(const std::vector<Record>& records) {
  for (const Record& record : records) {
    if (telling_.until && record.at > *telling_.until) {
      cut_short_ = true;
    } else {
      story_.add(record);
    }
  }
  if (!records.empty()) print(story_.take());
}

void StoryTeller::finish() {
  print(story_.finish());
  if (!cut_short_) return;
  std::fputs(("  … told until " + time_text(*telling_.until) + "\n").c_str(), stdout);
}

void StoryTeller::print(const std::vector<StoryLine>& lines) {
  for (const StoryLine& line : lines) {
    if (telling_.speed_permille > 0) {
      const Instant now = wall_now();
      sleep_until_wall(begun_ + Duration{line.at.ns} * 1000 / telling_.speed_permille);
      slept_ = slept_ + (wall_now() - now);
    }
    std::fputs(text_.text(line).c_str(), stdout);
    if (telling_.speed_permille > 0) std::fflush(stdout);
  }
}

}  // namespace kv::sim
