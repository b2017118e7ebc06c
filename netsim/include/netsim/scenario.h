#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/result.h"
#include "core/trace.h"
#include "core/types.h"
#include "netsim/latency.h"

namespace kv::sim {

/// A probability in parts per million: exact, and the same on every machine.
struct Chance {
  std::uint32_t per_million{0};
  friend bool operator==(Chance, Chance) = default;
};

/// Where a thing stands in its file, for messages. Lines and columns count from 1. Two that differ
/// in nothing else say the same.
struct Place {
  std::uint32_t line{0};
  std::uint32_t column{0};
  friend bool operator==(Place, Place) { return true; }
};

struct NodeSpec {
  std::string name{};
  std::string zone{};  ///< may be empty
  friend bool operator==(const NodeSpec&, const NodeSpec&) = default;
};

struct NetworkSpec {
  Latency latency{};                       ///< one way, between nodes (of one zone)
  std::optional<Latency> between_zones{};  ///< nothing: as within one
  std::optional<Latency> clients{};        ///< between clients and nodes; nothing: as `latency`
  Chance loss{};
  Chance duplicate{};
  Chance reorder{};
  Chance corrupt{};  ///< a bit flips under way; the frame's checksum must catch it
  friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;
};

struct DiskSpec {
  Latency sync{};                   ///< of one fdatasync
  std::uint64_t capacity_bytes{0};  ///< 0: no limit
  friend bool operator==(const DiskSpec&, const DiskSpec&) = default;
};

struct ClockSpec {
  std::int64_t drift_ppm{0};  ///< each node draws its drift between minus and plus this
  friend bool operator==(const ClockSpec&, const ClockSpec&) = default;
};

/// Clients that work all the time, each one operation after the other.
struct WorkloadSpec {
  std::uint32_t clients{0};
  std::uint32_t rate{100};  ///< operations a second, of all clients together
  std::uint32_t keys{10};
  Chance reads{500'000};
  Chance deletes{0};
  Chance follower_reads{0};      ///< share of the reads that any node may answer
  Chance once{0};                ///< share of the operations that are increments, done exactly once
  Chance expiring{0};            ///< share of the sets that expire …
  Duration ttl{seconds(2)};      ///< … after a tenth of this to all of it
  std::uint32_t value_bytes{0};  ///< values are padded to this size
  Instant start{};
  std::optional<Instant> stop{};  ///< nothing: run_for
  Duration timeout{seconds(2)};   ///< then the client gives up waiting for an answer
  Chance strays{};                ///< operations that begin at any node, not at the primary known
  friend bool operator==(const WorkloadSpec&, const WorkloadSpec&) = default;
};

/// What can be done to a cluster. The words in scenario files are in verb_name().
enum class Verb : std::uint8_t {
  kSet,
  kGet,
  kDelete,
  kCrash,     ///< the process dies; what it wrote to files stays
  kPowerCut,  ///< the machine dies; what was not synced may be lost
  kRestart,
  kPause,
  kResume,
  kWipe,       ///< the data directory is lost (a running node dies first)
  kIsolate,    ///< no messages to and from all other nodes
  kPartition,  ///< only nodes of one group hear each other
  kCut,        ///< messages from one node to another are lost, one way
  kHeal,       ///< all links, those of a node, or one way are as the `network` says again
  kDelay,      ///< of links, as the next four
  kLoss,
  kDuplicate,
  kReorder,
  kCorruptMessages,
  kSlowDisk,
  kDiskFull,
  kFlipBit,
  kDrift,
  kClockStep,
  kFreezeClock,
  kTransfer,
  kReadError,  ///< a sector of a file can't be read
  kStallDisk,  ///< nothing on the disk completes
  kLyingSync,  ///< syncs report success and do nothing
  kCutClients,
};
std::string_view verb_name(Verb verb);  ///< "set", "power_cut" …
/// What clients do; all else strikes or mends.
bool is_client_verb(Verb verb);

/// Which nodes: a node's name, a name bound by `as`, a zone, "primary", "a secondary", "all",
/// "every secondary", and any of them behind "not ". Checked when the file is read, resolved when
/// the step is due.
using Selector = std::string;

/// How a scripted client operation is expected to end.
struct ExpectedEnding {
  std::vector<Ending> endings{};                      ///< any of these; empty: not asked
  std::string code{};                                 ///< with a refusal: its code, or empty
  std::optional<std::optional<std::string>> value{};  ///< of a get: the value, or absent
  friend bool operator==(const ExpectedEnding&, const ExpectedEnding&) = default;
};

/// A moment that is known when it comes.
struct Condition {
  Selector primary{};          ///< such a node serves as primary
  std::string event{};         ///< core's name of an event: "CampaignStarted"
  Selector node{};             ///< that reports the event; empty: any
  std::optional<Term> term{};  ///< in which it happens, at least
  friend bool operator==(const Condition&, const Condition&) = default;
};

/// One step: one verb. A flat record: which fields a verb reads follows from the table in
/// scenario_language.h.
struct Step {
  std::optional<Instant> at{};      ///< either at …
  std::optional<Condition> when{};  ///< … or when, once
  Duration after{};                 ///< … and so much later
  Verb verb{};
  Selector target{};   ///< node the verb is done to; of links: see from and to
  std::string bind{};  ///< `as`: gives the target a name from then on
  std::string caption{};
  std::string key{};  ///< of client operations
  std::string value{};
  ExpectedEnding expect{};
  bool retry{false};  ///< asks again, elsewhere, until it is done or `timeout` is over
  Duration timeout{seconds(2)};
  bool amid_effects{false};  ///< crash: amid the effects of the node's next input
  bool clients{false};       ///< isolate: clients can't reach the node either
  std::string shape{};       ///< partition: "halves", "bridge", "ring", or empty: groups
  std::vector<std::vector<Selector>> groups{};
  Selector from{};  ///< of links; empty: all
  Selector to{};    ///< the same; of client operations who is asked, empty: the primary
  std::vector<std::string> only{};  ///< cut, loss: only these messages: "HEARTBEAT", "ELECTION" …
  Latency latency{};                ///< delay: added; slow_disk: of a sync
  Chance chance{};                  ///< loss, duplicate …
  std::uint64_t offset{0};          ///< flip_bit, read_error
  std::string file{};               ///< the same: "log" or "snapshot"
  bool on{true};                    ///< disk_full, stall_disk, lying_sync, cut_clients
  std::int64_t drift_ppm{0};
  Duration span{};  ///< clock_step, freeze_clock, pause (0: until resume)
  Place place{};
  friend bool operator==(const Step&, const Step&) = default;
};

/// Stable: who comes first at the same time stays first.
void sort_by_time(std::vector<Step>& steps);

/// What an expectation is about.
enum class Claim : std::uint8_t {
  kPrimary,       ///< the serving primary is one of `who`; "any", "none": there is one, none
  kRole,          ///< `who` has `role`
  kTerm,          ///< the latest term is between low and high
  kValue,         ///< `key` holds `value` on `who`
  kLogsEqual,     ///< committed logs and states of all running nodes are equal
  kFailover,      ///< each failover took at most `span`
  kElections,     ///< number of elections won is between low and high
  kAvailability,  ///< at least `chance` of the client operations ended well
  kUnavailable,   ///< no primary served for at most `span` altogether
  kViolation,     ///< the checker named `checker` finds something: this scenario shows it
  kNone,          ///< the checker named `checker` finds nothing (they are on anyway)
};

enum class Moment : std::uint8_t { kAt, kBy, kAlways, kEnd };

struct Expectation {
  Claim claim{};
  Moment moment{Moment::kEnd};
  Instant when{};  ///< of kAt and kBy
  std::string caption{};
  Selector who{};
  std::string role{};  ///< "primary", "secondary", "candidate", "down"
  std::string key{};
  std::optional<std::string> value{};  ///< nothing: absent
  std::uint64_t low{0};
  std::optional<std::uint64_t> high{};
  Duration span{};
  Chance chance{};
  std::string checker{};
  Place place{};
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

/// Random faults, drawn from the seed: every seed draws which classes exist at all and how often
/// they strike, since a fault that is always there hides what another one would have shown.
struct ChaosSpec {
  Instant from{};
  Instant until{};                    ///< then all is mended and the cluster must recover
  std::vector<std::string> faults{};  ///< classes to draw from; empty: all (chaos.h)
  /// So many nodes are mended at the end, a majority that can make progress by itself; the others
  /// are down or cut off then. 0: all are mended.
  std::uint32_t core{0};
  friend bool operator==(const ChaosSpec&, const ChaosSpec&) = default;
};

/// A rehearsal: a cluster, its surroundings, what is done to it and what must come of it.
struct Scenario {
  std::string name{};  ///< the file's, without folder and ending
  std::string title{};
  std::string why{};
  std::uint64_t seed{1};
  std::vector<NodeSpec> nodes{};  ///< in the order of ids: sorted by name
  std::string primary{};          ///< started with --primary; empty: none
  Timing timing{};
  AckMode ack{AckMode::kMajority};
  ReadMode reads{ReadMode::kReadIndex};
  std::uint32_t lease_drift_ppm{kDefaultLeaseDriftPpm};
  Limits limits{};
  std::uint64_t segment_bytes{64 << 10};  ///< of the log
  Duration run_for{};
  NetworkSpec network{};
  DiskSpec disk{};
  ClockSpec clocks{};
  WorkloadSpec workload{};
  std::optional<ChaosSpec> chaos{};
  std::vector<Step> steps{};  ///< in the order of the file
  std::vector<Expectation> expect{};
  friend bool operator==(const Scenario&, const Scenario&) = default;
};

/// What to change in a scenario before it is read, a path and JSON or a bare word:
/// "network.latency=20ms", "nodes=5", "workload.rate=200".
using Settings = std::vector<std::string>;

/// Reads a scenario. An Error holds all that is wrong, a line each: "02.json:14:7: there is no key
/// 'chrash' in a step; did you mean 'crash'?". `name` is the file's path, for messages.
Result<Scenario> read_scenario(std::string_view text, const std::string& name,
                               const Settings& settings = {});
/// The same scenario as one text: with the settings in it, and without blanks. Members keep their
/// order, numbers their digits. An Error as above, of JSON and settings alone.
Result<std::string> with_settings(std::string_view text, const std::string& name,
                                  const Settings& settings);
/// The text of a scenario's file. An Error tells which names are near if there is no such file.
Result<std::string> read_file(const std::string& path);

}  // namespace kv::sim
