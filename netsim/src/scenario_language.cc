#include "netsim/scenario_language.h"

#include <algorithm>
#include <array>
#include <variant>

#include "core/check.h"
#include "core/event.h"
#include "core/trace_fields.h"

namespace kv::sim {
namespace {

// --- objects ---

constexpr auto kScenarioKeys = std::to_array<Key>({
    {"$schema", "text"},
    {"title", "text", true},
    {"why", "text"},
    {"seed", "seed"},
    {"nodes", "nodes"},
    {"primary", "initial_primary"},
    {"timing", "timing"},
    {"ack", "ack"},
    {"reads", "read_mode"},
    {"lease_drift_ppm", "count"},
    {"limits", "limits"},
    {"segment", "bytes"},
    {"run_for", "duration", true},
    {"network", "network"},
    {"disk", "disk"},
    {"clocks", "clocks"},
    {"workload", "workload"},
    {"chaos", "chaos"},
    {"steps", "steps"},
    {"expect", "expectations"},
});
constexpr auto kTimesKeys = std::to_array<Key>({
    {"like", "timing_name"},
    {"heartbeat_interval", "duration"},
    {"election_timeout", "duration_range"},
});
constexpr auto kLimitsKeys = std::to_array<Key>({
    {"max_append_bytes", "bytes"},
    {"max_inflight_appends", "count"},
    {"max_inflight_bytes", "bytes"},
    {"max_uncommitted_bytes", "bytes"},
    {"snapshot_chunk_bytes", "bytes"},
    {"max_inflight_chunks", "count"},
    {"snapshot_after_bytes", "bytes"},
    {"keep_log_bytes", "bytes"},
    {"max_apply_entries", "count"},
});
constexpr auto kNetworkKeys = std::to_array<Key>({
    {"latency", "latency"},
    {"between_zones", "latency"},
    {"clients", "latency"},
    {"loss", "chance"},
    {"duplicate", "chance"},
    {"reorder", "chance"},
    {"corrupt", "chance"},
});
constexpr auto kDiskKeys = std::to_array<Key>({{"sync", "latency"}, {"capacity", "bytes"}});
constexpr auto kClocksKeys = std::to_array<Key>({{"drift_ppm", "count"}});
constexpr auto kWorkloadKeys = std::to_array<Key>({
    {"clients", "count"},
    {"rate", "count"},
    {"keys", "count"},
    {"reads", "chance"},
    {"deletes", "chance"},
    {"follower_reads", "chance"},
    {"once", "chance"},
    {"expiring", "chance"},
    {"ttl", "duration"},
    {"value_bytes", "bytes"},
    {"start", "duration"},
    {"stop", "duration"},
    {"timeout", "duration"},
    {"strays", "chance"},
});
constexpr auto kChaosKeys = std::to_array<Key>({
    {"from", "duration"},
    {"until", "duration", true},
    {"faults", "faults"},
    {"core", "count"},
});
constexpr auto kQuantileKeys =
    std::to_array<Key>({{"p50", "duration", true}, {"p99", "duration", true}});
constexpr auto kUniformKeys =
    std::to_array<Key>({{"min", "duration", true}, {"max", "duration", true}});
constexpr auto kTwoModeKeys = std::to_array<Key>(
    {{"usual", "duration", true}, {"rare", "duration", true}, {"rare_share", "chance", true}});
constexpr auto kMeasuredKeys = std::to_array<Key>({{"quantiles", "quantiles", true}});
constexpr auto kConditionKeys = std::to_array<Key>({
    {"primary", "selector"},
    {"event", "event"},
    {"node", "selector"},
    {"term", "count"},
});
constexpr auto kLinkKeys = std::to_array<Key>({{"from", "selector"}, {"to", "selector"}});
constexpr auto kRefusalKeys = std::to_array<Key>({{"refused", "refusal_code", true}});
constexpr auto kFoundKeys = std::to_array<Key>({{"value", "value_or_absent", true}});
constexpr auto kBoundsKeys = std::to_array<Key>({{"at_least", "count"}, {"at_most", "count"}});
constexpr auto kValueKeys = std::to_array<Key>({
    {"key", "key", true},
    {"is", "value_or_absent", true},
    {"on", "selector"},
});

constexpr auto kObjectForms = std::to_array<ObjectForm>({
    {"scenario", "a scenario", kScenarioKeys},
    {"times", "'timing'", kTimesKeys},
    {"limits", "'limits'", kLimitsKeys},
    {"network", "'network'", kNetworkKeys},
    {"disk", "'disk'", kDiskKeys},
    {"clocks", "'clocks'", kClocksKeys},
    {"workload", "'workload'", kWorkloadKeys},
    {"chaos", "'chaos'", kChaosKeys},
    {"log_normal_latency", "a latency with a median", kQuantileKeys},
    {"uniform_latency", "a latency between two bounds", kUniformKeys},
    {"two_mode_latency", "a latency with a rare case", kTwoModeKeys},
    {"measured_latency", "a measured latency", kMeasuredKeys},
    {"condition", "'when'", kConditionKeys},
    {"link", "a link", kLinkKeys},
    {"refusal", "an expected refusal", kRefusalKeys},
    {"found", "an expected value", kFoundKeys},
    {"bounds", "'term'", kBoundsKeys},
    {"value_claim", "'value'", kValueKeys},
});

// --- steps ---

constexpr auto kStepKeys = std::to_array<Key>({
    {"at", "duration"},
    {"when", "condition"},
    {"after", "duration"},
    {"caption", "text"},
});

constexpr auto kSetExtras = std::to_array<Key>({
    {"value", "value", true},
    {"to", "selector"},
    {"expect", "write_ending"},
    {"retry", "flag"},
    {"timeout", "duration"},
});
constexpr auto kGetExtras = std::to_array<Key>({
    {"to", "selector"},
    {"expect", "read_ending"},
    {"retry", "flag"},
    {"timeout", "duration"},
});
constexpr auto kDeleteExtras = std::to_array<Key>({
    {"to", "selector"},
    {"expect", "write_ending"},
    {"retry", "flag"},
    {"timeout", "duration"},
});
constexpr auto kNodeExtras = std::to_array<Key>({{"as", "name"}});
constexpr auto kCrashExtras = std::to_array<Key>({{"amid_effects", "flag"}, {"as", "name"}});
constexpr auto kPauseExtras = std::to_array<Key>({{"for", "duration"}, {"as", "name"}});
constexpr auto kIsolateExtras = std::to_array<Key>({{"clients", "flag"}, {"as", "name"}});
constexpr auto kCutExtras = std::to_array<Key>({{"only", "message_kinds"}});
constexpr auto kLinkExtras = std::to_array<Key>({{"from", "selector"}, {"to", "selector"}});
constexpr auto kLossExtras =
    std::to_array<Key>({{"from", "selector"}, {"to", "selector"}, {"only", "message_kinds"}});
constexpr auto kSlowDiskExtras = std::to_array<Key>({{"sync", "latency", true}, {"as", "name"}});
constexpr auto kSwitchExtras = std::to_array<Key>({{"on", "flag"}, {"as", "name"}});
constexpr auto kDamageExtras =
    std::to_array<Key>({{"file", "file_kind"}, {"offset", "count", true}, {"as", "name"}});
constexpr auto kDriftExtras = std::to_array<Key>({{"ppm", "ppm", true}, {"as", "name"}});
constexpr auto kClockStepExtras = std::to_array<Key>({{"by", "duration", true}, {"as", "name"}});
constexpr auto kFreezeExtras = std::to_array<Key>({{"for", "duration", true}, {"as", "name"}});

// In the order of Verb.
constexpr auto kVerbForms = std::to_array<VerbForm>({
    {Verb::kSet, {"set", "key", true}, kSetExtras},
    {Verb::kGet, {"get", "key", true}, kGetExtras},
    {Verb::kDelete, {"delete", "key", true}, kDeleteExtras},
    {Verb::kCrash, {"crash", "selector", true}, kCrashExtras},
    {Verb::kPowerCut, {"power_cut", "selector", true}, kNodeExtras},
    {Verb::kRestart, {"restart", "selector", true}, kNodeExtras},
    {Verb::kPause, {"pause", "selector", true}, kPauseExtras},
    {Verb::kResume, {"resume", "selector", true}, kNodeExtras},
    {Verb::kWipe, {"wipe", "selector", true}, kNodeExtras},
    {Verb::kIsolate, {"isolate", "selector", true}, kIsolateExtras},
    {Verb::kPartition, {"partition", "partition", true}, {}},
    {Verb::kCut, {"cut", "link", true}, kCutExtras},
    {Verb::kHeal, {"heal", "healed", true}, {}},
    {Verb::kDelay, {"delay", "latency", true}, kLinkExtras},
    {Verb::kLoss, {"loss", "chance", true}, kLossExtras},
    {Verb::kDuplicate, {"duplicate", "chance", true}, kLinkExtras},
    {Verb::kReorder, {"reorder", "chance", true}, kLinkExtras},
    {Verb::kCorruptMessages, {"corrupt", "chance", true}, kLinkExtras},
    {Verb::kSlowDisk, {"slow_disk", "selector", true}, kSlowDiskExtras},
    {Verb::kDiskFull, {"disk_full", "selector", true}, kSwitchExtras},
    {Verb::kFlipBit, {"flip_bit", "selector", true}, kDamageExtras},
    {Verb::kDrift, {"drift", "selector", true}, kDriftExtras},
    {Verb::kClockStep, {"clock_step", "selector", true}, kClockStepExtras},
    {Verb::kFreezeClock, {"freeze_clock", "selector", true}, kFreezeExtras},
    {Verb::kTransfer, {"transfer", "receiver", true}, kNodeExtras},
    {Verb::kReadError, {"read_error", "selector", true}, kDamageExtras},
    {Verb::kStallDisk, {"stall_disk", "selector", true}, kSwitchExtras},
    {Verb::kLyingSync, {"lying_sync", "selector", true}, kSwitchExtras},
    {Verb::kCutClients, {"cut_clients", "selector", true}, kSwitchExtras},
});

// --- expectations ---

constexpr auto kMomentKeys = std::to_array<Key>({{"at", "moment"}, {"by", "duration"}});
constexpr Key kCaptionKey{"caption", "text"};

constexpr auto kClaimForms = std::to_array<ClaimForm>({
    {{"primary", "primary_claim", true}, true},
    {{"role", "role_claim", true}, true},
    {{"term", "term_claim", true}, true},
    {{"value", "value_claim", true}, true},
    {{"logs_equal", "true", true}, true},
    {{"failover_at_most", "duration", true}},
    {{"elections_at_least", "count", true}},
    {{"elections_at_most", "count", true}},
    {{"availability_at_least", "chance", true}},
    {{"unavailable_at_most", "duration", true}},
    {{"always", "promise", true}},
    {{"violation", "promise", true}},
});

// --- words ---

constexpr auto kTimingNames = std::to_array<std::string_view>({"documented", "lan", "wan"});
constexpr auto kAckModes = std::to_array<std::string_view>({"majority", "primary", "all"});
constexpr auto kReadModes = std::to_array<std::string_view>({"read-index", "lease"});
// As Chaos::classes().
constexpr auto kFaults = std::to_array<std::string_view>(
    {"crash",      "power_cut",  "pause",      "wipe",         "isolate",  "partition",
     "cut",        "delay",      "loss",       "duplicate",    "reorder",  "corrupt",
     "slow_disk",  "drift",      "clock_step", "freeze_clock", "transfer", "flip_bit",
     "read_error", "stall_disk", "disk_full",  "cut_clients"});
constexpr auto kEndings = std::to_array<std::string_view>({"ok", "refused", "unknown"});
constexpr auto kRefusalCodes =
    std::to_array<std::string_view>({"NOT_PRIMARY", "NO_PRIMARY", "NO_QUORUM", "OVERLOADED",
                                     "SHUTTING_DOWN", "CONNECTION_REFUSED"});
constexpr auto kMessageKinds = std::to_array<std::string_view>(
    {"HEARTBEAT", "REPLICATE", "ELECTION", "SYNC", "HANDOVER", "READ_INDEX", "replies"});
constexpr auto kShapes = std::to_array<std::string_view>({"halves", "bridge", "ring"});
constexpr auto kFileKinds = std::to_array<std::string_view>({"log", "snapshot"});
constexpr auto kRoles =
    std::to_array<std::string_view>({"primary", "secondary", "candidate", "down"});
/// The names of all events, as traces have them.
template <typename... Events>
constexpr std::array<std::string_view, sizeof...(Events)> event_names(
    const std::variant<Events...>*) {
  return {trace::kShape<Events>.name...};
}
constexpr auto kEvents = event_names(static_cast<const Event*>(nullptr));

// First the promises, then, in the same order, the checkers that watch over them.
constexpr std::size_t kCheckers = 13;
constexpr auto kPromises = std::to_array<std::string_view>({
    "one primary a term",
    "a primary only appends to its log",
    "logs match",
    "a new primary has all committed entries",
    "all nodes apply the same entries",
    "one vote a term",
    "no acknowledged write is lost",
    "linearizable",
    "the cluster recovers",
    "no node breaks an invariant",
    "a retried write is done once",
    "no read is stale",
    "who is in reach keeps up",
    "election safety",
    "leader append-only",
    "log matching",
    "leader completeness",
    "state machine safety",
    "vote safety",
    "durability",
    "linearizability",
    "progress",
    "invariants",
    "exactly once",
    "read freshness",
    "catching up",
});
static_assert(kPromises.size() == 2 * kCheckers);

constexpr auto kWordLists = std::to_array<WordList>({
    {"timing_name", "a timing", kTimingNames},
    {"ack", "a mode of acknowledging", kAckModes},
    {"read_mode", "a way to read", kReadModes},
    {"fault", "a class of faults", kFaults},
    {"ending", "an ending", kEndings},
    {"refusal_code", "a refusal's code", kRefusalCodes},
    {"message_kind", "a kind of messages", kMessageKinds},
    {"shape", "a shape of partitions", kShapes},
    {"file_kind", "a file", kFileKinds},
    {"role", "a role", kRoles},
    {"event", "an event", kEvents},
    {"promise", "a promise", kPromises},
});

template <typename Table>
const auto& entry_named(const Table& table, std::string_view name) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& e) { return e.name == name; });
  CHECK(found != table.end());
  return *found;
}

}  // namespace

