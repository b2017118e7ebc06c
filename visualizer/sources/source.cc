#include "sources/source.h"

namespace kv::viz {

std::optional<std::string> Source::refusal(const Fault&) const {
  return "What is shown has been recorded: it can be watched, but not changed. Open a scenario or "
         "running nodes to break something.";
}

Outcome Source::inflict(Instant, const Fault& fault) {
  const std::optional<std::string> why = refusal(fault);
  return Error{why.value_or("This can't be done here.")};
}

}  // namespace kv::viz
