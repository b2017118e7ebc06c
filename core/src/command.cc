#include "core/command.h"

#include "core/bytes.h"
#include "core/check.h"

namespace kv {
namespace {

constexpr std::uint8_t kSet = 1;
constexpr std::uint8_t kDelete = 2;

std::string encode(std::uint8_t operation, std::string_view key, std::string_view value) {
  CHECK(key.size() <= UINT32_MAX);
  std::string out;
  out.reserve(1 + 4 + key.size() + value.size());
  Encoder encoder(out);
  encoder.u8(operation);
  encoder.text(key);
  encoder.raw(value);
  return out;
}

Error bad_command(const std::string& what) {
  return Error{
      "log entry's command: " + what +
      ". It was written by a newer program or is damaged; run the same version on all nodes"};
}

}  // namespace

std::string encode_command(const Command& command) {
  if (const auto* set = std::get_if<SetCommand>(&command))
    return encode(kSet, set->key, set->value);
  return encode(kDelete, std::get<DeleteCommand>(command).key, {});
}

Result<Command> decode_command(std::string_view payload) {
  Decoder in(payload);
  const std::uint8_t operation = in.u8();
  const std::string_view key = in.text();
  if (!in.ok()) {
    return bad_command("its " + std::to_string(payload.size()) + " bytes end within the key");
  }
  switch (operation) {
    case kSet:
      return Command{SetCommand{key, in.raw(in.remaining())}};
    case kDelete:
      if (in.complete()) return Command{DeleteCommand{key}};
      return bad_command("a delete with " + std::to_string(in.remaining()) +
                         " bytes behind its key");
    default:
      return bad_command("unknown operation " + std::to_string(operation));
  }
}

}  // namespace kv
