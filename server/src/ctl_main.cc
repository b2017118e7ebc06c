#include "ctl_data.h"
#include "ctl_options.h"
#include "ctl_prompt.h"
#include "ctl_start.h"
#include "ctl_status.h"

int main(int argc, char** argv) {
  const std::variant<kv::CtlOptions, int> parsed = kv::parse_options(argc, argv);
  if (const int* exit_status = std::get_if<int>(&parsed)) return *exit_status;
  const auto& options = *std::get_if<kv::CtlOptions>(&parsed);
  return std::visit([&options](const auto& command) { return kv::run(options, command); },
                    options.command);
}
