#pragma once

#include "ctl_options.h"
#include "server/client.h"

namespace kv {

// Each returns the exit status.
int run(const CtlOptions& options, const GetCommand& command);
int run(const CtlOptions& options, const SetCommand& command);
int run(const CtlOptions& options, const DeleteCommand& command);
int run(const CtlOptions& options, const PingCommand& command);
int run(const CtlOptions& options, const ShutdownCommand& command);
int run(const CtlOptions& options, const StopCommand& command);

/// What a person reads of a reply: the value without quotes, else the message, else the status.
std::string readable(const Reply& reply);
/// The same for a reply that isn't ok(): "CODE: message".
std::string readable_error(const Reply& reply);

}  // namespace kv
