#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "redis_command_arguments.h"
#include "redis_commands.h"

namespace kv {
namespace {

std::string answer(int protocol, const Words& words) {
  std::string out;
  command_reply(out, protocol, words);
  return out;
}

/// Line ends as blanks: easier to read in a test, and these replies have no bytes of their own.
std::string answer_in_a_line(int protocol, const Words& words) {
  std::string line;
  for (const char c : answer(protocol, words)) {
    if (c == '\r') continue;
    line += c == '\n' ? ' ' : c;
  }
  return line;
}

/// "name:type" with the token before it, flags behind it, and parts in brackets.
std::string told(const std::vector<Argument>& arguments) {
  std::string text;
  for (const Argument& argument : arguments) {
    if (!text.empty()) text += ' ';
    if (!argument.token.empty()) text += argument.token + "=";
    text += argument.name + ":" + std::string(argument.type);
    if (argument.optional) text += '?';
    if (argument.multiple) text += '*';
    if (!argument.parts.empty()) text += "(" + told(argument.parts) + ")";
  }
  return text;
}

std::string arguments_of(std::string_view text) {
  return told(read_arguments(text));
}

/// Reads one value of a reply; how much of the text is left. Fails on what isn't one.
void skip_value(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  ASSERT_NE(end, std::string_view::npos);
  const char mark = rest[0];
  const std::string number(rest.substr(1, end - 1));
  rest.remove_prefix(end + 2);
  if (mark == '+' || mark == ':' || mark == '_' || number == "-1") return;
  std::size_t count = std::stoul(number);
  if (mark == '$') {
    ASSERT_GE(rest.size(), count + 2);
    return rest.remove_prefix(count + 2);
  }
  ASSERT_TRUE(mark == '*' || mark == '~' || mark == '%') << mark;
  if (mark == '%') count *= 2;
  for (std::size_t i = 0; i < count && !testing::Test::HasFatalFailure(); ++i) skip_value(rest);
}

void expect_one_value(std::string_view reply) {
  skip_value(reply);
  EXPECT_EQ(reply, "");
}

TEST(CommandReply, TellsOfGetAsRedisDoes) {
  EXPECT_EQ(answer_in_a_line(2, {"COMMAND", "INFO", "GET"}),
            "*1 *10 $3 get :2 *2 +readonly +fast :1 :1 :1 *3 +@read +@string +@fast *0 "
            "*1 *6 $5 flags *2 +RO +access $12 begin_search *4 $4 type $5 index $4 spec "
            "*2 $5 index :1 $9 find_keys *4 $4 type $5 range $4 spec "
            "*6 $7 lastkey :0 $7 keystep :1 $5 limit :0 *0 ");
  EXPECT_EQ(answer_in_a_line(3, {"COMMAND", "INFO", "GET"}),
            "*1 *10 $3 get :2 ~2 +readonly +fast :1 :1 :1 ~3 +@read +@string +@fast ~0 "
            "~1 %3 $5 flags ~2 +RO +access $12 begin_search %2 $4 type $5 index $4 spec "
            "%1 $5 index :1 $9 find_keys %2 $4 type $5 range $4 spec "
            "%3 $7 lastkey :0 $7 keystep :1 $5 limit :0 ~0 ");
}

TEST(CommandReply, DocumentsGetAsRedisDoes) {
  EXPECT_EQ(answer_in_a_line(2, {"COMMAND", "DOCS", "nonsense", "get"}),
            "*2 $3 get *10 $7 summary $22 Get the value of a key $5 since $5 1.0.0 "
            "$5 group $6 string $10 complexity $4 O(1) $9 arguments "
            "*1 *6 $4 name $3 key $4 type $3 key $14 key_spec_index :0 ");
  EXPECT_EQ(answer_in_a_line(3, {"COMMAND", "DOCS", "get"}),
            "%1 $3 get %5 $7 summary $22 Get the value of a key $5 since $5 1.0.0 "
            "$5 group $6 string $10 complexity $4 O(1) $9 arguments "
            "*1 %3 $4 name $3 key $4 type $3 key $14 key_spec_index :0 ");
}

TEST(CommandReply, NamesTheKeysOfACommand) {
  EXPECT_EQ(answer_in_a_line(2, {"COMMAND", "GETKEYS", "mset", "a", "1", "b", "2"}),
            "*2 $1 a $1 b ");
  EXPECT_EQ(answer_in_a_line(2, {"command", "getkeys", "memory", "usage", "x"}), "*1 $1 x ");
  EXPECT_EQ(answer_in_a_line(2, {"command", "getkeys", "kv.once", "me", "1", "incr", "n"}),
            "*1 $1 n ");
  EXPECT_EQ(answer(2, {"COMMAND", "GETKEYS", "nonsense", "x"}),
            "-ERR Invalid command specified\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "GETKEYS", "memory", "nonsense", "x"}),
            "-ERR Invalid command specified\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "GETKEYS", "ping", "x"}),
            "-ERR The command has no key arguments\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "GETKEYS", "get", "x", "y"}),
            "-ERR Invalid number of arguments specified for command\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "GETKEYS", "kv.once", "me", "1", "nonsense"}),
            "-ERR Invalid arguments specified for command\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "GETKEYS", "get"}),
            "-ERR wrong number of arguments for 'command|getkeys' command\r\n");
}

TEST(CommandReply, ListsCommandsThatFit) {
  EXPECT_EQ(answer_in_a_line(2, {"COMMAND", "LIST", "FILTERBY", "PATTERN", "MG*"}), "*1 $4 mget ");
  EXPECT_EQ(answer_in_a_line(3, {"command", "list", "filterby", "pattern", "client|g*"}),
            "*1 $14 client|getname ");
  EXPECT_EQ(answer_in_a_line(2, {"COMMAND", "LIST", "FILTERBY", "ACLCAT", "TRANSACTION"}),
            "*5 $7 discard $4 exec $5 multi $7 unwatch $5 watch ");
  EXPECT_EQ(answer(2, {"COMMAND", "LIST", "FILTERBY", "ACLCAT", "@transaction"}), "*0\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "LIST", "FILTERBY", "MODULE", "json"}), "*0\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "LIST", "FILTERBY", "PATTERN"}), "-ERR syntax error\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "LIST", "FILTERBY", "NAME", "get"}), "-ERR syntax error\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "LIST", "get"}), "-ERR syntax error\r\n");
}

