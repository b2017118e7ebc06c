#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "panels/controls.h"
#include "panels/fault_menu.h"
#include "panels/stage_drawing.h"

namespace kv::viz {
namespace {

ImU32 vote_colour(const Theme& theme, VoteState state) {
  switch (state) {
    case VoteState::kGranted:
      return theme.good;
    case VoteState::kRefused:
      return theme.bad;
    case VoteState::kOpen:
      break;
  }
  return theme.text_faint;
}

/// Writes from left to right, as far as there is room.
class Row {
 public:
  Row(const AppState& app, const Area& area) : app_(app), area_(area), x_(area.from.x) {}

  float room() const { return area_.to.x - x_; }
  void skip(float by) { x_ += by; }
  float middle() const { return area_.centre().y; }
  float x() const { return x_; }

  void write(ImU32 colour, std::string_view words) { write(app_.fonts.small, colour, words); }
  void write(ImFont* font, ImU32 colour, std::string_view words) {
    const std::string shown = fitted(font, words, room());
    x_ += text(font, colour, {x_, middle() - font->FontSize / 2}, shown);
  }

  float chip_width(std::string_view name) const {
    return width_of(app_.fonts.small, name) + app_.px(30);
  }
  void chip(std::string_view name, VoteState state) {
    const ImU32 colour = vote_colour(app_.theme, state);
    const float width = chip_width(name);
    const Area box{{x_, area_.from.y + app_.px(2)}, {x_ + width, area_.to.y - app_.px(2)}};
    const bool open = state == VoteState::kOpen;
    canvas().AddRectFilled(box.from, box.to, faded(colour, open ? 0.04F : 0.14F), app_.px(5));
    canvas().AddRect(box.from, box.to, faded(colour, open ? 0.45F : 0.8F), app_.px(5));
    const float top = middle() - app_.fonts.small->FontSize / 2;
    text(app_.fonts.small, open ? app_.theme.text_dim : colour, {x_ + app_.px(8), top}, name);
    sign({box.to.x - app_.px(12), middle()}, state, colour);
    x_ += width + app_.px(6);
  }
  void pip(VoteState state) {
    const ImU32 colour = vote_colour(app_.theme, state);
    const float radius = app_.px(7);
    const ImVec2 at{x_ + radius, middle()};
    canvas().AddCircle(at, radius, faded(colour, 0.8F), 0, app_.px(1.2F));
    sign(at, state, colour);
    x_ += 2 * radius + app_.px(3);
  }

 private:
  void sign(ImVec2 at, VoteState state, ImU32 colour) {
    const float size = app_.px(3.6F);
    const float line = app_.px(1.7F);
    if (state == VoteState::kGranted) return draw_check(canvas(), at, size, colour, line);
    if (state == VoteState::kRefused) return draw_cross(canvas(), at, size * 0.8F, colour, line);
    canvas().AddLine({at.x - size * 0.8F, at.y}, {at.x + size * 0.8F, at.y}, colour, line);
  }

  const AppState& app_;
  Area area_;
  float x_;
};

ImU32 count_colour(const Theme& theme, const Campaign& campaign) {
  return campaign.won ? theme.good : theme.candidate;
}

/// What the row begins with: "Votes for node2 in term 1", or less where there is little room.
struct Opening {
  std::string before{};
  std::string name{};
  std::string after{};

