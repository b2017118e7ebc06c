// COMMAND and its subcommands: what the table says, as Redis 7.0 would.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/glob.h"
#include "redis_command_arguments.h"
#include "redis_commands.h"
#include "redis_parsers.h"
#include "redis_reply.h"

namespace kv {
namespace {

using Row = const RedisCommand*;
using Rows = std::vector<Row>;

Rows all_rows() {
  Rows rows;
  for (const RedisCommand& row : redis_commands()) rows.push_back(&row);
  return rows;
}

Rows subcommands_of(const RedisCommand& command) {
  Rows rows;
  const std::string front = std::string(command.name) + "|";
  for (const RedisCommand& row : redis_subcommands()) {
    if (row.name.starts_with(front)) rows.push_back(&row);
  }
  return rows;
}

/// "get", or "client|id". Null: there is none.
Row find_row(std::string_view name) {
  const std::size_t bar = name.find('|');
  if (bar == std::string_view::npos) return find_redis_command(name);
  return find_redis_subcommand(name.substr(0, bar), name.substr(bar + 1));
}

Words split(std::string_view text, char mark) {
  Words parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(mark), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

struct Mark {
  bool holds{false};
  std::string_view word{};
};

Words those_that_hold(std::initializer_list<Mark> marks) {
  Words words;
  for (const Mark& mark : marks) {
    if (mark.holds) words.push_back(mark.word);
  }
  return words;
}

/// Which Redis takes before a client has authenticated.
bool needs_no_password(Verb verb) {
  return verb == Verb::kAuth || verb == Verb::kHello || verb == Verb::kQuit || verb == Verb::kReset;
}

Words flag_words(const RedisCommand& row) {
  const auto has = [&row](std::uint32_t flag) { return (row.flags & flag) != 0; };
  return those_that_hold({{has(kWrites), "write"},
                          {has(kReads), "readonly"},
                          {has(kGrows), "denyoom"},
                          {has(kAdmin), "admin"},
                          {row.group == "pubsub", "pubsub"},
                          {has(kFast), "fast"},
                          {needs_no_password(row.verb), "no_auth"},
                          {has(kNotInMulti), "no_multi"},
                          {has(kWraps), "movablekeys"}});
}

Words categories(const RedisCommand& row) {
  const auto has = [&row](std::uint32_t flag) { return (row.flags & flag) != 0; };
  const bool about_keys = row.verb == Verb::kStore || (row.group == "generic" && row.first_key > 0);
  return those_that_hold({{about_keys && row.group != "string", "@keyspace"},
                          {has(kReads), "@read"},
                          {has(kWrites), "@write"},
                          {row.group == "string", "@string"},
                          {row.group == "pubsub", "@pubsub"},
                          {has(kAdmin), "@admin"},
                          {has(kFast), "@fast"},
                          {!has(kFast), "@slow"},
                          {has(kDangerous), "@dangerous"},
                          {has(kConnection), "@connection"},
                          {row.group == "transactions", "@transaction"}});
}

void words_reply(RedisReply& reply, const Words& words) {
  reply.set(words.size());
  for (const std::string_view word : words) reply.word(word);
}

/// Where the keys are that are used in one way.
void key_spec_reply(RedisReply& reply, const RedisCommand& row, int first, std::string_view use) {
  reply.map(3).text("flags");
  words_reply(reply, split(use, ' '));
  reply.text("begin_search").map(2).text("type").text("index");
  reply.text("spec").map(1).text("index").integer(first);
  reply.text("find_keys").map(2).text("type").text("range").text("spec").map(3);
  reply.text("lastkey").integer(row.last_key < 0 ? row.last_key : 0);
  reply.text("keystep").integer(row.key_step);
  reply.text("limit").integer(0);
}

void info_reply(RedisReply& reply, const RedisCommand& row) {
  reply.list(10).text(row.name).integer(row.arity);
  words_reply(reply, flag_words(row));
  reply.integer(row.first_key).integer(row.last_key).integer(row.key_step);
  words_reply(reply, categories(row));
  const Words tips = split(row.tips, ' ');
  reply.set(tips.size());
  for (const std::string_view tip : tips) reply.text(tip);
  const Words uses = split(row.key_use, ';');
  reply.set(uses.size());
  int key = row.first_key;
  for (const std::string_view use : uses) key_spec_reply(reply, row, key++, use);
  const Rows subcommands = subcommands_of(row);
  // An empty one is a set and a full one a list: this is how Redis has it.
  if (subcommands.empty()) {
    reply.set(0);
    return;
  }
  reply.list(subcommands.size());
  for (const Row subcommand : subcommands) info_reply(reply, *subcommand);
}

void docs_reply(RedisReply& reply, const Rows& rows) {
  reply.map(rows.size());
  for (const Row row : rows) {
    const std::vector<Argument> arguments = read_arguments(row->arguments);
    const Rows subcommands = subcommands_of(*row);
    reply.text(row->name).map(3 + std::size_t{!row->since.empty()} +
                              std::size_t{!arguments.empty()} + std::size_t{!subcommands.empty()});
    reply.text("summary").text(row->summary);
    if (!row->since.empty()) reply.text("since").text(row->since);
    reply.text("group").text(row->group).text("complexity").text(row->complexity);
    if (!arguments.empty()) {
      reply.text("arguments");
      arguments_reply(reply, arguments);
    }
    if (subcommands.empty()) continue;
    reply.text("subcommands");
    docs_reply(reply, subcommands);
  }
}

void answer_info(RedisReply& reply, const Words& words) {
  if (words.size() <= 2) {
    const Rows rows = all_rows();
    reply.list(rows.size());
    for (const Row row : rows) info_reply(reply, *row);
    return;
  }
  reply.list(words.size() - 2);
  for (std::size_t i = 2; i < words.size(); ++i) {
    const Row row = find_row(words[i]);
    if (row != nullptr) {
      info_reply(reply, *row);
    } else {
      reply.nil();
    }
  }
}

void answer_docs(RedisReply& reply, const Words& words) {
  if (words.size() <= 2) return docs_reply(reply, all_rows());
  Rows rows;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (const Row row = find_row(words[i])) rows.push_back(row);
  }
  docs_reply(reply, rows);
}

void answer_count(RedisReply& reply, const Words& /*words*/) {
  reply.integer(static_cast<std::int64_t>(redis_commands().size()));
}

/// Whether COMMAND LIST FILTERBY lets it through.
bool passes(const RedisCommand& row, std::string_view filter, const std::string& wanted) {
  if (same_word(filter, "pattern")) return glob_matches(wanted, row.name);
  if (same_word(filter, "module")) return false;
  const Words names = categories(row);
  return std::find(names.begin(), names.end(), "@" + wanted) != names.end();
}

void answer_list(RedisReply& reply, const Words& words) {
  const bool filters = words.size() == 5 && same_word(words[2], "filterby") &&
                       (same_word(words[3], "pattern") || same_word(words[3], "module") ||
                        same_word(words[3], "aclcat"));
  if (words.size() != 2 && !filters) {
    reply.error(parsers::syntax_error());
    return;
  }
  Rows rows = all_rows();
  if (filters) {
    for (const RedisCommand& row : redis_subcommands()) rows.push_back(&row);
    const std::string wanted = parsers::lower_case(words[4]);
    std::erase_if(rows, [&](Row row) { return !passes(*row, words[3], wanted); });
  }
  reply.list(rows.size());
  for (const Row row : rows) reply.text(row->name);
}

/// The row for a whole command, subcommand and all. Null: there is none.
Row find_whole(const Words& words) {
  const Row row = find_redis_command(words[0]);
  if (row == nullptr || words.size() < 2 || subcommands_of(*row).empty()) return row;
  return find_redis_subcommand(words[0], words[1]);
}

void answer_get_keys(RedisReply& reply, const Words& words) {
  const Words whole(words.begin() + 2, words.end());
  const Row row = find_whole(whole);
  if (row == nullptr) {
    reply.error("ERR Invalid command specified");
    return;
  }
  if (row->first_key == 0 && (row->flags & kWraps) == 0) {
    reply.error("ERR The command has no key arguments");
    return;
  }
  if (!fits(*row, whole.size())) {
    reply.error("ERR Invalid number of arguments specified for command");
    return;
  }
  const std::vector<std::size_t> positions = key_positions(*row, whole);
  if (positions.empty()) {
    reply.error("ERR Invalid arguments specified for command");
    return;
  }
  reply.list(positions.size());
  for (const std::size_t position : positions) reply.text(whole[position]);
}

void answer_help(RedisReply& reply, const Words& /*words*/) {
  constexpr std::string_view kLines[] = {
      "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "(no subcommand)",
      "    Return details about all commands.",
      "COUNT",
      "    Return the total number of commands.",
      "DOCS [<command-name> ...]",
      "    Return documentation of these commands, or of all.",
      "GETKEYS <full-command>",
      "    Return the keys from a full command.",
      "INFO [<command-name> ...]",
      "    Return details about these commands, or about all.",
      "LIST [FILTERBY <PATTERN|ACLCAT|MODULE> <word>]",
      "    Return the names of all commands, or of those that fit.",
      "HELP",
      "    Print this help.",
  };
  reply.list(std::size(kLines));
  for (const std::string_view line : kLines) reply.word(line);
}

struct Answering {
  std::string_view name{};
  void (*answer)(RedisReply& reply, const Words& words){nullptr};
};

constexpr Answering kAnswers[] = {
    {"count", answer_count}, {"docs", answer_docs}, {"getkeys", answer_get_keys},
    {"help", answer_help},   {"info", answer_info}, {"list", answer_list},
};

std::string markdown_row(const RedisCommand& row) {
  std::string name(row.name);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '|') c = ' ';
  }
  std::string line = "| `" + name;
  if (!row.arguments.empty()) line += " " + std::string(row.arguments);
  line += "` | " + std::string(row.summary) + " |\n";
  // A bar inside a cell would end it.
  const std::size_t end = line.find("` | ");
  for (std::size_t i = line.find('|', 2); i < end; i = line.find('|', i + 2)) {
    line.insert(i, "\\");
  }
  return line;
}

