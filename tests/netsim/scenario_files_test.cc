// The scenarios in the repository, and files that are none.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "netsim/scenario_language.h"
#include "scenario_reading.h"

namespace kv::sim {
namespace {

namespace fs = std::filesystem;

/// A folder that is gone afterwards.
class ScenarioFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("kv-scenario-files-" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  /// Without the folder's path.
  std::string error_for(const std::string& name) const {
    const Result<std::string> text = read_file((folder_ / name).string());
    if (text) return "nothing";
    std::string message = text.error().message;
    const std::string path = folder_.string() + "/";
    for (std::size_t at = message.find(path); at != std::string::npos; at = message.find(path)) {
      message.erase(at, path.size());
    }
    return message;
  }

  fs::path folder_{};
};

TEST(ScenarioLibrary, EveryScenarioCanBeRead) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(KV_SCENARIO_DIR)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json" || name == "scenario.schema.json" ||
        name == "hashes.json") {
      continue;
    }
    const Result<std::string> text = read_file(entry.path().string());
    ASSERT_TRUE(text.has_value()) << text.error().message;
    const Result<Scenario> scenario = read_scenario(*text, name);
    EXPECT_TRUE(scenario.has_value()) << scenario.error().message;
    if (!scenario) continue;
    EXPECT_FALSE(scenario->why.empty()) << name;
    EXPECT_FALSE(scenario->expect.empty()) << name << " expects nothing";
    ++count;
  }
  EXPECT_GE(count, 5u);
}

TEST_F(ScenarioFiles, AreReadWhole) {
  write("a.json", "{\r\n}\n");
  const Result<std::string> text = read_file((folder_ / "a.json").string());
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text, "{\r\n}\n");
}

TEST_F(ScenarioFiles, AMissingOneTellsWhichAreNear) {
  EXPECT_EQ(error_for("02.json"),
            "There is no file 02.json; there are no scenarios in that folder.");
  for (const char* name : {"01-normal.json", "02-failure.json", "02-two.json", "03-writes.json"}) {
    write(name, "{}");
  }
  write("02.txt", "");
  EXPECT_EQ(error_for("02.json"),
            "There is no file 02.json; did you mean 02-two.json or 02-failure.json?");
  EXPECT_EQ(error_for("03-wirtes.json"),
            "There is no file 03-wirtes.json; did you mean 03-writes.json?");
  EXPECT_EQ(error_for("elsewhere.json"),
            "There is no file elsewhere.json; that folder has 01-normal.json, 02-failure.json and "
            "02-two.json …");
  EXPECT_EQ(error_for("sub/x.json"), "There is no file sub/x.json: the folder sub doesn't exist.");
}

TEST_F(ScenarioFiles, AMissingNameIsLookedForInTheLibraryToo) {
  fs::create_directory(folder_ / "scenarios");
  write("other.json", "{}");
  write("scenarios/07-bridge.json", "{}");
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  const Result<std::string> text = read_file("07-bridge");
  fs::current_path(before);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message,
            "There is no file 07-bridge; did you mean scenarios/07-bridge.json?");
}

TEST_F(ScenarioFiles, AFolderIsNoScenario) {
  fs::create_directory(folder_ / "sub");
  EXPECT_EQ(error_for("sub"), "sub is a folder: name one of the files in it.");
}

TEST_F(ScenarioFiles, ATooLargeOneIsNotRead) {
  write("exact.json", std::string(kMaxScenarioBytes, ' '));
  write("large.json", std::string(kMaxScenarioBytes + 1, ' '));
  EXPECT_EQ(error_for("exact.json"), "nothing");
  EXPECT_EQ(error_for("large.json"),
            "large.json is too large for a scenario: more than 1048576 bytes.");
}

}  // namespace
}  // namespace kv::sim