std::span<const ObjectForm> object_forms() {
  return kObjectForms;
}

const ObjectForm& object_form(std::string_view name) {
  return entry_named(kObjectForms, name);
}

std::span<const Key> step_keys() {
  return kStepKeys;
}

std::span<const VerbForm> verb_forms() {
  return kVerbForms;
}

std::span<const Key> moment_keys() {
  return kMomentKeys;
}

std::span<const ClaimForm> claim_forms() {
  return kClaimForms;
}

const Key& caption_key() {
  return kCaptionKey;
}

std::span<const WordList> word_lists() {
  return kWordLists;
}

const WordList& word_list(std::string_view name) {
  return entry_named(kWordLists, name);
}

std::optional<std::string_view> checker_named(std::string_view promise) {
  const auto found = std::find(kPromises.begin(), kPromises.end(), promise);
  if (found == kPromises.end()) return std::nullopt;
  const auto index = static_cast<std::size_t>(found - kPromises.begin());
  return kPromises[kCheckers + index % kCheckers];
}

std::string_view promise_of(std::string_view checker) {
  const auto found = std::find(kPromises.begin() + kCheckers, kPromises.end(), checker);
  CHECK(found != kPromises.end());
  return *(found - kCheckers);
}

std::string_view verb_name(Verb verb) {
  const VerbForm& form = kVerbForms[static_cast<std::size_t>(verb)];
  CHECK(form.verb == verb);
  return form.key.name;
}

}  // namespace kv::sim
