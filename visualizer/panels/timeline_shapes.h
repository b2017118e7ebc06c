#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/history.h"
#include "netsim/scenario.h"
#include "panels/app_state.h"
#include "panels/time_axis.h"

namespace kv::viz {

// What the timeline shows, as shapes in pixels: of any history at most a few a pixel.

/// Where the rows are, from top to bottom. One without height is left out for want of room.
struct TimelineRows {
  Area names{};               ///< the column to the left of the rows
  Area captions{};            ///< of the scenario's steps
  Area events{};              ///< of the cluster as a whole
  std::vector<Area> lanes{};  ///< by NodeId - 1
  Area clients{};
  Area axis{};
  Area overview{};  ///< while a part of the time is shown
  float bar{0};     ///< height of a band within its lane

  /// Lanes and clients.
  Area body() const;
  /// All that is above the axis.
  Area plot() const;
  /// The band's part of a lane.
  Area bar_of(const Area& lane) const;
};
struct RowsWanted {
  std::size_t nodes{0};
  float names_width{0};
  bool overview{false};
  bool messages{false};  ///< they need room between the bands
  float scale{1};
  bool steps{true};  ///< there are some, or may be
};
TimelineRows timeline_rows(const Area& inside, const RowsWanted& wanted);

/// A piece of a lane, in one colour.
struct BandShape {
  float from{0};
  float to{0};
  Standing standing{};
  Term term{0};
  std::size_t position{0};  ///< of the record that began it
};
/// What is narrower than a pixel becomes one with its neighbours, and the most notable of them is
/// shown. Elections are at least `shortest` wide, and come last: they are drawn over the others.
/// Nothing is known of the time after `known_until`.
std::vector<BandShape> band_shapes(const std::vector<Band>& bands, const TimeAxis& axis,
                                   float shortest, Instant known_until = kNever);

/// A mark for a note, and for others that are too close to it to be told apart.
struct MarkShape {
  float x{0};
  const Note* note{nullptr};  ///< the most notable one
  std::uint32_t others{0};
};
struct NoteShapes {
  std::vector<MarkShape> lanes{};   ///< of single nodes
  std::vector<MarkShape> events{};  ///< of the cluster: elections, cuts, violations
  std::vector<MarkShape> steps{};   ///< of the scenario: steps and expectations
};
/// Marks of one row are at least `gap` pixels apart.
NoteShapes note_shapes(const History& history, const TimeAxis& axis, float gap);

/// How wide words are.
using Measure = std::function<float(std::string_view)>;

/// Room in a row of words.
class RowSpace {
 public:
  explicit RowSpace(float right) : right_(right) {}
  void take(float from, float to) { taken_.push_back({from, to}); }
  bool free(float from, float to) const;
  /// From `from` to whatever is next.
  float room_from(float from) const;
  /// Where in [from, to] something of this width has room: in the middle, or as far left as can be.
  std::optional<float> place_in(float from, float to, float width) const;

 private:
  struct Piece {
    float from;
    float to;
  };
  float right_;
  std::vector<Piece> taken_{};
};

/// What a flag for the note says. `scenario`: its expectations have words for people; may be null.
std::string caption_words(const History& history, const Note& note, const sim::Scenario* scenario);

/// A flag in the captions' row, or in that of the events.
struct Caption {
  MarkShape mark{};
  std::string words{};
  float room{0};  ///< for the words; 0: none
};
/// Flags with their words where those don't overlap: what matters most is placed first. Flags that
/// matter least make way for words.
struct CaptionRow {
  float flag{0};  ///< width of one
  RowSpace space;
};
std::vector<Caption> captions_of(const History& history, const std::vector<MarkShape>& marks,
                                 const sim::Scenario* scenario, CaptionRow row,
                                 const Measure& measure);

struct OutageShape {
  float from{0};
  float to{0};
  Duration length{};    ///< so far, if it lasts at the end of the recording
  std::string words{};  ///< "no primary for 6.9 s", or as much of it as there is room for
  float words_at{0};
};
std::vector<OutageShape> outage_shapes(const History& history, const TimeAxis& axis);
/// Words beside the marks of the events' row; gives the room that is left.
RowSpace place_words(std::vector<OutageShape>& outages, const std::vector<MarkShape>& events,
                     float flag, float right, const Measure& measure);

/// A message from lane to lane.
struct ArrowShape {
  ImVec2 from{};
  ImVec2 to{};  ///< of a lost one, half-way
  const Flight* flight{nullptr};
};
/// What a message is, beside its arrow.
struct ArrowLabel {
  ImVec2 middle_left{};
  std::string words{};
  const Flight* flight{nullptr};
};
struct Arrows {
  static constexpr std::size_t kMost = 800;
  static constexpr std::size_t kMostLabelled = 60;
  std::vector<ArrowShape> arrows{};
  std::vector<ArrowLabel> labels{};
  float strength{0};  ///< 0 to 1: the fewer there are, the clearer they are
};
/// At most Arrows::kMost were sent in this time.
bool messages_fit(const History& history, const TimeSpan& span);
/// None if they don't fit.
Arrows arrows_of(const History& history, const TimeAxis& axis, const TimelineRows& rows);
/// "ELECTION", "granted": where there is room beside the arrows, `height` high.
void label_arrows(Arrows& arrows, const TimelineRows& rows, float height, const Measure& measure);

/// Client operations, one by one …
struct OperationBar {
  float from{0};
  float to{0};
  unsigned row{0};                            ///< those at the same time are in different rows
  const ClientOperation* operation{nullptr};  ///< the last call, if there were several
};
/// … or how many ended in a short time.
struct OperationColumn {
  float from{0};
  float to{0};
  std::uint32_t ok{0};
  std::uint32_t refused{0};
  std::uint32_t unknown{0};
  std::uint32_t sum() const { return ok + refused + unknown; }
};
struct ClientShapes {
  static constexpr unsigned kRows = 4;
  static constexpr std::size_t kMostCounted = 4000;
  std::vector<OperationBar> bars{};
  unsigned rows{1};
  std::vector<OperationColumn> columns{};
  std::uint32_t highest{0};  ///< the largest sum of a column
};
/// Bars if there is room for one each; else columns at least `column` pixels wide.
ClientShapes client_shapes(const History& history, const TimeAxis& axis, float column);

}  // namespace kv::viz
