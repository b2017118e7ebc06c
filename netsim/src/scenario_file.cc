#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "located_json.h"
#include "nearest_word.h"
#include "netsim/scenario.h"
#include "netsim/scenario_language.h"

namespace kv::sim {
namespace {

namespace fs = std::filesystem;

struct Candidate {
  bool apart{true};  ///< it doesn't hold the name that was looked for
  std::size_t distance{0};
  std::string path{};

  auto operator<=>(const Candidate&) const = default;
};

/// The scenarios in `folder`, compared with `name`; their paths begin with `shown`.
std::vector<Candidate> scenarios_in(const fs::path& folder, const fs::path& shown,
                                    const std::string& name) {
  std::vector<Candidate> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".json") continue;
    const std::string other = entry->path().stem().string();
    const std::size_t distance = name.size() > 64 ? name.size() : edit_distance(name, other);
    found.push_back({other.find(name) == std::string::npos, distance,
                     (shown / entry->path().filename()).string()});
  }
  return found;
}

/// "a, b and c": the first three.
std::string listed(const std::vector<Candidate>& candidates, std::string_view last_word) {
  constexpr std::size_t kMost = 3;
  const std::size_t count = std::min(candidates.size(), kMost);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += i + 1 == count ? std::string(last_word) : ", ";
    text += candidates[i].path;
  }
  return text;
}

Error missing(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string begin = "There is no file " + path.string();
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return Error{begin + ": the folder " + folder.string() + " doesn't exist."};
  const std::string name = path.stem().string();
  std::vector<Candidate> all = scenarios_in(folder, path.parent_path(), name);
  std::vector<Candidate> near = all;
  if (!path.has_parent_path()) {
    const std::vector<Candidate> library = scenarios_in("scenarios", "scenarios", name);
    near.insert(near.end(), library.begin(), library.end());
  }
  const std::size_t far = (name.size() + 2) / 3 + 1;
  std::erase_if(near, [&](const Candidate& each) { return each.apart && each.distance >= far; });
  std::ranges::sort(near);
  if (!near.empty()) return Error{begin + "; did you mean " + listed(near, " or ") + "?"};
  if (all.empty()) return Error{begin + "; there are no scenarios in that folder."};
  std::ranges::sort(all, {}, &Candidate::path);
  return Error{begin + "; that folder has " + listed(all, " and ") + (all.size() > 3 ? " …" : "")};
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
