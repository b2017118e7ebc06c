#include <cstdio>
#include <cstdlib>
#include <string>

#include <signal.h>

#include "kvviz_program.h"

namespace kv::viz {
namespace {

/// A display in memory (Debian package xvfb), for one test.
class Display {
 public:
  Display() {
    // It says its process and then, when it is ready, the free number that it took. The time limit
    // is for a test that dies.
    pipe_ = ::popen(
        "echo $$; exec timeout 100 Xvfb -displayfd 1 -nolisten tcp -screen 0 1700x1000x24 2>&1",
        "r");
    process_ = line();
    // It complains of numbers that another one took at the same time.
    do {
      said_ += number_ + "\n";
      number_ = line();
    } while (!number_.empty() && !ready());
  }
  ~Display() {
    if (std::atoi(process_.c_str()) > 0) ::kill(std::atoi(process_.c_str()), SIGTERM);
    if (pipe_ != nullptr) ::pclose(pipe_);
  }
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

  const std::string& number() const { return number_; }
  /// Before it was ready, or instead.
  const std::string& said() const { return said_; }
  bool ready() const {
    return !number_.empty() && number_.find_first_not_of("0123456789") == std::string::npos;
  }

 private:
  std::string line() {
    char text[256]{};
    if (pipe_ == nullptr || std::fgets(text, sizeof(text), pipe_) == nullptr) return {};
    std::string line(text);
    while (line.ends_with('\n')) line.pop_back();
    return line;
  }

  std::FILE* pipe_{nullptr};
  std::string process_{};
  std::string number_{};
  std::string said_{};
};

class Window : public KvvizProgram {
 protected:
  /// What a window shows in its tenth frame.
  Picture window(const std::string& arguments) const {
    const Ended ended =
        kvviz(arguments + " --frames 10 --last-frame window.png",
              "-u WAYLAND_DISPLAY LIBGL_ALWAYS_SOFTWARE=1 DISPLAY=:" + display_.number());
    EXPECT_EQ(ended.status, 0) << ended.output;
    return picture("window.png");
  }
  void SetUp() override {
    ASSERT_TRUE(display_.ready()) << "no Xvfb: '" << display_.said()
                                  << "'; install the Debian package xvfb";
  }

 private:
  Display display_{};
};

TEST_F(Window, ShowsWhatAScreenshotShows) {
  const std::string moment = primary_failure() + " --at 12.5s --scale 1";
  const Picture shown = window(moment);
  EXPECT_EQ(shown.width, 1600);
  EXPECT_EQ(shown.height, 900);
  EXPECT_LT(difference(shown, screenshot(moment), 24), 0.002);
}

TEST_F(Window, OpensThoughTheFileCannotBeReadAndSaysSo) {
  const Picture nothing = window("--scale 1");
  EXPECT_GT(difference(nothing, window("missing.json --scale 1"), 24), 0.005);
}

}  // namespace
}  // namespace kv::viz
