#include "load/resp_dialect.h"

#include <charconv>
#include <utility>

#include "load/resp_codec.h"

namespace kv::load {
namespace {

Answer answer_in(std::string_view reply) {
  if (reply.front() == '-' || reply.front() == '!') {
    return {Answer::Kind::kRefused, 0, std::string(reply_line(reply))};
  }
  const bool null = reply.front() == '_' || reply.starts_with("$-1");
  return {null ? Answer::Kind::kMissing : Answer::Kind::kOk, 0, {}};
}

}  // namespace

void RespDialect::submit(const Operation& operation, std::uint32_t) {
  if (operation.read) {
    append_command(out_, {"GET", operation.key});
  } else {
    append_command(out_, {"SET", operation.key, operation.value});
  }
  ++before_wait_;
}

void RespDialect::end_batch() {
  // No time-out: WAIT then answers when so many have it, and the batch's latency is the true one.
  if (wait_replicas_ > 0) append_command(out_, {"WAIT", std::to_string(wait_replicas_), "0"});
}

void RespDialect::take_output(std::string& out) {
  out.append(out_);
  out_.clear();
}

bool RespDialect::take_in(std::string_view bytes, std::vector<Answer>& answers) {
  const bool split = !rest_.empty();
  if (split) bytes = rest_.append(bytes);
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::size_t size = reply_size(bytes.substr(taken));
    if (size == kNotResp) return false;
    if (size == 0) break;
    take_reply(bytes.substr(taken, size), answers);
    taken += size;
  }
  if (split) {
    rest_.erase(0, taken);
  } else {
    rest_.assign(bytes, taken);
  }
  return true;
}

void RespDialect::take_reply(std::string_view reply, std::vector<Answer>& answers) {
  if (wait_replicas_ == 0) {
    answers.push_back(answer_in(reply));
  } else if (before_wait_ > 0) {
    --before_wait_;
    waiting_.push_back(answer_in(reply));
  } else {
    end_wait(reply, answers);
  }
}

void RespDialect::end_wait(std::string_view reply, std::vector<Answer>& answers) {
  const std::string_view line = reply_line(reply);
  int replicas = 0;
  std::from_chars(line.data(), line.data() + line.size(), replicas);
  const bool enough = reply.front() == ':' && replicas >= wait_replicas_;
  for (Answer& answer : waiting_) {
    if (!enough && answer.kind == Answer::Kind::kOk) {
      answer = {Answer::Kind::kRefused, 0, "WAIT answered " + std::string(line)};
    }
    answers.push_back(std::move(answer));
  }
  waiting_.clear();
}

}  // namespace kv::load
