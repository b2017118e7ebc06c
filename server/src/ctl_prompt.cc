#include "ctl_prompt.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <editline/readline.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl_data.h"
#include "ctl_status.h"
#include "server/client.h"
#include "terminal.h"

namespace kv {
namespace {

constexpr std::array<const char*, 7> kVerbs{"SET",    "GET",  "DELETE", "PING",
                                            "STATUS", "help", "quit"};
constexpr int kHistoryLines = 1000;

constexpr const char* kHelp =
    R"(SET key value    write; the value is the rest of the line, JSON or plain text
GET key          read
DELETE key       remove
PING             ask the primary for a sign of life
STATUS           show all nodes
help, quit       also Ctrl-D
)";

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

/// For libedit: the `state`-th verb that begins with `text`, in the case of what was typed.
char* next_completion(const char* text, int state) {
  const std::string typed = text;
  const bool lower = !typed.empty() && typed.front() >= 'a' && typed.front() <= 'z';
  int matches = 0;
  for (const char* verb : kVerbs) {
    if (lower_case(verb).rfind(lower_case(typed), 0) != 0) continue;
    if (matches++ == state) return ::strdup(lower ? lower_case(verb).c_str() : verb);
  }
  return nullptr;
}

char** complete(const char* text, int begin, int) {
  rl_attempted_completion_over = 1;
  return begin == 0 ? ::rl_completion_matches(text, next_completion) : nullptr;
}

/// Lines from a person, edited and remembered, or from a pipe as they are.
class LineSource {
 public:
  explicit LineSource(bool interactive) : interactive_(interactive) {
    if (!interactive_) return;
    if (const char* const home = std::getenv("HOME"))
      history_path_ = std::string(home) + "/.kvctl_history";
    rl_readline_name = "kvctl";
    rl_attempted_completion_function = complete;
    ::using_history();
    ::stifle_history(kHistoryLines);
    if (!history_path_.empty()) ::read_history(history_path_.c_str());
  }

  std::optional<std::string> next(const std::string& prompt) {
    if (!interactive_) {
      std::string line;
      if (!std::getline(std::cin, line)) return std::nullopt;
      return line;
    }
    const std::unique_ptr<char, decltype(&std::free)> line(::readline(prompt.c_str()), &std::free);
    if (!line) return std::nullopt;
    remember(line.get());
    return std::string(line.get());
  }

 private:
  void remember(const char* line) {
    if (*line == '\0') return;
    ::add_history(line);
    if (history_path_.empty()) return;
    // Values may be private.
    const mode_t old_mask = ::umask(S_IRWXG | S_IRWXO);
    ::write_history(history_path_.c_str());
    ::umask(old_mask);
  }

  bool interactive_;
  std::string history_path_{};
};

class Prompt {
 public:
  explicit Prompt(const CtlOptions& options)
      : options_(options),
        interactive_(::isatty(STDIN_FILENO) == 1 && terminal_.interactive()),
        client_(options.cluster) {}

  int run() {
    LineSource lines(interactive_);
    if (interactive_) greet();
    while (const std::optional<std::string> line = lines.next(prompt_text())) {
      const std::size_t begin = line->find_first_not_of(" \t");
      if (begin == std::string::npos) continue;
      const std::string command = line->substr(begin, line->find_last_not_of(" \t\r") - begin + 1);
      const std::string verb = lower_case(command.substr(0, command.find(' ')));
      if (verb == "quit" || verb == "exit") return exit_status();
      execute(verb, command);
      std::fflush(stdout);
    }
    if (interactive_) std::fputs("\n", stdout);
    return exit_status();
  }

 private:
  void greet() {
    const auto answers = status_of_all(options_.cluster, seconds(1));
    if (const std::optional<std::size_t> serving = primary_among(answers)) {
      primary_ = options_.cluster.members[*serving].node_id;
      fmt::print("The primary is {}. 'help' lists the commands, Ctrl-D ends.\n", primary_);
    } else {
      fmt::print("{}", describe(options_.cluster, answers, terminal_));
    }
  }

  std::string prompt_text() const { return primary_.empty() ? "kv> " : primary_ + "> "; }
  int exit_status() const { return interactive_ || all_succeeded_ ? 0 : 1; }

  void execute(const std::string& verb, const std::string& command) {
    if (verb == "help" || verb == "?") {
      std::fputs(kHelp, stdout);
    } else if (verb == "status") {
      const auto answers = status_of_all(options_.cluster, seconds(1));
      std::fputs(describe(options_.cluster, answers, terminal_).c_str(), stdout);
    } else {
      send(command);
    }
  }

  void send(const std::string& command) {
    const Result<Reply> reply = client_.execute(command, options_.timeout);
    if (!reply) {
      all_succeeded_ = false;
      fail(reply.error().message);
      return;
    }
    note_primary(*reply);
    if (reply->ok()) {
      const std::string text = readable(*reply) + "\n";  // may hold any byte, zero too
      std::fwrite(text.data(), 1, text.size(), stdout);
    } else if (reply->code == "NOT_FOUND") {
      std::fputs((terminal_.styled(Style::kFaint, "(no such key)") + "\n").c_str(), stdout);
    } else {
      all_succeeded_ = false;
      fail(readable_error(*reply));
    }
  }

  void note_primary(const Reply& reply) {
    if (!reply.ok() || reply.node_id.empty() || reply.node_id == primary_) return;
    if (!primary_.empty() && interactive_) {
      const std::string text = "primary is now " + reply.node_id;
      std::fputs((terminal_.styled(Style::kStrong, text) + "\n").c_str(), stdout);
    }
    primary_ = reply.node_id;
  }

  const CtlOptions& options_;
  Terminal terminal_{STDOUT_FILENO};
  bool interactive_;
  ClusterClient client_;
  std::string primary_{};
  bool all_succeeded_{true};
};

}  // namespace

int run(const CtlOptions& options, const PromptCommand&) {
  return Prompt(options).run();
}

}  // namespace kv
