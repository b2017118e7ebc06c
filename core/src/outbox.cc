#include "core/outbox.h"

#include <utility>

namespace kv {

std::vector<Message> Outbox::release() {
  if (!open()) return {};
  return std::exchange(messages_, {});
}

}  // namespace kv
