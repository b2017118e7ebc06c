// Holds the whole tree to the rules of rules.h.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rules.h"
#include "source_file.h"

namespace kv::style {
namespace {

namespace fs = std::filesystem;

struct Tree {
  std::vector<SourceFile> sources;
  std::vector<SourceList> lists;
};

std::string contents(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Tree read_tree() {
  const fs::path root = KV_SOURCE_DIR;
  Tree tree;
  for (const char* room : {"core", "netsim", "server", "visualizer", "tests"}) {
    if (!fs::exists(root / room)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
      const fs::path& path = entry.path();
      const fs::path name = fs::relative(path, root);
      if (path.extension() == ".cc" || path.extension() == ".h") {
        tree.sources.push_back(parse_source(name.generic_string(), contents(path)));
      } else if (path.filename() == "CMakeLists.txt") {
        tree.lists.push_back({name.parent_path().generic_string(), contents(path)});
      }
    }
  }
  const auto by_path = [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; };
  std::sort(tree.sources.begin(), tree.sources.end(), by_path);
  return tree;
}

const Tree& tree() {
  static const Tree kTree = read_tree();
  return kTree;
}

/// Every source file passes `rule`; if not, all that is wrong is shown at once.
template <typename Rule>
void expect_clean(Rule rule) {
  std::string all;
  for (const SourceFile& file : tree().sources) {
    for (const std::string& violation : rule(file)) all += violation + "\n";
  }
  EXPECT_TRUE(all.empty()) << all;
}

TEST(Style, TheTreeIsFound) {
  EXPECT_GT(tree().sources.size(), 50u);
  EXPECT_GE(tree().lists.size(), 3u);
}

TEST(Style, FilesAreShort) {
  expect_clean(check_file_length);
}

TEST(Style, LinesAreNarrowAndClean) {
  expect_clean(check_lines);
}

TEST(Style, FunctionsAreShort) {
  expect_clean(check_function_length);
}

TEST(Style, RoomsIncludeOnlyWhomTheyMayKnow) {
  expect_clean(check_includes);
}

TEST(Style, CoreAndNetsimAreDeterministic) {
  expect_clean(check_banned_words);
}

TEST(Style, NoRemindersAreLeft) {
  expect_clean(check_reminders);
}

TEST(Style, EveryFileIsBuilt) {
  expect_clean([](const SourceFile& file) { return check_listed(file, tree().lists); });
}

}  // namespace
}  // namespace kv::style
