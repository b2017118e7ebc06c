#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "netsim/scenario.h"

namespace kv::sim {

using Json = nlohmann::ordered_json;

// The parts of a scenario as JSON, each the opposite of what reads it.
Json json_of(Duration duration);
Json json_of(Instant instant);
Json json_of(const Latency& latency);
Json json_of(Chance chance);
/// A value: as JSON if that says the same, else as a text.
Json json_of_value(const std::string& value);
Json json_of(const Step& step);
/// Roles that are expected of several nodes at one moment become one item.
Json json_of(const std::vector<Expectation>& expectations);

}  // namespace kv::sim
