#include "core/answer.h"

#include <string>

#include <gtest/gtest.h>

namespace kv {
namespace {

using namespace std::string_literals;

const Answer kSamples[] = {
    Answer::nil(),
    Answer::ok(),
    Answer::of(std::int64_t{-5}),
    Answer::of(INT64_MIN),
    Answer::of(std::string_view("a\0b\xff", 4)),
    Answer::word("string"),
    Answer::nil_list(),
    Answer::error("ERR no"),
    Answer::list({}),
    Answer::list({Answer::of(std::string_view("0")),
                  Answer::list({Answer::nil(), Answer::of(std::int64_t{1})}), Answer::ok()}),
};

TEST(Answer, SurvivesItsEncoding) {
  for (const Answer& answer : kSamples) {
    const std::optional<Answer> decoded = decode_answer(encode_answer(answer));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, answer);
  }
}

TEST(Answer, HasTheDocumentedLayout) {
  EXPECT_EQ(encode_answer(Answer::nil()), "\0"s);
  EXPECT_EQ(encode_answer(Answer::list(
                {Answer::ok(), Answer::of(std::int64_t{2}), Answer::of(std::string_view("ab"))})),
            "\5\3\0\0\0\1\2\2\0\0\0\0\0\0\0\3\2\0\0\0ab"s);
  EXPECT_EQ(encode_answer(Answer::word("")), "\4\0\0\0\0"s);
  EXPECT_EQ(encode_answer(Answer::nil_list()), "\6"s);
  EXPECT_EQ(encode_answer(Answer::error("")), "\7\0\0\0\0"s);
}

TEST(Answer, RefusesEveryTruncationAndWhatIsLeftOver) {
  for (const Answer& answer : kSamples) {
    const std::string bytes = encode_answer(answer);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_answer(bytes.substr(0, size)));
    }
    EXPECT_FALSE(decode_answer(bytes + "x"));
  }
}

TEST(Answer, RefusesUnknownKindsHugeListsAndDeepOnes) {
  EXPECT_FALSE(decode_answer("\x08"));
  EXPECT_FALSE(decode_answer("\5\xff\xff\xff\xff"s));
  EXPECT_FALSE(decode_answer("\3\xff\xff\xff\xff"s));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "\5\1\0\0\0"s;
  EXPECT_FALSE(decode_answer(deep + '\0'));
}

}  // namespace
}  // namespace kv
