// What one request in Redis's dialect costs before it is proposed and after it is answered.
#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/check.h"
#include "core/command.h"
#include "redis_commands.h"
#include "redis_reply.h"
#include "request_reader.h"

namespace kv {
namespace {

constexpr std::size_t kValueBytes = 100;
constexpr std::string_view kKey = "key:000000012345";

std::string request_of(const Words& words) {
  std::string text;
  RedisReply request(text, 2);
  request.list(words.size());
  for (const std::string_view word : words) request.text(word);
  return text;
}

/// One read of a socket that brings `count` requests, GETs and SETs in turn.
void read_pipeline(benchmark::State& state) {
  const std::string value(kValueBytes, 'v');
  std::string input;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    input += i % 2 == 0 ? request_of({"SET", kKey, value}) : request_of({"GET", kKey});
  }
  RequestReader reader;
  std::int64_t requests = 0;
  for (auto _ : state) {
    reader.feed(input);
    while (const auto request = reader.next()) {
      benchmark::DoNotOptimize(std::get<RespWords>(*request).words->data());
      ++requests;
    }
  }
  CHECK(requests == state.iterations() * state.range(0));
  state.SetItemsProcessed(requests);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
}
BENCHMARK(read_pipeline)->ArgName("requests")->Arg(1)->Arg(16)->Arg(128);

void read_inline_commands(benchmark::State& state) {
  const std::string input = "SET key:000000012345 value\r\n";
  RequestReader reader;
  for (auto _ : state) {
    reader.feed(input);
    while (const auto request = reader.next()) {
      benchmark::DoNotOptimize(split_inline(std::get<TextLine>(*request).text));
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_inline_commands);

void find_command(benchmark::State& state) {
  constexpr std::array<std::string_view, 8> kNames = {"GET",  "SET",    "get",  "set",
                                                      "INCR", "EXPIRE", "MGET", "nosuchcommand"};
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(find_redis_command(kNames[next++ % kNames.size()]));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_command);

/// From the words to the bytes that go into the log, or are asked of the replica.
void parse_and_encode(benchmark::State& state, const Words& words) {
  const RedisCommand* const row = find_redis_command(words.front());
  CHECK(row != nullptr && fits(*row, words.size()));
  for (auto _ : state) {
    ParseContext context;
    context.now_ms = 1'700'000'000'000;
    const ParsedCommand parsed = row->parse(words, context);
    benchmark::DoNotOptimize(encode_command(std::get<Command>(parsed)));
  }
  state.SetItemsProcessed(state.iterations());
}

void parse_set(benchmark::State& state) {
  const std::string value(kValueBytes, 'v');
  parse_and_encode(state, {"SET", kKey, value});
}
BENCHMARK(parse_set);

void parse_set_with_options(benchmark::State& state) {
  const std::string value(kValueBytes, 'v');
  parse_and_encode(state, {"SET", kKey, value, "NX", "EX", "100"});
}
BENCHMARK(parse_set_with_options);

void parse_get(benchmark::State& state) {
  parse_and_encode(state, {"GET", kKey});
}
BENCHMARK(parse_get);

/// `answer`, again and again, into text as long as a connection sends at once.
void write_answer(benchmark::State& state, const Answer& answer) {
  constexpr std::size_t kSentAtOnce = 16 << 10;
  std::string out;
  for (auto _ : state) {
    if (out.size() >= kSentAtOnce) out.clear();
    RedisReply(out, 2).answer(answer);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

void answer_ok(benchmark::State& state) {
  write_answer(state, Answer::ok());
}
BENCHMARK(answer_ok);

void answer_integer(benchmark::State& state) {
  write_answer(state, Answer::of(std::int64_t{1'234'567}));
}
BENCHMARK(answer_integer);

void answer_text(benchmark::State& state) {
  const std::string value(kValueBytes, 'v');
  write_answer(state, Answer::of(std::string_view(value)));
}
BENCHMARK(answer_text);

/// As to an MGET of ten keys.
void answer_list(benchmark::State& state) {
  const std::string value(kValueBytes, 'v');
  const std::vector<Answer> items(10, Answer::of(std::string_view(value)));
  write_answer(state, Answer::list(items));
}
BENCHMARK(answer_list);

void slot_of_key(benchmark::State& state) {
  std::string key(kKey);
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.data());
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(key_slot(key));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(slot_of_key);

}  // namespace
}  // namespace kv
