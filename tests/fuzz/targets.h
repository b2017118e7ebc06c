#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kv::fuzz {

/// A decoder of bytes from outside, and what must hold whatever the bytes are. The libFuzzer
/// programs (fuzz_main.cc) and a plain test (fuzz_test.cc) run the same ones.
struct Target {
  std::string_view name{};
  /// What is wrong with what came out; empty: nothing is.
  std::string (*run)(std::string_view input){nullptr};
  /// Inputs that the decoder accepts, to begin with.
  std::vector<std::string> (*seeds)(){nullptr};
};

extern const Target command;
extern const Target json_reply;
extern const Target peer_frame;
extern const Target redis_words;
extern const Target request_reader;
extern const Target snapshot;

/// Cuts an input as the input itself says: its first byte is the size of the pieces, 0 for one.
struct Cut {
  std::string_view bytes{};
  std::size_t piece_bytes{1};

  explicit Cut(std::string_view input);
  /// Calls feed(piece) for each piece, as long as it returns true.
  template <typename Feed>
  void for_each(Feed feed) const {
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
      if (!feed(bytes.substr(at, piece_bytes))) return;
    }
  }
};

inline Cut::Cut(std::string_view input) {
  const auto first = static_cast<unsigned char>(input.empty() ? '\0' : input[0]);
  bytes = input.substr(input.empty() ? 0 : 1);
  piece_bytes = first == 0 ? bytes.size() + 1 : first;
}

}  // namespace kv::fuzz
