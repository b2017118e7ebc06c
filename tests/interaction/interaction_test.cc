// Protocol stories, one file each. KV_REWRITE=1 writes down what happens now as what is expected:
// read the difference before you keep it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "interaction/script.h"

namespace kv {
namespace {

std::vector<std::filesystem::path> stories() {
  std::vector<std::filesystem::path> paths;
  for (const auto& file : std::filesystem::directory_iterator(KV_TESTDATA_DIR)) {
    if (file.path().extension() == ".txt") paths.push_back(file.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

class Interaction : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Interaction, GoesAsTheStorySays) {
  std::ostringstream expected;
  expected << std::ifstream(GetParam()).rdbuf();
  const std::string played = Script().play(expected.str());
  if (std::getenv("KV_REWRITE") != nullptr) std::ofstream(GetParam()) << played;
  EXPECT_EQ(played, expected.str()) << "KV_REWRITE=1 would accept it in " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Stories, Interaction, testing::ValuesIn(stories()), [](const auto& story) {
  std::string name = story.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});

}  // namespace
}  // namespace kv
