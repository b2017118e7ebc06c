#include "rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>

namespace kv::style {
namespace {

std::string at(const SourceFile& file, std::size_t line, const std::string& what) {
  return file.path + ":" + std::to_string(line) + ": " + what;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

enum class Ends { kWord, kPrefix, kAny };

/// Whether `word` occurs as a word, as the start of one, or anywhere.
bool mentions(std::string_view line, std::string_view word, Ends ends) {
  for (std::size_t i = line.find(word); i != std::string_view::npos; i = line.find(word, i + 1)) {
    const std::size_t end = i + word.size();
    const bool starts = i == 0 || !is_word(line[i - 1]);
    const bool stops = end == line.size() || !is_word(line[end]);
    if (ends == Ends::kAny || (starts && (stops || ends == Ends::kPrefix))) return true;
  }
  return false;
}

struct Include {
  std::string name;
  bool angled{false};
};

std::optional<Include> include_of(const SourceFile& file, std::size_t index) {
  const std::string& code = file.code[index];
  const std::size_t first = code.find_first_not_of(' ');
  if (first == std::string::npos || code[first] != '#') return std::nullopt;
  if (!mentions(code, "include", Ends::kWord)) return std::nullopt;
  const std::string& line = file.lines[index];  // in `code` the quoted name is blanked
  const std::size_t open = line.find_first_of("<\"");
  if (open == std::string::npos) return std::nullopt;
  const bool angled = line[open] == '<';
  const std::size_t close = line.find(angled ? '>' : '"', open + 1);
  if (close == std::string::npos) return std::nullopt;
  return Include{line.substr(open + 1, close - open - 1), angled};
}

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// What core may use of the standard library: no clock, thread, file or undefined order.
/// core/.clang-tidy has the same list.
constexpr auto kCoreHeaders = std::to_array<std::string_view>(
    {"algorithm", "array",   "bit",     "charconv",         "compare",  "concepts",   "cstddef",
     "cstdint",   "cstring", "deque",   "initializer_list", "iterator", "limits",     "list",
     "map",       "memory",  "numeric", "optional",         "set",      "span",       "string",
     "tuple",     "utility", "variant", "string_view",      "vector",   "type_traits"});

struct HeaderException {
  std::string_view path;
  std::string_view header;
};
constexpr auto kCoreExceptions = std::to_array<HeaderException>({
    {"core/src/hash.cc", "xxhash.h"},
    {"core/src/trace_json_reader.cc", "nlohmann/json.hpp"},
    {"core/src/check.cc", "cstdio"},
    {"core/src/check.cc", "cstdlib"},
});

/// Beyond core's list, what the simulator uses for its language and its report.
constexpr auto kNetsimHeaders = std::to_array<std::string_view>(
    {"cmath", "cstdio", "cstdlib", "filesystem", "fstream", "functional", "iostream", "istream",
     "ostream", "queue", "sstream"});
constexpr auto kNetsimLibraries = std::to_array<std::string_view>({"fmt/", "CLI/", "nlohmann/"});

/// A room of the house: a folder, and the rooms that its files may include.
struct Room {
  std::string_view name;
  std::string_view may_know;  ///< names between blanks
  std::string_view because;
};
constexpr auto kRooms = std::to_array<Room>({
    {"core", " core ", "core knows nobody, netsim and server know only core"},
    {"netsim", " core netsim ", "core knows nobody, netsim and server know only core"},
    {"server", " core server ", "core knows nobody, netsim and server know only core"},
    {"model", " core netsim model ", "the model knows only what is recorded"},
    {"sources", " core netsim server model sources ", "sources know no panels"},
    {"panels", " core netsim server model sources panels ", "panels know no hosts"},
    {"hosts", " core netsim server model sources panels hosts ", "hosts know nobody else"},
});
constexpr std::string_view kVisualizer = "visualizer/";

/// Of a file's path or of the name in an include; the visualizer's folders are rooms of their own.
std::string_view room_of(std::string_view path) {
  if (path.starts_with(kVisualizer)) path.remove_prefix(kVisualizer.size());
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

const Room* find_room(std::string_view name) {
  const auto* found = std::find_if(kRooms.begin(), kRooms.end(),
                                   [&](const Room& room) { return room.name == name; });
  return found == kRooms.end() ? nullptr : found;
}

bool knows(const Room& room, std::string_view other) {
  return room.may_know.find(" " + std::string(other) + " ") != std::string_view::npos;
}

bool core_may_use(const SourceFile& file, std::string_view header) {
  const auto excepted = [&](const HeaderException& exception) {
    return exception.path == file.path && exception.header == header;
  };
  return contains(kCoreHeaders, header) ||
         std::any_of(kCoreExceptions.begin(), kCoreExceptions.end(), excepted);
}

/// kvsim itself talks to terminals and worker processes; the simulator behind it must not.
bool is_program(const SourceFile& file) {
  return file.path.starts_with("netsim/kvsim/");
}

bool netsim_may_use(const SourceFile& file, std::string_view header) {
  if (is_program(file)) return true;
  const auto begins = [&](std::string_view library) { return header.starts_with(library); };
  return contains(kCoreHeaders, header) || contains(kNetsimHeaders, header) ||
         std::any_of(kNetsimLibraries.begin(), kNetsimLibraries.end(), begins);
}

/// The model and the sources draw nothing, and only hosts open windows.
bool visualizer_may_use(std::string_view room, std::string_view header) {
  if (room == "model") return contains(kCoreHeaders, header) || header == "cmath";
  if (room == "sources") return !header.starts_with("imgui");
  return room != "panels" || !header.starts_with("GLFW/");
}

bool may_use(const SourceFile& file, std::string_view room, std::string_view header) {
  if (room == "core") return core_may_use(file, header);
  if (room == "netsim") return netsim_may_use(file, header);
  return visualizer_may_use(room, header);
}

std::optional<std::string> objection(const SourceFile& file, const Include& include) {
  const std::string_view room = room_of(file.path);
  if (include.angled) {
    if (may_use(file, room, include.name)) return std::nullopt;
    return std::string(room) + " must not include <" + include.name +
           ">: it is not on the list of headers in tests/style/rules.cc";
  }
  const std::string_view target = room_of(include.name);
  const Room* own = find_room(room);
  // A name without a folder is a private header beside the file.
  if (own == nullptr || target.empty() || knows(*own, target)) return std::nullopt;
  return std::string(room) + " must not include \"" + include.name +
         "\": " + std::string(own->because);
}

struct BannedWord {
  std::string_view word;
  Ends ends{};
  std::string_view instead;
};
constexpr std::string_view kTimeInstead = "time comes in as an Instant argument";
constexpr std::string_view kRandomInstead = "draw from core's Rng, the same on every machine";
constexpr std::string_view kOrderInstead = "use std::map or a sorted vector, which have an order";
constexpr std::string_view kFloatInstead = "use integers, the same on every machine";
constexpr auto kBannedWords = std::to_array<BannedWord>({
    {"steady_clock", Ends::kWord, kTimeInstead},
    {"system_clock", Ends::kWord, kTimeInstead},
    {"random_device", Ends::kWord, kRandomInstead},
    {"mt19937", Ends::kPrefix, kRandomInstead},
    {"rand", Ends::kWord, kRandomInstead},
    {"srand", Ends::kWord, kRandomInstead},
    {"_distribution", Ends::kAny, kRandomInstead},
    {"std::shuffle", Ends::kWord, kRandomInstead},
    {"unordered_", Ends::kPrefix, kOrderInstead},
    {"std::function", Ends::kWord, "use a value: a closure can't be copied into a checkpoint"},
    {"getenv", Ends::kWord, "settings come in through Config"},
    {"thread_local", Ends::kWord, "state belongs in an object"},
    {"float", Ends::kWord, kFloatInstead},
    {"double", Ends::kWord, kFloatInstead},
});

// Written so that this file doesn't trip over its own rule.
constexpr auto kReminders =
    std::to_array<std::string_view>({"TO"
                                     "DO",
                                     "FIX"
                                     "ME",
                                     "X"
                                     "XX"});

}  // namespace

Violations check_file_length(const SourceFile& file) {
  if (file.lines.size() <= kMaxFileLines) return {};
  return {at(file, kMaxFileLines + 1,
             "the file has " + std::to_string(file.lines.size()) + " lines; the limit is " +
                 std::to_string(kMaxFileLines) + ": split it by concern")};
}

Violations check_lines(const SourceFile& file) {
  Violations violations;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    if (columns(line) > kMaxColumns) {
      violations.push_back(at(file, i + 1,
                              "the line has " + std::to_string(columns(line)) +
                                  " columns; the limit is " + std::to_string(kMaxColumns)));
    }
    if (line.find('\t') != std::string::npos) {
      violations.push_back(at(file, i + 1, "a tab: indent with spaces, write \\t in literals"));
    }
    if (line.ends_with(' ') || line.ends_with('\r')) {
      violations.push_back(at(file, i + 1, "a blank at the end of the line"));
    }
  }
  return violations;
}

Violations check_function_length(const SourceFile& file) {
  Violations violations;
  for (const Function& function : find_functions(file)) {
    const std::size_t length = function.last_line - function.first_line + 1;
    if (length <= kMaxFunctionLines) continue;
    violations.push_back(at(file, function.first_line,
                            "the function has " + std::to_string(length) + " lines; the limit is " +
                                std::to_string(kMaxFunctionLines)));
  }
  return violations;
}

Violations check_includes(const SourceFile& file) {
  Violations violations;
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    const std::optional<Include> include = include_of(file, i);
    if (!include) continue;
    if (const auto what = objection(file, *include)) violations.push_back(at(file, i + 1, *what));
  }
  return violations;
}

Violations check_banned_words(const SourceFile& file) {
  const std::string_view room = room_of(file.path);
  if ((room != "core" && room != "netsim") || is_program(file)) return {};
  Violations violations;
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    for (const BannedWord& banned : kBannedWords) {
      if (!mentions(file.code[i], banned.word, banned.ends)) continue;
      violations.push_back(at(file, i + 1,
                              std::string(banned.word) + " is banned in " + std::string(room) +
                                  ": " + std::string(banned.instead)));
    }
  }
  return violations;
}

Violations check_reminders(const SourceFile& file) {
  Violations violations;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    for (const std::string_view reminder : kReminders) {
      if (!mentions(file.lines[i], reminder, Ends::kWord)) continue;
      violations.push_back(
          at(file, i + 1, std::string(reminder) + ": do it, or write an issue instead"));
    }
  }
  return violations;
}

Violations check_listed(const SourceFile& file, const std::vector<SourceList>& lists) {
  if (!file.path.ends_with(".cc")) return {};
  for (const SourceList& list : lists) {
    const std::string folder = list.folder + "/";
    if (!file.path.starts_with(folder)) continue;
    const std::string name = file.path.substr(folder.size());
    for (std::size_t i = list.text.find(name); i != std::string::npos;
         i = list.text.find(name, i + 1)) {
      const std::size_t end = i + name.size();
      const auto apart = [](char c) { return !is_word(c) && c != '/' && c != '.' && c != '-'; };
      if ((i == 0 || apart(list.text[i - 1])) && (end == list.text.size() || apart(list.text[end])))
        return {};
    }
  }
  return {at(file, 1, "no CMakeLists.txt lists this file: list it, or delete it")};
}

}  // namespace kv::style
