#pragma once

#include <array>

#include <imgui.h>

#include "core/types.h"
#include "model/chronicle.h"
#include "model/headline.h"
#include "model/moment.h"

namespace kv::viz {

/// The colours, each with one meaning. Roles and messages after Okabe and Ito (2008), which people
/// with any kind of colour vision can tell apart; shape or letter always says the same.
struct Theme {
  ImU32 background{};  ///< between the panels
  ImU32 panel{};
  ImU32 panel_raised{};  ///< buttons, chips, rows under the mouse
  ImU32 border{};
  ImU32 grid{};  ///< lines that only guide the eye
  ImU32 text{};
  ImU32 text_dim{};    ///< labels
  ImU32 text_faint{};  ///< hints, what is not there yet
  ImU32 accent{};      ///< what can be clicked, the playhead
  ImU32 selection{};

  ImU32 primary{};    ///< orange
  ImU32 secondary{};  ///< sky blue
  ImU32 candidate{};  ///< reddish purple
  ImU32 down{};       ///< grey
  ImU32 paused{};
  ImU32 good{};     ///< bluish green: committed, granted, met
  ImU32 bad{};      ///< vermillion: crash, loss, refusal, violation
  ImU32 unknown{};  ///< yellow: may or may not have happened
  ImU32 sync{};     ///< snapshots

  std::array<ImU32, 6> terms{};  ///< of log entries, by term % 6
  bool dark{true};
};
Theme dark_theme();
Theme light_theme();
/// Colours and metrics of ImGui's own widgets after the theme.
void apply(const Theme& theme, float scale);

ImU32 colour_of(const Theme& theme, Standing standing);
ImU32 colour_of(const Theme& theme, const Flight& flight);
ImU32 colour_of(const Theme& theme, Tone tone);
ImU32 colour_of(const Theme& theme, NoteKind kind);
ImU32 term_colour(const Theme& theme, Term term);
/// "P", "S", "C", "?" (asks), "x" (down), "II" (paused)
const char* letter_of(Standing standing);
/// The same colour, `share` of it opaque.
ImU32 faded(ImU32 colour, float share);
ImU32 mixed(ImU32 a, ImU32 b, float share_of_b);

}  // namespace kv::viz
