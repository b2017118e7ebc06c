#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "hosts/measure.h"
#include "hosts/opening.h"
#include "hosts/options.h"
#include "hosts/record.h"
#include "hosts/screen.h"
#include "hosts/window.h"

namespace kv::viz {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

int complain(const Error& error, int status) {
  std::fputs(("kvviz: " + error.message + "\n").c_str(), stderr);
  return status;
}

int tell(const Result<std::string>& words) {
  if (!words) return complain(words.error(), kFailed);
  std::fputs(words->c_str(), stdout);
  return kDone;
}

int run_headless(AppState& app, const Options& options) {
  Screen screen(app, {static_cast<float>(options.width), static_cast<float>(options.height)},
                options.scale.value_or(1.0F), options.builtin_font);
  if (options.film) return tell(record(app, screen, *options.film));
  if (options.measure > 0) return tell(measure(app, screen, options.measure));
  screen.settle();
  const Outcome written = write_png(screen.picture(), options.screenshot);
  if (!written) return complain(written.error(), kFailed);
  const std::string problem = app.source ? app.source->problem() : std::string();
  return problem.empty() ? kDone : complain(Error{problem}, kFailed);
}

/// How far the history must be made before anything is shown.
Instant needed(const Options& options) {
  if (options.headless()) return kNever;
  return Instant{} + options.at.value_or(Duration{});
}

int kvviz(const Options& options) {
  AppState app;
  const Outcome opened = open_source(app, options);
  if (!opened && options.headless()) return complain(opened.error(), kFailed);
  if (app.source) {
    const Duration watch = options.headless() ? options.at.value_or(seconds(2)) : Duration{};
    gather(*app.source, needed(options), watch);
  }
  const Outcome arranged = arrange(app, options);
  if (!arranged) return complain(arranged.error(), kUsage);
  if (options.headless()) return run_headless(app, options);
  const Outcome shown = run_in_window(app, options);
  return shown ? kDone : complain(shown.error(), kFailed);
}

}  // namespace
}  // namespace kv::viz

int main(int argc, char** argv) {
  const auto parsed = kv::viz::parse_options(std::vector<std::string>(argv + 1, argv + argc));
  if (const auto* usage = std::get_if<kv::viz::UsageExit>(&parsed)) {
    std::fputs(usage->text.c_str(), usage->status == 0 ? stdout : stderr);
    return usage->status;
  }
  return kv::viz::kvviz(std::get<kv::viz::Options>(parsed));
}
