#pragma once

#include "located_json.h"
#include "netsim/scenario.h"
#include "scenario_names.h"
#include "scenario_values.h"

namespace kv::sim {

/// What the parts of the reader share.
struct Reading {
  Scenario& scenario;
  Names& names;
  Problems& problems;
};

// Each reads the value of one key of the scenario, or the whole of it for what is absent. The nodes
// and run_for come first: the others are checked against them.
void read_nodes(const Fields& fields, Reading& reading);
void read_surroundings(const Fields& fields, Reading& reading);
void read_steps(const LocatedValue& list, Reading& reading);
void read_expectations(const LocatedValue& list, Reading& reading);
/// Notes expectations that can't all come true.
void check_contradictions(const LocatedValue& list, Reading& reading);

/// A text is taken as it is; other JSON as its compact text, which is what kvnode stores of it.
/// Null is a problem.
std::optional<std::string> read_value(const LocatedValue& value, Problems& problems);
/// The same, but null means absent.
std::optional<std::optional<std::string>> read_value_or_absent(const LocatedValue& value,
                                                               Problems& problems);
std::optional<std::string> read_key(const LocatedValue& value, Problems& problems);

/// Changes the file's values, or adds some. Settings that make no sense are problems.
void apply_settings(LocatedValue& root, const Settings& settings, Problems& problems);

}  // namespace kv::sim
