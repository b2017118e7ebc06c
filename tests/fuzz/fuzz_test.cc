// The fuzzers' targets without a fuzzer: on their seeds, on the inputs kept in corpus/, and on
// mutations of both.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include <gtest/gtest.h>

#include "core/rng.h"
#include "targets.h"

namespace kv::fuzz {

void PrintTo(const Target& target, std::ostream* out) {
  *out << target.name;
}

namespace {

namespace fs = std::filesystem;

constexpr int kMutations = 20'000;
constexpr std::size_t kMaxInputBytes = 2'000;

std::string contents(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> kept_inputs(const Target& target) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(KV_CORPUS_DIR) / target.name)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const fs::path& path : paths) inputs.push_back(contents(path));
  return inputs;
}

std::string in_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

char random_byte(Rng& rng) {
  constexpr std::string_view kTelling("\0\x01\x7f\x80\xff\r\n *$0", 11);
  return rng.below(2) == 0 ? kTelling[rng.below(kTelling.size())]
                           : static_cast<char>(rng.below(256));
}

/// One small change; `other` is what is spliced in.
void mutate(std::string& input, std::string_view other, Rng& rng) {
  const std::size_t at = rng.below(input.size() + 1);
  const std::size_t some = rng.below(16) + 1;
  switch (rng.below(6)) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << rng.below(8)));
      break;
    case 1:
      if (at < input.size()) input[at] = random_byte(rng);
      break;
    case 2:
      input.insert(at, 1, random_byte(rng));
      break;
    case 3:
      input.erase(at, some);
      break;
    case 4:
      input.insert(at, input.substr(at, some));
      break;
    default:
      input.replace(at, std::string::npos, other.substr(std::min(at, other.size())));
  }
  if (input.size() > kMaxInputBytes) input.resize(kMaxInputBytes);
}

class Fuzz : public testing::TestWithParam<Target> {};

TEST_P(Fuzz, FindsNothingInTheSeeds) {
  const auto seeds = GetParam().seeds();
  ASSERT_GE(seeds.size(), 5U);
  for (const std::string& input : seeds) EXPECT_EQ(GetParam().run(input), "") << in_hex(input);
}

TEST_P(Fuzz, FindsNothingInWhatFuzzersFoundBefore) {
  const auto inputs = kept_inputs(GetParam());
  ASSERT_GE(inputs.size(), 5U);
  for (const std::string& input : inputs) EXPECT_EQ(GetParam().run(input), "") << in_hex(input);
}

TEST_P(Fuzz, FindsNothingInMutations) {
  std::vector<std::string> inputs = GetParam().seeds();
  for (std::string& input : kept_inputs(GetParam())) inputs.push_back(std::move(input));
  Rng rng(1);
  for (int i = 0; i < kMutations; ++i) {
    std::string input = inputs[rng.below(inputs.size())];
    const std::string& other = inputs[rng.below(inputs.size())];
    for (std::uint64_t changes = rng.below(8) + 1; changes > 0; --changes) {
      mutate(input, other, rng);
    }
    ASSERT_EQ(GetParam().run(input), "") << in_hex(input);
  }
}

TEST_P(Fuzz, TakesInputsOfAnySize) {
  EXPECT_EQ(GetParam().run({}), "");
  for (const char byte : {'\0', '\1', '\xff'}) EXPECT_EQ(GetParam().run({&byte, 1}), "");
}

INSTANTIATE_TEST_SUITE_P(Targets, Fuzz,
                         testing::Values(command, json_reply, peer_frame, redis_words,
                                         request_reader, snapshot),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace kv::fuzz
