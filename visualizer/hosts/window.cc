#include "hosts/window.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

// Brings GL's names and types; its functions are asked from GLFW.
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>

#include "hosts/headless.h"
#include "hosts/screen.h"
#include "panels/frame.h"

namespace kv::viz {
namespace {

/// Who waits no longer than this shows what changes by itself, such as a blinking cursor.
constexpr double kIdleSeconds = 0.1;
/// ImGui answers an input over a few frames.
constexpr int kFramesAfterInput = 4;
/// A pause of the whole program, as when a laptop sleeps, is no time that was watched.
constexpr double kLongestStep = 0.25;

Error no_window(std::string_view what) {
  const char* reason = nullptr;
  glfwGetError(&reason);
  return Error{std::string(what) + (reason == nullptr ? "" : ": " + std::string(reason)) +
               ". Without a display, kvviz FILE --screenshot picture.png writes a picture."};
}

class Library {
 public:
  Library() : ready_(glfwInit() == GLFW_TRUE) {}
  ~Library() { glfwTerminate(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  bool ready() const { return ready_; }

 private:
  bool ready_;
};

/// The few functions of OpenGL that ImGui's backend leaves to its host.
struct OpenGl {
  decltype(&glViewport) viewport{load<decltype(&glViewport)>("glViewport")};
  decltype(&glClearColor) clear_colour{load<decltype(&glClearColor)>("glClearColor")};
  decltype(&glClear) clear{load<decltype(&glClear)>("glClear")};
  decltype(&glReadPixels) read_pixels{load<decltype(&glReadPixels)>("glReadPixels")};

  bool complete() const {
    return viewport != nullptr && clear_colour != nullptr && clear != nullptr &&
           read_pixels != nullptr;
  }

 private:
  template <typename Function>
  static Function load(const char* name) {
    return reinterpret_cast<Function>(glfwGetProcAddress(name));
  }
};

/// A window with its OpenGL context and ImGui's. The library outlives it.
class Window {
 public:
  Window(AppState& app, const Options& options) : app_(app) {
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 0);
    glfwWindowHint(GLFW_SCALE_TO_MONITOR, options.scale ? GLFW_FALSE : GLFW_TRUE);
    window_ = glfwCreateWindow(options.width, options.height, "Understudy", nullptr, nullptr);
    if (window_ == nullptr) return;
    glfwSetWindowSizeLimits(window_, 480, 320, GLFW_DONT_CARE, GLFW_DONT_CARE);
    glfwMakeContextCurrent(window_);
    glfwSwapInterval(1);
    gl_ = OpenGl();
    ImGui::CreateContext();
    dress(app, options.scale.value_or(content_scale()), options.builtin_font);
    ready_ =
        gl_.complete() && ImGui_ImplGlfw_InitForOpenGL(window_, true) && ImGui_ImplOpenGL3_Init();
  }
  ~Window() {
    if (ready_) {
      ImGui_ImplOpenGL3_Shutdown();
      ImGui_ImplGlfw_Shutdown();
    }
    if (window_ == nullptr) return;
    ImGui::DestroyContext();
    app_.fonts = {};
    glfwDestroyWindow(window_);
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  bool ready() const { return ready_; }
  bool closed() const { return glfwWindowShouldClose(window_) == GLFW_TRUE; }
  void take_input();
  void frame();
  /// What was drawn, before it is shown.
  Picture picture() const;
  void show() { glfwSwapBuffers(window_); }

 private:
  float content_scale() const;
  bool something_moves() const;
  Duration time_passed();
  void name_it();

  AppState& app_;
  GLFWwindow* window_{nullptr};
  OpenGl gl_{nullptr, nullptr, nullptr, nullptr};
  bool ready_{false};
  double last_{0};
  int frames_due_{kFramesAfterInput};
  std::string title_{};
};

float Window::content_scale() const {
  float across = 1;
  float down = 1;
  glfwGetWindowContentScale(window_, &across, &down);
  return std::max(0.5F, across);
}

bool Window::something_moves() const {
  if (app_.playback.playing() || app_.toast) return true;
  if (!app_.source) return false;
  return app_.source->progress().busy || app_.source->kind() == Source::Kind::kLive;
}

void Window::take_input() {
  if (frames_due_ > 0) --frames_due_;
  if (frames_due_ > 0 || something_moves()) {
    glfwPollEvents();
    return;
  }
  const double before = glfwGetTime();
  glfwWaitEventsTimeout(kIdleSeconds);
  if (glfwGetTime() - before < kIdleSeconds) frames_due_ = kFramesAfterInput;
}

Duration Window::time_passed() {
  const double now = glfwGetTime();
  const double passed = std::clamp(now - std::exchange(last_, now), 0.0, kLongestStep);
  return nanoseconds(static_cast<std::int64_t>(passed * 1e9));
}

void Window::name_it() {
  const History* const history = app_.history();
  std::string title = "Understudy";
  if (history != nullptr && !history->cluster().title.empty())
    title += " – " + history->cluster().title;
  if (title == title_) return;
  title_ = std::move(title);
  glfwSetWindowTitle(window_, title_.c_str());
}

void Window::frame() {
  name_it();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  if (size.x < 1 || size.y < 1) {  // an icon: nothing to draw on
    advance(app_, time_passed());
    return;
  }
  make_frame(app_, size, time_passed());
  int width = 0;
  int height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  gl_.viewport(0, 0, width, height);
  const ImVec4 background = ImGui::ColorConvertU32ToFloat4(app_.theme.background);
  gl_.clear_colour(background.x, background.y, background.z, 1);
  gl_.clear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

Picture Window::picture() const {
  Picture picture;
  glfwGetFramebufferSize(window_, &picture.width, &picture.height);
  const auto row = static_cast<std::size_t>(picture.width) * 4;
  const auto rows = static_cast<std::size_t>(picture.height);
  picture.rgba.resize(row * rows);
  gl_.read_pixels(0, 0, picture.width, picture.height, GL_RGBA, GL_UNSIGNED_BYTE,
                  picture.rgba.data());
  // OpenGL's rows go upwards.
  for (std::size_t y = 0; y < rows / 2; ++y) {
    std::swap_ranges(picture.rgba.data() + y * row, picture.rgba.data() + (y + 1) * row,
                     picture.rgba.data() + (rows - 1 - y) * row);
  }
  return picture;
}

}  // namespace

Outcome run_in_window(AppState& app, const Options& options) {
  const Library library;
  if (!library.ready()) return no_window("can't open a window");
  Window window(app, options);
  if (!window.ready()) return no_window("can't open a window with OpenGL 3.0");
  for (unsigned frames = 0; !window.closed();) {
    window.take_input();
    window.frame();
    if (++frames == options.frames) {
      return options.last_frame.empty() ? success()
                                        : write_png(window.picture(), options.last_frame);
    }
    window.show();
  }
  return success();
}

}  // namespace kv::viz
