#include "coverage_report.h"

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "netsim/chaos.h"
#include "netsim/report_layout.h"
#include "sweep_table.h"

namespace kv::sim {
namespace {

using Json = nlohmann::ordered_json;

std::string cell_of(std::uint64_t hits) {
  return hits == 0 ? "-" : grouped(hits);
}

std::string fault_name(std::size_t fault) {
  return std::string(verb_name(Chaos::classes()[fault]));
}

/// One column of the matrix: a role with one phase, or with all of them.
TableColumn column_of(const Coverage& coverage, std::size_t role, std::size_t first,
                      std::size_t last) {
  const bool one = first == last;
  TableColumn column{one ? std::string(kStruckRoles[role]) : "",
                     std::string(one ? kStrikePhases[first] : kStruckRoles[role]),
                     true,
                     {}};
  for (std::size_t fault = 0; fault < Chaos::classes().size(); ++fault) {
    std::uint64_t hits = 0;
    for (std::size_t phase = first; phase <= last; ++phase)
      hits += coverage.strike(fault, role, phase).hits;
    column.cells.push_back(cell_of(hits));
  }
  return column;
}

std::string matrix(const Coverage& coverage) {
  TableColumn faults{"", "struck by", false, {}};
  for (std::size_t fault = 0; fault < Chaos::classes().size(); ++fault)
    faults.cells.push_back(fault_name(fault));
  std::vector<TableColumn> columns{faults};
  constexpr std::size_t kLastPhase = kStrikePhases.size() - 1;
  constexpr std::size_t kRolesInDetail = 2;
  for (std::size_t role = 0; role < kRolesInDetail; ++role) {
    for (std::size_t phase = 0; phase <= kLastPhase; ++phase)
      columns.push_back(column_of(coverage, role, phase, phase));
  }
  for (std::size_t role = kRolesInDetail; role < kStruckRoles.size(); ++role)
    columns.push_back(column_of(coverage, role, 0, kLastPhase));
  return align(columns);
}

template <typename Names>
std::size_t place_in(const Names& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

bool is_number(const Json& json, const char* name) {
  return json.contains(name) && json[name].is_number_unsigned();
}

bool is_text(const Json& json, const char* name) {
  return json.contains(name) && json[name].is_string();
}

bool read_counter(const Json& json, Coverage::Counter& counter) {
  if (!is_number(json, "hits") || !is_number(json, "runs")) return false;
  counter.hits = json["hits"].get<std::uint64_t>();
  counter.runs = json["runs"].get<std::uint64_t>();
  return true;
}

/// Its place among the counters; as many as there are if there is no such mark or strike.
std::size_t place_of(const Json& json, std::size_t none) {
  if (is_text(json, "mark")) {
    const std::string name = json["mark"];
    const auto& all = mark_words();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const MarkWords& mark) { return mark.name == name; });
    return found == all.end() ? none : static_cast<std::size_t>(found - all.begin());
  }
  if (!is_text(json, "fault") || !is_text(json, "role") || !is_text(json, "phase")) return none;
  std::vector<std::string> faults;
  for (std::size_t i = 0; i < Chaos::classes().size(); ++i) faults.push_back(fault_name(i));
  const std::size_t fault = place_in(faults, json["fault"]);
  const std::size_t role = place_in(kStruckRoles, json["role"]);
  const std::size_t phase = place_in(kStrikePhases, json["phase"]);
  const bool known =
      fault < faults.size() && role < kStruckRoles.size() && phase < kStrikePhases.size();
  return known ? Coverage::strike_place(fault, role, phase) : none;
}

}  // namespace

std::string coverage_line(const Coverage& coverage) {
  std::uint64_t met = 0;
  std::string missing;
  for (std::size_t i = 0; i < kMarks; ++i) {
    met += coverage.mark(i).hits > 0 ? 1U : 0U;
    if (coverage.mark(i).hits == 0)
      missing += (missing.empty() ? "" : "; ") + std::string(mark_words()[i].name);
  }
  return "Coverage: " + std::to_string(met) + " of " + std::to_string(kMarks) +
         " rare situations were met" + (missing.empty() ? "" : ", but never: " + missing) + ".\n";
}

std::string coverage_tables(const Coverage& coverage) {
  TableColumn names{"", "situation", false, {}};
  TableColumn runs{"", "runs", true, {}};
  TableColumn hits{"", "times", true, {}};
  TableColumn reasons{"", "why it matters", false, {}};
  for (std::size_t i = 0; i < kMarks; ++i) {
    names.cells.emplace_back(mark_words()[i].name);
    runs.cells.push_back(cell_of(coverage.mark(i).runs));
    hits.cells.push_back(cell_of(coverage.mark(i).hits));
    reasons.cells.emplace_back(mark_words()[i].why);
  }
  return "\n" + align({names, runs, hits, reasons}) + "\nWho was struck, and amid what:\n" +
         matrix(coverage);
}

std::string to_json(const Coverage& coverage) {
  Json all = Json::array();
  const auto counted = [&](Json json, const Coverage::Counter& counter) {
    json["hits"] = counter.hits;
    json["runs"] = counter.runs;
    all.push_back(std::move(json));
  };
  for (std::size_t i = 0; i < kMarks; ++i)
    counted(Json::object({{"mark", mark_words()[i].name}}), coverage.mark(i));
  for (std::size_t fault = 0; fault < Chaos::classes().size(); ++fault) {
    for (std::size_t role = 0; role < kStruckRoles.size(); ++role) {
      for (std::size_t phase = 0; phase < kStrikePhases.size(); ++phase) {
        const Coverage::Counter& counter = coverage.strike(fault, role, phase);
        if (counter.hits == 0) continue;
        counted({{"fault", fault_name(fault)},
                 {"role", kStruckRoles[role]},
                 {"phase", kStrikePhases[phase]}},
                counter);
      }
    }
  }
  return all.dump();
}

Result<Coverage> parse_coverage(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  Coverage coverage;
  const std::size_t none = coverage.counters().size();
  bool good = json.is_array();
  for (std::size_t i = 0; good && i < json.size(); ++i) {
    const std::size_t place = json[i].is_object() ? place_of(json[i], none) : none;
    good = place < none && read_counter(json[i], coverage.counters()[place]);
  }
  if (!good) return Error{"'coverage' is no list of marks and strikes with their hits and runs"};
  return coverage;
}

}  // namespace kv::sim
