#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "hosts/headless.h"
#include "unit/scratch_directory.h"

namespace kv::viz {

/// What a program printed, errors among it, and how it ended.
struct Ended {
  int status{-1};
  std::string output{};

  bool says(const std::string& part) const { return output.find(part) != std::string::npos; }
};

/// The real kvviz, in a folder of its own.
class KvvizProgram : public ::testing::Test {
 protected:
  /// `surroundings`: words for env(1), such as DISPLAY=:1.
  Ended kvviz(const std::string& arguments, const std::string& surroundings = kNoDisplay) const {
    const std::string command = "cd '" + folder_.path("") + "' && env " + surroundings +
                                " '" KVVIZ_PATH "' " + arguments + " 2>&1";
    Ended ended;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return ended;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
      ended.output.append(buffer, got);
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) ended.status = WEXITSTATUS(status);
    return ended;
  }
  /// What `kvviz … --screenshot` draws; empty, and a failure, if it doesn't.
  Picture screenshot(const std::string& arguments) const {
    const Ended ended = kvviz(arguments + " --screenshot shot.png");
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_EQ(ended.output, "");
    return picture("shot.png");
  }
  Picture picture(const std::string& name) const {
    Result<Picture> read = read_png(path(name));
    EXPECT_TRUE(read) << read.error().message;
    return read ? *read : Picture{};
  }
  std::string path(const std::string& name) const { return folder_.path(name); }
  static std::string primary_failure() { return "'" KV_SCENARIO_DIR "/02-primary-failure.json'"; }

  static constexpr const char* kNoDisplay = "-u DISPLAY -u WAYLAND_DISPLAY";

 private:
  ScratchDirectory folder_{};
};

}  // namespace kv::viz