TEST(CommandReply, CountsTheCommandsItLists) {
  const std::string count = std::to_string(redis_commands().size());
  EXPECT_EQ(answer(2, {"COMMAND", "COUNT"}), ":" + count + "\r\n");
  EXPECT_TRUE(answer(2, {"COMMAND", "LIST"}).starts_with("*" + count + "\r\n"));
  EXPECT_TRUE(answer(2, {"COMMAND"}).starts_with("*" + count + "\r\n"));
  EXPECT_TRUE(answer(3, {"COMMAND", "DOCS"}).starts_with("%" + count + "\r\n"));
}

TEST(CommandReply, GivesNilForACommandThatIsUnknown) {
  EXPECT_EQ(answer(2, {"COMMAND", "INFO", "nonsense", "client|nonsense"}), "*2\r\n$-1\r\n$-1\r\n");
  EXPECT_EQ(answer(3, {"COMMAND", "INFO", "nonsense"}), "*1\r\n_\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "DOCS", "nonsense"}), "*0\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "nonsense"}),
            "-ERR unknown subcommand 'nonsense'. Try COMMAND HELP.\r\n");
  EXPECT_EQ(answer(2, {"COMMAND", "COUNT", "x"}),
            "-ERR wrong number of arguments for 'command|count' command\r\n");
}

TEST(CommandReply, IsOneWholeValueInBothProtocols) {
  for (const int protocol : {2, 3}) {
    expect_one_value(answer(protocol, {"COMMAND"}));
    expect_one_value(answer(protocol, {"COMMAND", "INFO"}));
    expect_one_value(answer(protocol, {"COMMAND", "DOCS"}));
    expect_one_value(answer(protocol, {"COMMAND", "LIST"}));
    expect_one_value(answer(protocol, {"COMMAND", "HELP"}));
    expect_one_value(answer(protocol, {"COMMAND", "INFO", "client", "kv.once", "memory|usage"}));
    expect_one_value(answer(protocol, {"COMMAND", "DOCS", "client", "kv.once", "memory|usage"}));
  }
}

TEST(CommandArguments, AreReadFromTheTablesText) {
  EXPECT_EQ(arguments_of(""), "");
  EXPECT_EQ(arguments_of("key start end"), "key:key start:integer end:integer");
  EXPECT_EQ(arguments_of("key [key ...]"), "key:key*");
  EXPECT_EQ(arguments_of("key value [key value ...]"), "key_value:block*(key:key value:string)");
  EXPECT_EQ(arguments_of("[section [section ...]]"), "section:string?*");
  EXPECT_EQ(arguments_of("[channel ...]"), "channel:string?*");
  EXPECT_EQ(arguments_of("[username] password"), "username:string? password:string");
  EXPECT_EQ(arguments_of("cursor [MATCH pattern] [REPLACE]"),
            "cursor:integer MATCH=pattern:pattern? REPLACE=replace:pure-token?");
}

TEST(CommandArguments, MayBeAlternatives) {
  EXPECT_EQ(arguments_of("ON | OFF"), "on_off:oneof(ON=on:pure-token OFF=off:pure-token)");
  EXPECT_EQ(arguments_of("[EX seconds | KEEPTTL]"),
            "seconds_keepttl:oneof?(EX=seconds:integer KEEPTTL=keepttl:pure-token)");
  EXPECT_EQ(arguments_of("[TO host port [FORCE]]"),
            "host_port_force:block?(TO=host_port:block(host:string port:integer) "
            "FORCE=force:pure-token?)");
  EXPECT_EQ(arguments_of("[FILTERBY [MODULE module-name | PATTERN pattern]]"),
            "FILTERBY=module-name_pattern:oneof?(MODULE=module-name:string "
            "PATTERN=pattern:pattern)");
}

/// KV_REWRITE=1 writes the file anew.
TEST(CommandsDocument, IsWhatTheTableSays) {
  const std::string path = KV_DOCS_DIR "/commands.md";
  if (std::getenv("KV_REWRITE") != nullptr) std::ofstream(path) << commands_document();
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), commands_document()) << "KV_REWRITE=1 writes " << path << " anew";
}

TEST(CommandsDocument, HasEveryCommand) {
  const std::string text = commands_document();
  std::size_t rows = 0;
  for (std::size_t at = text.find("\n| `"); at != std::string::npos;
       at = text.find("\n| `", at + 1))
    ++rows;
  // A command with subcommands has no row of its own.
  std::set<std::string_view> containers;
  for (const RedisCommand& row : redis_subcommands()) {
    containers.insert(row.name.substr(0, row.name.find('|')));
  }
  EXPECT_EQ(rows, redis_commands().size() - containers.size() + redis_subcommands().size());
}

}  // namespace
}  // namespace kv
