#include "load/json_line_dialect.h"

namespace kv::load {
namespace {

Answer answer_in(std::string_view line) {
  if (line.starts_with(R"({"status": "OK")")) return {};
  if (line.find(R"("code": "NOT_FOUND")") != std::string_view::npos) {
    return {Answer::Kind::kMissing, 0, {}};
  }
  return {Answer::Kind::kRefused, 0, std::string(line)};
}

}  // namespace

void JsonLineDialect::submit(const Operation& operation, std::uint32_t) {
  out_.append(operation.read ? "GET " : "SET ").append(operation.key);
  if (!operation.read) out_.append(" ").append(operation.value);
  out_.push_back('\n');
}

void JsonLineDialect::take_output(std::string& out) {
  out.append(out_);
  out_.clear();
}

bool JsonLineDialect::take_in(std::string_view bytes, std::vector<Answer>& answers) {
  std::size_t start = 0;
  for (std::size_t end; (end = bytes.find('\n', start)) != std::string_view::npos;
       start = end + 1) {
    rest_.append(bytes, start, end - start);
    answers.push_back(answer_in(rest_));
    rest_.clear();
  }
  rest_.append(bytes, start);
  return true;
}

}  // namespace kv::load
