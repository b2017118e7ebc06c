#include "core/client.h"

#include "core/check.h"

namespace kv {

std::string_view to_string(RefusalCode code) {
  switch (code) {
    case RefusalCode::kNotPrimary:
      return "NOT_PRIMARY";
    case RefusalCode::kNoPrimary:
      return "NO_PRIMARY";
    case RefusalCode::kNoQuorum:
      return "NO_QUORUM";
    case RefusalCode::kUnknownOutcome:
      return "UNKNOWN_OUTCOME";
    case RefusalCode::kOverloaded:
      return "OVERLOADED";
    case RefusalCode::kShuttingDown:
      return "SHUTTING_DOWN";
  }
  CHECK(false);
}

}  // namespace kv
