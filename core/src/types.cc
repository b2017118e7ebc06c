#include "core/types.h"

#include "core/check.h"

namespace kv {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kFollower:
      return "follower";
    case Role::kPreCandidate:
      return "pre-candidate";
    case Role::kCandidate:
      return "candidate";
    case Role::kLeader:
      return "leader";
  }
  CHECK(false);
}

std::string_view to_string(AckMode mode) {
  switch (mode) {
    case AckMode::kMajority:
      return "majority";
    case AckMode::kPrimary:
      return "primary";
    case AckMode::kAll:
      return "all";
  }
  CHECK(false);
}

std::string_view to_string(ReadMode mode) {
  switch (mode) {
    case ReadMode::kReadIndex:
      return "read-index";
    case ReadMode::kLease:
      return "lease";
  }
  CHECK(false);
}

}  // namespace kv
