#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/history.h"
#include "model/playback.h"
#include "panels/stage_layout.h"

namespace kv::viz {

// What there is to see on the stage at a moment. Nothing here draws.

struct NodeShape {
  NodeId node{kNoNode};
  Standing standing{};
  bool serving{false};
  /// What is left of its election timer, as a share of the longest timer of all nodes: who has the
  /// shortest goes first. Nothing: no timer runs.
  std::optional<float> timer{};
  float timer_began{0};    ///< with how much it began, of the same length
  bool timer_late{false};  ///< in its last quarter
  std::string words{};     ///< "secondary · term 1"
  std::string brief{};     ///< the same for little room: "asks · term 1"
  std::string note{};      ///< "cut off", "disk lost", "not ready", or empty
  bool note_bad{false};
  LogIndex last{0};  ///< of a stopped node: on its disk
  LogIndex applied{0};
  LogIndex committed_through{0};
  /// Shares of the longest log.
  float log{0};
  float persisted{0};
  float committed{0};
  float done{0};
};
std::vector<NodeShape> node_shapes(const Moment& moment);

/// A line between two nodes, `a` < `b`.
struct LinkShape {
  NodeId a{kNoNode};
  NodeId b{kNoNode};
  bool forth{true};   ///< messages pass from a to b
  bool back{true};    ///< and from b to a
  bool faint{false};  ///< a node is down
  ImVec2 from{};
  ImVec2 to{};
};
std::vector<LinkShape> link_shapes(const Moment& moment, const StageLayout& layout);
bool any_cut(const Moment& moment);

/// Nodes that hear each other, where cut links keep them from others.
struct Group {
  std::vector<NodeId> nodes{};
  bool majority{false};
};
/// Empty: all running nodes hear each other, directly or through others.
std::vector<Group> groups_of(const Moment& moment);

struct Zone {
  std::string name{};
  std::vector<NodeId> nodes{};
};
std::vector<Zone> zones_of(const ClusterInfo& cluster);

enum class VoteState : std::uint8_t { kOpen, kGranted, kRefused };
struct Vote {
  NodeId voter{kNoNode};
  VoteState state{};
};
/// A campaign that goes on, or was won a short while ago.
struct Campaign {
  NodeId candidate{kNoNode};
  Term term{0};
  bool pre{false};
  bool won{false};
  Instant since{};
  std::vector<Vote> votes{};  ///< the candidate first, then by id
  std::size_t granted{0};
  std::size_t needed{0};
};
/// The latest first. A campaign that was won stays for `linger`.
std::vector<Campaign> campaigns_of(const Moment& moment, Duration linger);
/// Those to tell about at once: the latest and the others of its term.
std::vector<Campaign> latest_of(const std::vector<Campaign>& campaigns);
/// "2 of 3 → primary", "1 of 3 votes, 2 needed"
std::string count_words(const Campaign& campaign);

/// Who gave its vote to whom, as long as the campaign is shown.
struct VoteLine {
  NodeId voter{kNoNode};
  NodeId candidate{kNoNode};
  float strength{1};  ///< how visible it is, 0 to 1: it fades after the campaign
};
std::vector<VoteLine> vote_lines(const Moment& moment, const std::vector<Campaign>& campaigns,
                                 Duration linger);

/// A message on its way.
struct Mark {
  const Flight* flight{nullptr};
  ImVec2 at{};
  ImVec2 tail{};      ///< where the tail ends; that of a request for votes
  bool lost{false};   ///< it gets no further
  float strength{1};  ///< how visible it is, 0 to 1
  float size{4};      ///< half of it
  std::string label{};
  Area label_area{};
};
/// The time from sender to receiver on the stage: a real flight is far too short to be seen, so it
/// takes a quarter of a second for the viewer at least, at this speed.
Duration shown_flight(const Flight& flight, double speed);
struct MarkStyle {
  float scale{1};     ///< pixels for one unit of the design
  float letter{6.5};  ///< width of a letter of a label
  float line{15};     ///< height of a label
};
/// Played faster than this, messages would only flicker: none are shown.
inline constexpr double kFastestMarks = 20;
/// At most kMostMarks: of those that are many, replication and its replies, fewer are shown.
inline constexpr std::size_t kMostMarks = 300;
std::vector<Mark> marks_of(const History& history, const Moment& moment, const Playback& playback,
                           const StageLayout& layout, const MarkStyle& style);

}  // namespace kv::viz
