#pragma once

#include <string>
#include <vector>

namespace kv::sim {

/// `kvsim pin`: writes the trace hashes of scenarios, each with its own seed, into hashes.json
/// beside them, and prints what changed. Without files: all in the folder "scenarios". A scenario
/// that fails, or gives another hash the second time, keeps its old hash. Exit status: 0 all are
/// pinned, 1 some are not, 2 bad input.
int pin_command(const std::vector<std::string>& files);

/// `kvsim check`: reads scenarios and says what is wrong with them. Exit status: 0 nothing, 2
/// something.
int check_command(const std::vector<std::string>& files);

}  // namespace kv::sim