struct Section {
  std::string_view group{};
  std::string_view title{};
};

constexpr Section kSections[] = {
    {"string", "Strings"},
    {"generic", "Keys"},
    {"transactions", "Transactions"},
    {"connection", "The connection"},
    {"server", "The node"},
    {"cluster", "The cluster"},
    {"sentinel", "Sentinel"},
    {"pubsub", "Channels"},
    {"understudy", "Our own"},
};

}  // namespace

void command_reply(std::string& out, int protocol, const Words& words) {
  RedisReply reply(out, protocol);
  if (words.size() == 1) return answer_info(reply, words);
  const auto* const found =
      std::find_if(std::begin(kAnswers), std::end(kAnswers),
                   [&](const Answering& row) { return same_word(words[1], row.name); });
  const Row row =
      found == std::end(kAnswers) ? nullptr : find_redis_subcommand("command", found->name);
  if (row == nullptr) {
    reply.error(unknown_subcommand("command", words[1]));
  } else if (!fits(*row, words.size())) {
    reply.error(wrong_arity(row->name));
  } else {
    found->answer(reply, words);
  }
}

std::string commands_document() {
  std::string text =
      "# Commands\n\n"
      "What a node answers to Redis clients. Texts of errors, options and replies are those of\n"
      "Redis 7.0 unless it is said otherwise. This page is made from the table that the node\n"
      "itself works by; `COMMAND DOCS` tells the same.\n";
  for (const Section& section : kSections) {
    text += "\n## " + std::string(section.title) + "\n\n| Command | What it does |\n|---|---|\n";
    for (const RedisCommand& row : redis_commands()) {
      if (row.group != section.group) continue;
      const Rows subcommands = subcommands_of(row);
      if (subcommands.empty()) text += markdown_row(row);
      for (const Row subcommand : subcommands) text += markdown_row(*subcommand);
    }
  }
  return text;
}

}  // namespace kv
