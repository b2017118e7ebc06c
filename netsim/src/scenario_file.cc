#include <algorithm>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "located_json.h"
#include "nearest_word.h"
#include "netsim/scenario.h"
#include "netsim/scenario_language.h"

namespace kv::sim {
namespace {

namespace fs = std::filesystem;

/// The scenarios in `folder`, those first whose names are most like `name`.
std::vector<std::string> similar_names(const fs::path& folder, const std::string& name) {
  std::vector<std::tuple<bool, std::size_t, std::string>> ranked;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string other = entry->path().filename().string();
    if (entry->path().extension() != ".json") continue;
    const bool apart = other.find(fs::path(name).stem().string()) == std::string::npos;
    const std::size_t distance = name.size() > 64 ? 0 : edit_distance(name, other);
    ranked.emplace_back(apart, distance, other);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  names.reserve(ranked.size());
  for (const auto& [apart, distance, other] : ranked) names.push_back(other);
  return names;
}

Error missing(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return Error{"There is no file " + path.string() + ": the folder " + folder.string() +
                 " doesn't exist."};
  }
  const std::vector<std::string> names = similar_names(folder, path.filename().string());
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMost) text += " …";
  return Error{
      "There is no file " + path.string() + "; " +
      (names.empty() ? "there are no scenarios in that folder." : "that folder has " + text)};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return missing(path);
  if (fs::is_directory(status)) {
    return Error{path + " is a folder: name one of the files in it."};
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error{path + " can't be opened: check its permissions."};
  std::string text(kMaxScenarioBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return Error{path + " can't be read to its end."};
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() <= kMaxScenarioBytes) return text;
  return Error{path + " is too large for a scenario: more than " +
               std::to_string(kMaxScenarioBytes) + " bytes."};
}

}  // namespace kv::sim
