#include "hosts/record.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hosts/opening.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

namespace fs = std::filesystem;
using Command = std::vector<std::string>;

constexpr std::size_t kMostFrames = 36'000;  // 20 minutes; with gigabytes of pictures
constexpr std::string_view kFrameName = "frame-00000.png";

std::string frame_path(const fs::path& folder, std::size_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 5 - std::min<std::size_t>(5, digits.size()), '0');
  return (folder / ("frame-" + digits + ".png")).string();
}

/// A longer recording before this one must not end the film of this one.
Outcome clear(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return Error{"can't make the folder " + folder.string() + ": " + problem.message()};
  std::vector<fs::path> old;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, problem)) {
    const std::string name = entry.path().filename().string();
    if (name.size() == kFrameName.size() && name.starts_with("frame-") && name.ends_with(".png"))
      old.push_back(entry.path());
  }
  for (const fs::path& path : old) fs::remove(path, problem);
  if (problem) return Error{"can't clear the folder " + folder.string() + ": " + problem.message()};
  return success();
}

/// The number of pictures.
Result<std::size_t> write_frames(AppState& app, Screen& screen, const FilmOptions& film) {
  const Duration step = seconds(1) / film.frames_per_second;
  const Instant horizon = app.source->horizon();
  const Instant to = film.to ? std::min(Instant{} + *film.to, horizon) : horizon;
  app.playback.play();
  screen.settle();
  for (std::size_t count = 1;; ++count) {
    const Outcome written = write_png(screen.picture(), frame_path(film.folder, count));
    if (!written) return written.error();
    if (count == kMostFrames)
      return Error{
          "stopped after " + sim::grouped(kMostFrames) +
          " pictures: choose a shorter stretch with --from and --to, or a greater --speed"};
    const Instant before = app.playback.at();
    screen.frame(step);
    if (app.playback.at() > to || app.playback.at() == before) return count;
  }
}

/// ffmpeg takes a '%' for a place of the number.
std::string pattern(const std::string& folder) {
  std::string text;
  for (const char c : folder) text += c == '%' ? std::string("%%") : std::string(1, c);
  return (fs::path(text) / "frame-%05d.png").string();
}

Command film_command(const FilmOptions& film, const Command& how, const std::string& name) {
  Command command{"ffmpeg", "-loglevel",         "error",
                  "-y",     "-framerate",        std::to_string(film.frames_per_second),
                  "-i",     pattern(film.folder)};
  command.insert(command.end(), how.begin(), how.end());
  command.push_back((fs::path(film.folder) / name).string());
  return command;
}

/// For a shell.
std::string command_line(const Command& command) {
  std::string line;
  for (const std::string& word : command) {
    const bool plain = word.find_first_of(" '\"\\$`()[]{};&|<>*?!#~") == std::string::npos;
    std::string quoted;
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += (line.empty() ? "" : " ") + (plain ? word : "'" + quoted + "'");
  }
  return line;
}

enum class Ran { kWell, kBadly, kNotThere };

Ran run(const Command& command) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0)
    return Ran::kNotThere;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Ran::kBadly;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return Ran::kNotThere;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Ran::kWell : Ran::kBadly;
}

}  // namespace

Result<std::string> record(AppState& app, Screen& screen, const FilmOptions& film) {
  const Outcome cleared = clear(film.folder);
  if (!cleared) return cleared.error();
  const Outcome gone = go_to(app, film.from.value_or(Duration{}));
  if (!gone) return gone.error();
  const Result<std::size_t> count = write_frames(app, screen, film);
  if (!count) return count.error();
  std::string words = sim::counted(*count, "picture", "pictures") + " in " + film.folder + "\n";
  const std::array films{
      // Most players want even sides and this pixel format.
      film_command(film, {"-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"},
                   "film.mp4"),
      film_command(film, {"-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none"},
                   "film.gif")};
  for (const Command& command : films) {
    switch (run(command)) {
      case Ran::kWell:
        words += "film: " + command.back() + "\n";
        break;
      case Ran::kNotThere:
        words += "ffmpeg is not installed; this would make a film of them:\n  " +
                 command_line(command) + "\n";
        break;
      case Ran::kBadly:
        return Error{words + "ffmpeg could not make a film of them: " + command_line(command)};
    }
  }
  return words;
}

}  // namespace kv::viz
