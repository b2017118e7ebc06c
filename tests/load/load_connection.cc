#include "load/load_connection.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <asio/connect.hpp>
#include <asio/write.hpp>

namespace kv::load {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::size_t kKeyBytes = 16;

/// "key:000000000042": 16 bytes.
void write_key(char (&key)[kKeyBytes], std::uint64_t number) {
  std::copy_n("key:000000000000", kKeyBytes, key);
  for (std::size_t at = kKeyBytes; number > 0 && at > 4; number /= 10) {
    key[--at] = static_cast<char>('0' + number % 10);
  }
}

}  // namespace

LoadConnection::LoadConnection(asio::io_context& loop, LoadWork& work, std::uint64_t seed)
    : socket_(loop), work_(work), random_(seed * 0x9e3779b97f4a7c15 + 1), buffer_(kBufferBytes) {}

Outcome LoadConnection::open(const Member& server, std::size_t lanes) {
  auto dialect =
      make_dialect({work_.options.protocol, work_.options.wait_replicas, server.address()});
  if (!dialect) return dialect.error();
  dialect_ = std::move(*dialect);
  lanes_.resize(lanes);
  asio::error_code error;
  asio::ip::tcp::resolver resolver(socket_.get_executor());
  const auto found = resolver.resolve(server.host, std::to_string(server.port), error);
  if (!error) asio::connect(socket_, found, error);
  if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
  if (!error) socket_.non_blocking(true, error);
  if (error) return Error{"can't connect to " + server.address() + ": " + error.message()};
  ++work_.open_connections;
  receive();
  return success();
}

void LoadConnection::resume() {
  if (!socket_.is_open()) return;
  const auto now = Clock::now();
  for (std::uint32_t i = 0; i < lanes_.size(); ++i) fill_lane(i, now);
  flush();
}

void LoadConnection::close() {
  asio::error_code ignored;
  socket_.close(ignored);
}

void LoadConnection::fill_lane(std::uint32_t index, Clock::time_point now) {
  Lane& lane = lanes_[index];
  if (lane.unanswered > 0 || work_.stop || work_.to_do == 0) return;
  lane.sent = now;
  for (; lane.unanswered < work_.options.pipeline && work_.to_do > 0; ++lane.unanswered) {
    submit(index);
  }
  dialect_->end_batch();
}

void LoadConnection::submit(std::uint32_t lane) {
  --work_.to_do;
  ++work_.under_way;
  char key[kKeyBytes];
  write_key(key, next_key());
  const bool read = static_cast<int>((random_ >> 32) % 100) < work_.options.reads_percent;
  dialect_->submit({read, {key, kKeyBytes}, work_.value}, lane);
}

std::uint64_t LoadConnection::next_key() {
  // xorshift64: cheap, and each connection goes its own way.
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return work_.options.fill ? work_.next_fill++ : random_ % work_.options.keys;
}

void LoadConnection::flush() {
  if (writing_) return;
  dialect_->take_output(out_);
  if (out_.empty()) return;
  asio::error_code error;
  const std::size_t sent = socket_.write_some(asio::buffer(out_), error);
  if (error && error != asio::error::would_block) return give_up(error.message());
  out_.erase(0, sent);
  if (out_.empty()) return;
  writing_ = true;
  asio::async_write(socket_, asio::buffer(out_),
                    [this](const asio::error_code& failure, std::size_t) {
                      writing_ = false;
                      out_.clear();
                      if (!failure) flush();
                    });
}

void LoadConnection::receive() {
  socket_.async_read_some(asio::buffer(buffer_),
                          [this](const asio::error_code& error, std::size_t size) {
                            if (error) return give_up(error.message());
                            take({buffer_.data(), size});
                            if (socket_.is_open()) receive();
                          });
}

void LoadConnection::take(std::string_view bytes) {
  const bool understood = dialect_->take_in(bytes, answers_);
  const auto now = Clock::now();
  for (const Answer& answer : answers_) count(answer, now);
  for (const Answer& answer : answers_) fill_lane(answer.lane, now);
  answers_.clear();
  if (!understood) return give_up("the server's answer is not in this protocol");
  flush();
}

void LoadConnection::count(const Answer& answer, Clock::time_point now) {
  Lane& lane = lanes_[answer.lane];
  --lane.unanswered;
  --work_.under_way;
  LoadTotals& totals = work_.totals;
  if (answer.kind == Answer::Kind::kRefused) {
    if (totals.failed++ == 0) totals.first_failure = answer.text;
    return;
  }
  ++totals.acknowledged;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - lane.sent);
  totals.latencies.add(static_cast<std::uint64_t>(took.count()));
}

void LoadConnection::give_up(const std::string& why) {
  if (!socket_.is_open()) return;
  close();
  --work_.open_connections;
  for (Lane& lane : lanes_) {
    const auto unanswered = static_cast<std::uint64_t>(std::exchange(lane.unanswered, 0));
    work_.under_way -= unanswered;
    if (unanswered > 0 && work_.totals.failed == 0) {
      work_.totals.first_failure = "the connection broke: " + why;
    }
    work_.totals.failed += unanswered;
  }
}

}  // namespace kv::load
