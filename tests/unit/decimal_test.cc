#include "decimal.h"

#include <string>

#include <gtest/gtest.h>

namespace kv {
namespace {

std::string sum_of(std::string_view a, std::string_view b) {
  const std::optional<Decimal> first = Decimal::parse(a);
  const std::optional<Decimal> second = Decimal::parse(b);
  if (!first || !second) return "no number";
  const std::optional<Decimal> sum = Decimal::sum(*first, *second);
  return sum ? sum->text() : "too large";
}

TEST(Decimal, AddsExactly) {
  const struct {
    std::string a;
    std::string b;
    std::string sum;
  } cases[] = {
      {"0", "0", "0"},
      {"0.1", "0.2", "0.3"},
      {"-0.1", "0.1", "0"},
      {"-0", "-0", "0"},
      {"10.50", "0.1", "10.6"},
      {"5.0e3", "2.0e2", "5200"},
      {"1", "-2.5", "-1.5"},
      {"-2.5", "1", "-1.5"},
      {"-1", "-0.75", "-1.75"},
      {"999.999", "0.001", "1000"},
      {"100", "-0.01", "99.99"},
      {"+.5", "1.", "1.5"},
      {"0001", "1E+2", "101"},
      {"120e-1", "0", "12"},
      {"1e20", "1", "100000000000000000001"},
      {"3", "0.00000000000000001", "3.00000000000000001"},
      {"0", "0.000000000000000004", "0"},
      {"0", "0.000000000000000005", "0.00000000000000001"},
      {"0", "-0.000000000000000005", "-0.00000000000000001"},
      {"0.000000000000000005", "0.000000000000000005", "0.00000000000000001"},
      {"0.999999999999999999", "0", "1"},
      {"1e-400", "1", "1"},
      {"0e999999999999", "1", "1"},
      {"1e308", "1e308", "2" + std::string(308, '0')},
      {"9e308", "1e308", "too large"},
      {"-9e308", "-1e308", "too large"},
      {"9e308", "-9e308", "0"},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(sum_of(each.a, each.b), each.sum) << each.a << " + " << each.b;
    EXPECT_EQ(sum_of(each.b, each.a), each.sum) << each.b << " + " << each.a;
  }
}

TEST(Decimal, HasATextForTheLargestOfAll) {
  const std::string nines(309, '9');
  EXPECT_EQ(sum_of(nines, "0"), nines);
  EXPECT_EQ(sum_of(nines, "0.99999999999999999"), nines + ".99999999999999999");
  EXPECT_EQ(sum_of(nines, "0.999999999999999999"), nines + ".99999999999999999");
}

TEST(Decimal, RefusesWhatIsNoNumber) {
  for (const std::string_view text :
       {"",    ".",  "-",  "+",    "e5",  "1e",  "1e+", "1e5.0", "1.2.3",          "--1",
        "+-1", " 1", "1 ", "0x10", "1,5", "inf", "nan", "1e309", "1e999999999999", "12a"}) {
    EXPECT_FALSE(Decimal::parse(text)) << text;
  }
}

TEST(Decimal, KnowsInfinities) {
  for (const std::string_view text : {"inf", "-inf", "+INF", "Infinity", "-iNfInItY"}) {
    EXPECT_TRUE(is_infinity(text)) << text;
  }
  for (const std::string_view text : {"", "-", "in", "infin", "infinityx", "nan", "1"}) {
    EXPECT_FALSE(is_infinity(text)) << text;
  }
}

}  // namespace
}  // namespace kv