  float width(const AppState& app) const {
    return width_of(app.fonts.small, before + name + after) + app.px(12);
  }
};

/// "Votes for node2 in term 1  [node2 ✓] [node3 ✓] [node1 –]  2 of 3 → primary"
void draw_campaign(const AppState& app, const Campaign& campaign, const Area& area) {
  const ClusterInfo& cluster = app.history()->cluster();
  Row row(app, area);
  const std::string term = "term " + std::to_string(campaign.term);
  const char* kind = campaign.pre ? "Pre-votes" : "Votes";
  Opening opening{std::string(kind) + " for ", cluster.name(campaign.candidate), " in " + term};
  const std::string count = count_words(campaign);
  float chips = width_of(app.fonts.small, count) + app.px(10);
  for (const Vote& vote : campaign.votes)
    chips += row.chip_width(cluster.name(vote.voter)) + app.px(6);
  if (opening.width(app) + chips > area.width()) opening = {kind, {}, ", " + term};
  const bool named = opening.width(app) + chips <= area.width();
  row.write(app.theme.text_dim, opening.before);
  row.write(app.theme.text, opening.name);
  row.write(app.theme.text_dim, opening.after);
  row.skip(app.px(12));
  for (const Vote& vote : campaign.votes) {
    if (named) {
      row.chip(cluster.name(vote.voter), vote.state);
    } else {
      row.pip(vote.state);
    }
  }
  row.skip(app.px(6));
  row.write(count_colour(app.theme, campaign), count);
}

/// Several candidates in one term: "Votes in term 3:  node2 ✓ ✓ – – 2 of 4   node4 …"
void draw_rivals(const AppState& app, const std::vector<Campaign>& campaigns, const Area& area) {
  Row row(app, area);
  const Campaign& first = campaigns.front();
  row.write(app.theme.text_dim, (first.pre ? "Pre-votes, term " : "Votes, term ") +
                                    std::to_string(first.term) + ", " +
                                    std::to_string(first.needed) + " needed");
  for (const Campaign& campaign : campaigns) {
    const std::string name = app.history()->cluster().name(campaign.candidate);
    const std::string count = std::to_string(campaign.granted);
    const float pips = app.px(17) * static_cast<float>(campaign.votes.size());
    const float needed =
        width_of(app.fonts.small, name) + pips + width_of(app.fonts.small, count) + app.px(34);
    if (needed > row.room()) return;
    row.skip(app.px(18));
    row.write(app.theme.text, name);
    row.skip(app.px(8));
    for (const Vote& vote : campaign.votes) row.pip(vote.state);
    row.skip(app.px(4));
    row.write(count_colour(app.theme, campaign), count);
  }
}

struct Sign {
  MessageKind kind;
  bool positive;
  float size;
  const char* words;
};
constexpr std::array kSigns{
    Sign{MessageKind::kHeartbeat, true, 4, "heartbeat"},
    Sign{MessageKind::kReplicate, true, 4, "replicate"},
    Sign{MessageKind::kReplicateReply, true, 2.4F, "stored"},
    Sign{MessageKind::kElection, true, 5.5F, "vote?"},
    Sign{MessageKind::kElectionReply, true, 6, "yes"},
    Sign{MessageKind::kElectionReply, false, 6, "no"},
    Sign{MessageKind::kSync, true, 5.5F, "snapshot"},
};

/// What the signs of the messages mean.
void draw_legend(const AppState& app, const Area& area) {
  Row row(app, area);
  if (app.playback.speed_now(*app.history()) > kFastestMarks)
    return row.write(app.theme.text_faint, "messages are shown at 20× and slower");
  for (const Sign& sign : kSigns) {
    const float width = width_of(app.fonts.small, sign.words) + app.px(34);
    if (width > row.room()) return;
    Flight flight;
    flight.kind = sign.kind;
    flight.positive = sign.positive;
    draw_sign(app, flight, {row.x() + app.px(7), row.middle()}, app.px(sign.size), {1, 0}, 0.8F);
    row.skip(app.px(18));
    row.write(app.theme.text_faint, sign.words);
    row.skip(app.px(16));
  }
}

}  // namespace

void draw_foot(AppState& app, const StagePicture& picture) {
  Area area = picture.layout.foot;
  if (any_cut(app.moment)) {
    const char* label = "heal all";
    const float width = width_of(app.fonts.small, label) + app.px(24);
    const float height = app.px(26);
    const Area box{{picture.layout.area.to.x - width, picture.layout.area.to.y - height},
                   picture.layout.area.to};
    if (button(app, "heal all", label, box, {"All links work again"})) {
      Fault fault;
      fault.kind = Fault::Kind::kHealAll;
      inflict(app, fault);
    }
    area.to.x = box.from.x - app.px(10);
  }
  if (area.height() <= 0) return;
  const std::vector<Campaign> campaigns = latest_of(picture.campaigns);
  if (campaigns.size() > 1) return draw_rivals(app, campaigns, area);
  if (!campaigns.empty()) return draw_campaign(app, campaigns.front(), area);
  if (app.show_messages) draw_legend(app, area);
}

}  // namespace kv::viz
