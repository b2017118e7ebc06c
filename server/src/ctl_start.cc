#include "ctl_start.h"

#include "supervisor.h"
#include "terminal.h"

namespace kv {

int run(const CtlOptions& options, const StartCommand& command) {
  Supervisor supervisor(options, command);
  const Outcome prepared = supervisor.prepare();
  return prepared ? supervisor.run() : fail(prepared.error().message);
}

}  // namespace kv
