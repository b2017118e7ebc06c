#include "core/glob.h"

#include <string>

#include <gtest/gtest.h>

namespace kv {
namespace {

TEST(Glob, MatchesAsRedisDoes) {
  const struct {
    std::string_view pattern;
    std::string_view text;
    bool matches;
  } cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "anything", true},
      {"**", "x", true},
      {"a", "a", true},
      {"a", "ab", false},
      {"h?llo", "hello", true},
      {"h?llo", "hllo", false},
      {"h*llo", "heeeello", true},
      {"h*llo", "hllo", true},
      {"h[ae]llo", "hallo", true},
      {"h[ae]llo", "hillo", false},
      {"h[^e]llo", "hallo", true},
      {"h[^e]llo", "hello", false},
      {"h[a-b]llo", "hbllo", true},
      {"h[b-a]llo", "hallo", true},
      {"h[a-b]llo", "hcllo", false},
      {"a*b*c", "aXbYbc", true},
      {"a*b*c", "aXbYb", false},
      {"*.txt", "a.txt.txt", true},
      {"\\*", "*", true},
      {"\\*", "x", false},
      {"a\\", "a\\", true},
      {"[\\]]", "]", true},
      {"[a", "a", true},
      {"[a", "b", false},
      {"[]", "]", false},
      {"[^]", "x", true},
      {"[a-]", "b", false},
      {"[a-]", "^", true},
      {"x*", "x", true},
      {"x?", "x", false},
      {"[", "[", false},
      {"user:*:name", "user:42:name", true},
      {"user:*:name", "user:42:nam", false},
      {"\xff?", "\xff\xfe", true},
      {"[\x80-\xff]", "\xc3", true},
      {"[^\x80-\xff]", "\xc3", false},
  };
  for (const auto& [pattern, text, matches] : cases) {
    EXPECT_EQ(glob_matches(pattern, text), matches) << pattern << " on " << text;
  }
}

TEST(Glob, TakesLittleTimeForManyStars) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "a*";
  pattern += 'b';
  EXPECT_FALSE(glob_matches(pattern, std::string(10'000, 'a')));
}

}  // namespace
}  // namespace kv
