#include "core/answer.h"

#include "core/bytes.h"

namespace kv {
namespace {

/// No answer has more lists inside each other.
constexpr int kMaxDepth = 8;

void encode(const Answer& answer, Encoder& out) {
  out.u8(static_cast<std::uint8_t>(answer.kind));
  switch (answer.kind) {
    case Answer::Kind::kNil:
    case Answer::Kind::kOk:
    case Answer::Kind::kNilList:
      return;
    case Answer::Kind::kInteger:
      out.u64(static_cast<std::uint64_t>(answer.integer));
      return;
    case Answer::Kind::kText:
    case Answer::Kind::kWord:
    case Answer::Kind::kError:
      out.text(answer.text);
      return;
    case Answer::Kind::kList:
      out.u32(static_cast<std::uint32_t>(answer.items.size()));
      for (const Answer& item : answer.items) encode(item, out);
      return;
  }
}

bool decode(Decoder& in, int depth, Answer& answer) {
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(Answer::Kind::kError) || depth > kMaxDepth) return false;
  answer.kind = static_cast<Answer::Kind>(kind);
  switch (answer.kind) {
    case Answer::Kind::kNil:
    case Answer::Kind::kOk:
    case Answer::Kind::kNilList:
      break;
    case Answer::Kind::kInteger:
      answer.integer = static_cast<std::int64_t>(in.u64());
      break;
    case Answer::Kind::kText:
    case Answer::Kind::kWord:
    case Answer::Kind::kError:
      answer.text = in.text();
      break;
    case Answer::Kind::kList:
      // One at a time: a count from outside asks for no more memory than it sent.
      for (std::uint32_t left = in.u32(); left > 0; --left) {
        if (!decode(in, depth + 1, answer.items.emplace_back())) return false;
      }
      break;
  }
  return in.ok();
}

}  // namespace

std::string encode_answer(const Answer& answer) {
  std::string out;
  Encoder encoder(out);
  encode(answer, encoder);
  return out;
}

std::optional<Answer> decode_answer(std::string_view bytes) {
  Decoder in(bytes);
  Answer answer;
  if (!decode(in, 0, answer) || !in.complete()) return std::nullopt;
  return answer;
}

}  // namespace kv
