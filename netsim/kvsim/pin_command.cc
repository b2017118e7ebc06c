#include "pin_command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>

#include "exit_status.h"
#include "netsim/report_layout.h"
#include "netsim/simulation.h"
#include "terminal_style.h"

namespace kv::sim {
namespace {

namespace fs = std::filesystem;

using Hashes = std::map<std::string, std::string>;  ///< by the scenario's name

constexpr std::string_view kHashes = "hashes.json";

/// Not a scenario, though it lies among them: "scenario.schema.json" has two endings.
bool beside_scenarios(const fs::path& path) {
  return path.filename() == kHashes || path.stem().has_extension();
}

std::vector<std::string> scenarios_in(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() != ".json" || beside_scenarios(path)) continue;
    files.push_back(path.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<Hashes> read_hashes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Hashes{};
  std::ostringstream text;
  text << file.rdbuf();
  const auto json = nlohmann::json::parse(text.str(), nullptr, false);
  Hashes hashes;
  if (json.is_object()) {
    for (const auto& [name, hash] : json.items()) {
      if (hash.is_string()) hashes[name] = hash.get<std::string>();
    }
    if (hashes.size() == json.size()) return hashes;
  }
  return Error{path.string() + " is not an object of names and hashes. Delete it to begin anew."};
}

Outcome write_hashes(const fs::path& path, const Hashes& hashes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << nlohmann::json(hashes).dump(2) << '\n';
  file.close();
  if (file) return success();
  return Error{path.string() + " can't be written: check its permissions."};
}

/// The hash of a run that passes, the same twice; an Error says why there is none.
Result<std::string> hash_of(const Scenario& scenario) {
  const RunResult first = run(scenario, scenario.seed);
  if (!first.passed) return Error{"fails: not pinned; 'kvsim run' tells why"};
  if (run(scenario, scenario.seed).trace_hash != first.trace_hash)
    return Error{"gives another hash when run again: not pinned"};
  return hash_text(first.trace_hash);
}

Result<std::vector<Scenario>> read_all(const std::vector<std::string>& files) {
  std::vector<Scenario> scenarios;
  for (const std::string& file : files) {
    if (beside_scenarios(file)) continue;
    const Result<std::string> text = read_file(file);
    if (!text) return text.error();
    Result<Scenario> scenario = read_scenario(*text, file);
    if (!scenario) return scenario.error();
    scenarios.push_back(std::move(*scenario));
  }
  return scenarios;
}

/// What came of one scenario, for its row.
std::string row_text(const Result<std::string>& hash, const std::string& old,
                     const TerminalStyle& style) {
  if (!hash) return style.paint(Tone::kBad, hash.error().message);
  if (old.empty()) return *hash + "  new";
  return *hash + (old == *hash ? style.paint(Tone::kFaint, "  as before")
                               : style.paint(Tone::kStrong, "  was " + old));
}

}  // namespace

int pin_command(const std::vector<std::string>& chosen) {
  const std::vector<std::string> files = chosen.empty() ? scenarios_in("scenarios") : chosen;
  if (files.empty())
    return complain("There are no scenarios in the folder 'scenarios' here: name their files.");
  const Result<std::vector<Scenario>> scenarios = read_all(files);
  if (!scenarios) return complain(scenarios.error().message);
  const fs::path path = fs::path(files.front()).parent_path() / kHashes;
  const Result<Hashes> known = read_hashes(path);
  if (!known) return complain(known.error().message);

  const TerminalStyle style(1);
  // Without files everything is pinned anew: names that are gone go.
  Hashes hashes = chosen.empty() ? Hashes{} : *known;
  std::size_t width = 0;
  for (const Scenario& scenario : *scenarios) width = std::max(width, scenario.name.size());
  bool all_pinned = true;
  for (const Scenario& scenario : *scenarios) {
    const auto before = known->find(scenario.name);
    const std::string old = before == known->end() ? std::string() : before->second;
    const Result<std::string> hash = hash_of(scenario);
    if (hash || !old.empty()) hashes[scenario.name] = hash ? *hash : old;
    all_pinned = all_pinned && hash.has_value();
    const std::string row = padded(scenario.name, width) + "  " + row_text(hash, old, style) + "\n";
    std::fputs(row.c_str(), stdout);
  }
  const Outcome written = write_hashes(path, hashes);
  if (!written) return complain(written.error().message, kExitFailed);
  return all_pinned ? kExitPassed : kExitFailed;
}

int check_command(const std::vector<std::string>& files) {
  bool all_good = true;
  for (const std::string& file : files) {
    if (beside_scenarios(file)) continue;
    const Result<std::string> text = read_file(file);
    const Result<Scenario> scenario =
        text ? read_scenario(*text, file) : Result<Scenario>(text.error());
    if (!scenario) {
      all_good = false;
      complain(scenario.error().message);
      continue;
    }
    const std::string words = file + ": good (" + counted(scenario->nodes.size(), "node", "nodes") +
                              ", " + counted(scenario->steps.size(), "step", "steps") + ", " +
                              counted(scenario->expect.size(), "expectation", "expectations") +
                              ")\n";
    std::fputs(words.c_str(), stdout);
  }
  return all_good ? kExitPassed : kExitBadInput;
}

}  // namespace kv::sim
