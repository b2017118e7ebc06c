#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "sources/source.h"

namespace kv::viz {

/// The path of a scenario of the library.
inline std::string library(const std::string& name) {
  return (std::filesystem::path(KV_SCENARIO_DIR) / (name + ".json")).string();
}

/// All of them.
inline std::vector<std::string> library() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(KV_SCENARIO_DIR)) {
    const std::filesystem::path& path = entry.path();
    // "scenario.schema.json" has two endings.
    if (path.extension() != ".json" || path.stem().has_extension()) continue;
    if (path.filename() != "hashes.json") paths.push_back(path.string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline Fault fault_of(Fault::Kind kind, NodeId node = kNoNode, NodeId to = kNoNode) {
  Fault fault;
  fault.kind = kind;
  fault.node = node;
  fault.to = to;
  return fault;
}

inline Fault set_of(std::string key, std::string value) {
  Fault fault = fault_of(Fault::Kind::kSet);
  fault.key = std::move(key);
  fault.value = std::move(value);
  return fault;
}

}  // namespace kv::viz
