// A test of the tests: each rule catches a made-up breach, and lets its neighbour pass.
#include "rules.h"

#include <gtest/gtest.h>

namespace kv::style {
namespace {

SourceFile core_file(std::string_view text) {
  return parse_source("core/src/made_up.cc", text);
}

std::string repeated(std::string_view line, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line;
  return text;
}

std::string function_of(std::size_t lines) {
  return "int f(int a) {\n" + repeated("  if (a) { g({1, 2}); }\n", lines - 2) + "}\n";
}

TEST(StyleRules, BlankCommentsAndLiterals) {
  const SourceFile file = core_file(
      "int a; // double\n"
      "/* float\n float */ int b;\n"
      "auto c = \"a \\\" double\"; auto d = '\"'; int e = 1'000;\n"
      "auto r = R\"x(\n}} \" double)x\"; int g;\n");
  ASSERT_EQ(file.code.size(), file.lines.size());
  EXPECT_EQ(file.code[0].substr(0, 7), "int a; ");
  EXPECT_EQ(file.code[2], "          int b;");
  EXPECT_EQ(file.code[3], "auto c = \"           \"; auto d = ' '; int e = 1'000;");
  EXPECT_EQ(file.code[5], "              ; int g;");
  EXPECT_TRUE(check_banned_words(file).empty());
}

TEST(StyleRules, FindFunctionsButNotInitializersAndScopes) {
  const SourceFile file = core_file(
      "#define BROKEN(x) { \\\n"
      "    (x) {\n"
      "namespace kv {\n"
      "const int kTable[] = {1, 2};\n"
      "struct Node {\n"
      "  Node()\n"
      "      : id_{1},\n"
      "        name_{\"}\"} {\n"
      "    start();\n"
      "  }\n"
      "  int id() const { return id_; }\n"
      "  int id_{0};\n"
      "};\n"
      "template <typename T>\n"
      "void run(T t = {}) {\n"
      "  if (t) { t(); }\n"
      "}\n"
      "void declared(int a);\n"
      "}\n");
  const std::vector<Function> functions = find_functions(file);
  ASSERT_EQ(functions.size(), 3u);
  EXPECT_EQ(functions[0].first_line, 6u);
  EXPECT_EQ(functions[0].last_line, 10u);
  EXPECT_EQ(functions[1].first_line, 11u);
  EXPECT_EQ(functions[1].last_line, 11u);
  EXPECT_EQ(functions[2].first_line, 14u);
  EXPECT_EQ(functions[2].last_line, 17u);
}

TEST(StyleRules, LimitTheLengthOfAFunction) {
  EXPECT_TRUE(check_function_length(core_file(function_of(70))).empty());
  EXPECT_EQ(check_function_length(core_file("\n" + function_of(71))),
            Violations{"core/src/made_up.cc:2: the function has 71 lines; the limit is 70"});
}

TEST(StyleRules, LimitTheLengthOfAFile) {
  EXPECT_TRUE(check_file_length(core_file(repeated("int a;\n", 500))).empty());
  EXPECT_EQ(check_file_length(core_file(repeated("int a;\n", 501))),
            Violations{"core/src/made_up.cc:501: the file has 501 lines; the limit is 500: split "
                       "it by concern"});
}

TEST(StyleRules, LimitTheWidthInCharactersNotBytes) {
  EXPECT_TRUE(check_lines(core_file(repeated("§", 100) + "\n")).empty());
  EXPECT_EQ(check_lines(core_file("\n" + repeated("x", 101) + "\n")),
            Violations{"core/src/made_up.cc:2: the line has 101 columns; the limit is 100"});
}

TEST(StyleRules, RefuseTabsAndTrailingBlanks) {
  EXPECT_TRUE(check_lines(core_file("int a;\n\nint b;\n")).empty());
  EXPECT_EQ(check_lines(core_file("\tint a;\n")).size(), 1u);
  EXPECT_EQ(check_lines(core_file("int a; \n")).size(), 1u);
  EXPECT_EQ(check_lines(core_file("int a;\r\n")).size(), 1u);
}

TEST(StyleRules, KeepTheRoomsApart) {
  const auto breaches = [](std::string path, std::string_view include) {
    return check_includes(parse_source(std::move(path),
                                       std::string("#include ") + std::string(include) + "\n"))
        .size();
  };
  EXPECT_EQ(breaches("core/src/log.cc", "\"core/log.h\""), 0u);
  EXPECT_EQ(breaches("core/src/log.cc", "\"log.h\""), 0u);
  EXPECT_EQ(breaches("core/src/log.cc", "\"server/node.h\""), 1u);
  EXPECT_EQ(breaches("core/src/log.cc", "<vector>"), 0u);
  EXPECT_EQ(breaches("core/src/log.cc", "<chrono>"), 1u);
  EXPECT_EQ(breaches("core/src/log.cc", "<unistd.h>"), 1u);
  EXPECT_EQ(breaches("core/src/log.cc", "<xxhash.h>"), 1u);
  EXPECT_EQ(breaches("core/src/hash.cc", "<xxhash.h>"), 0u);
  EXPECT_EQ(breaches("server/src/node.cc", "\"core/log.h\""), 0u);
  EXPECT_EQ(breaches("server/src/node.cc", "\"netsim/network.h\""), 1u);
  EXPECT_EQ(breaches("server/src/node.cc", "\"panels/stage.h\""), 1u);
  EXPECT_EQ(breaches("server/src/node.cc", "<thread>"), 0u);
  EXPECT_EQ(breaches("netsim/src/network.cc", "\"core/log.h\""), 0u);
  EXPECT_EQ(breaches("netsim/src/network.cc", "<fmt/format.h>"), 0u);
  EXPECT_EQ(breaches("netsim/src/network.cc", "\"server/node.h\""), 1u);
  EXPECT_EQ(breaches("netsim/src/network.cc", "<asio.hpp>"), 1u);
  EXPECT_EQ(breaches("netsim/src/network.cc", "<thread>"), 1u);
  EXPECT_EQ(breaches("netsim/src/network.cc", "<chrono>"), 1u);
  EXPECT_EQ(breaches("netsim/kvsim/worker_pool.cc", "<unistd.h>"), 0u);
  EXPECT_EQ(breaches("netsim/kvsim/worker_pool.cc", "\"server/node.h\""), 1u);
  EXPECT_EQ(breaches("visualizer/model/moment.cc", "\"core/trace.h\""), 0u);
  EXPECT_EQ(breaches("visualizer/model/moment.cc", "\"panels/theme.h\""), 1u);
  EXPECT_EQ(breaches("visualizer/model/moment.cc", "<imgui.h>"), 1u);
  EXPECT_EQ(breaches("visualizer/model/moment.cc", "<chrono>"), 1u);
  EXPECT_EQ(breaches("visualizer/sources/rehearsal.cc", "<imgui.h>"), 1u);
  EXPECT_EQ(breaches("visualizer/sources/rehearsal.cc", "\"server/client.h\""), 0u);
  EXPECT_EQ(breaches("visualizer/panels/stage.cc", "<imgui.h>"), 0u);
  EXPECT_EQ(breaches("visualizer/panels/stage.cc", "<GLFW/glfw3.h>"), 1u);
  EXPECT_EQ(breaches("visualizer/panels/stage.cc", "\"hosts/window.h\""), 1u);
  EXPECT_EQ(breaches("visualizer/hosts/window.cc", "<GLFW/glfw3.h>"), 0u);
  EXPECT_EQ(breaches("tests/unit/log_test.cc", "\"server/node.h\""), 0u);
  EXPECT_EQ(breaches("core/src/log.cc", "<vector>\n  #  include <chrono>"), 1u);
  EXPECT_EQ(breaches("core/src/log.cc", "<vector>\n// #include <chrono>"), 0u);
}

TEST(StyleRules, NameTheFileAndLineOfAnInclude) {
  EXPECT_EQ(check_includes(core_file("\n#include <thread>\n")),
            Violations{"core/src/made_up.cc:2: core must not include <thread>: it is not on the "
                       "list of headers in tests/style/rules.cc"});
}

TEST(StyleRules, BanWhatIsNotDeterministicFromCoreAndNetsim) {
  for (const std::string_view code :
       {"std::chrono::steady_clock::now()", "system_clock x", "std::random_device d",
        "std::mt19937_64 g", "std::uniform_int_distribution<int> d", "std::shuffle(a, b, g)",
        "std::unordered_map<int, int> m", "getenv(\"HOME\")", "thread_local int x", "float x",
        "double x", "std::function<void()> f", "rand() % 3", "srand(1)"}) {
    const std::string text = std::string(code) + ";\n";
    EXPECT_EQ(check_banned_words(core_file(text)).size(), 1u) << code;
    EXPECT_EQ(check_banned_words(parse_source("netsim/src/a.cc", text)).size(), 1u) << code;
    EXPECT_TRUE(check_banned_words(parse_source("server/src/a.cc", text)).empty()) << code;
  }
  EXPECT_TRUE(
      check_banned_words(core_file("int doubled, operand, strand, double_vote;\n")).empty());
}

TEST(StyleRules, RefuseReminders) {
  EXPECT_EQ(check_reminders(core_file("int a;  // TO"
                                      "DO: b\n"))
                .size(),
            1u);
  EXPECT_EQ(check_reminders(core_file("int a;  // FIX"
                                      "ME\n"))
                .size(),
            1u);
  EXPECT_EQ(check_reminders(core_file("int a;  // X"
                                      "XX\n"))
                .size(),
            1u);
  EXPECT_TRUE(check_reminders(core_file("open(\"file.XXXXXX\");  // to do\n")).empty());
}

TEST(StyleRules, FindAFileThatIsNotBuilt) {
  const std::vector<SourceList> lists = {{"core", "add_library(a src/log.cc src/old_wal.cc)"}};
  const auto breaches = [&](std::string path) {
    return check_listed(parse_source(std::move(path), ""), lists).size();
  };
  EXPECT_EQ(breaches("core/src/log.cc"), 0u);
  EXPECT_EQ(breaches("core/src/wal.cc"), 1u);
  EXPECT_EQ(breaches("core/log.cc"), 1u);
  EXPECT_EQ(breaches("server/src/log.cc"), 1u);
  EXPECT_EQ(breaches("core/include/core/wal.h"), 0u);
}

}  // namespace
}  // namespace kv::style
