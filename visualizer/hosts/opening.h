#pragma once

#include <string_view>

#include "core/result.h"
#include "hosts/options.h"
#include "panels/app_state.h"

namespace kv::viz {

/// Opens what the options name. What is wrong is in AppState::problem as well, for a window.
Outcome open_source(AppState& app, const Options& options);

/// Lets the source make its history: a scenario or a trace until this time, running nodes for
/// `watch` on the wall's clock.
void gather(Source& source, Instant until, Duration watch);

/// Shows what the options ask for: a moment, a selection. An Error if there is no such thing.
Outcome arrange(AppState& app, const Options& options);

/// "node2", "link:node1:node2", "entry:46:1" (index and term).
Result<Selection> parse_selection(std::string_view text, const ClusterInfo& cluster);

/// To a time; where there is none, an Error that names the end.
Outcome go_to(AppState& app, Duration time);

}  // namespace kv::viz
