#include "panels/stage_drawing.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "panels/controls.h"

namespace kv::viz {
namespace {

ImVec2 between(ImVec2 a, ImVec2 b, float share) {
  return {a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share};
}

void dashed(ImVec2 from, ImVec2 to, ImU32 colour, float thickness, float dash) {
  const float length = distance(from, to);
  const ImVec2 along = direction(from, to);
  for (float at = 0; at < length; at += 2 * dash) {
    canvas().AddLine(moved(from, along, at), moved(from, along, std::min(length, at + dash)),
                     colour, thickness);
  }
}

void arrow_head(ImVec2 tip, ImVec2 along, float size, ImU32 colour) {
  const ImVec2 back = moved(tip, along, -size * 1.6F);
  const ImVec2 aside{-along.y, along.x};
  canvas().AddTriangleFilled(tip, moved(back, aside, size * 0.8F), moved(back, aside, -size * 0.8F),
                             colour);
}

bool is_link(const Selection& selection, const LinkShape& link) {
  return selection.kind == Selection::Kind::kLink &&
         ((selection.node == link.a && selection.to == link.b) ||
          (selection.node == link.b && selection.to == link.a));
}

bool is_message(const Selection& selection, const Mark& mark) {
  return selection.kind == Selection::Kind::kMessage && selection.message == mark.flight->message;
}

// --- areas ---

void fill_outline(const std::vector<ImVec2>& outline, ImU32 fill, ImU32 line, float thickness) {
  const int count = static_cast<int>(outline.size());
  canvas().AddConvexPolyFilled(outline.data(), count, fill);
  if (thickness > 0)
    canvas().AddPolyline(outline.data(), count, line, ImDrawFlags_Closed, thickness);
}

// --- links ---

/// One way of a link that is cut, beside the link.
void draw_cut_way(const AppState& app, ImVec2 from, ImVec2 to, ImU32 colour) {
  const ImVec2 along = direction(from, to);
  const ImVec2 aside{-along.y, along.x};
  const float by = app.px(5);
  const ImVec2 begin = moved(from, aside, by);
  const ImVec2 end = moved(to, aside, by);
  const ImVec2 middle = between(begin, end, 0.5F);
  const float gap = app.px(9);
  dashed(begin, moved(middle, along, -gap), colour, app.px(1.6F), app.px(5));
  dashed(moved(middle, along, gap), moved(end, along, -app.px(8)), colour, app.px(1.6F), app.px(5));
  arrow_head(end, along, app.px(6), colour);
  draw_cross(canvas(), middle, app.px(4.5F), colour, app.px(2));
}

void draw_link(const AppState& app, const LinkShape& link, bool strong) {
  const Theme& theme = app.theme;
  const ImU32 line = strong ? theme.text_dim : mixed(theme.grid, theme.text_faint, 0.35F);
  if (link.faint) {
    dashed(link.from, link.to, faded(line, strong ? 0.9F : 0.7F), app.px(1), app.px(3));
    if (link.forth && link.back) return;
  } else if (link.forth || link.back) {
    canvas().AddLine(link.from, link.to, line, app.px(strong ? 2.2F : 1.3F));
  }
  const ImU32 cut = faded(theme.bad, link.faint ? 0.35F : strong ? 1.0F : 0.75F);
  if (link.forth && link.back) return;
  if (link.forth) return draw_cut_way(app, link.to, link.from, cut);
  if (link.back) return draw_cut_way(app, link.from, link.to, cut);
  const ImVec2 along = direction(link.from, link.to);
  const ImVec2 middle = between(link.from, link.to, 0.5F);
  const float gap = app.px(10);
  dashed(link.from, moved(middle, along, -gap), faded(cut, 0.75F), app.px(1.5F), app.px(5));
  dashed(link.to, moved(middle, along, gap), faded(cut, 0.75F), app.px(1.5F), app.px(5));
  draw_cross(canvas(), middle, app.px(5), cut, app.px(2.2F));
}

void draw_answer(const AppState& app, const Flight& flight, ImVec2 at, float size, ImU32 colour) {
  if (flight.positive) return draw_check(canvas(), at, size * 0.55F, colour, app.px(1.7F));
  draw_cross(canvas(), at, size * 0.42F, colour, app.px(1.7F));
}

// --- captions ---

struct Caption {
  std::string words{};
  ImU32 colour{0};
};

bool free_spot(const StagePicture& picture, const Area& spot, float clearance,
               const std::vector<Area>& taken) {
  const StageLayout& layout = picture.layout;
  if (overlap(spot, layout.headline) || spot.from.x < layout.area.from.x ||
      spot.to.x > layout.area.to.x || spot.from.y < layout.area.from.y ||
      spot.to.y > layout.foot.from.y)
    return false;
  for (const NodePlace& node : layout.nodes) {
    if (overlap(spot, node.label) || distance(node.centre, spot) < clearance) return false;
  }
  return std::none_of(taken.begin(), taken.end(),
                      [&](const Area& other) { return overlap(spot, other); });
}

/// On the outline where there is room: as far inside of the ring as can be, or as far outside.
void draw_caption(const AppState& app, const StagePicture& picture, const Caption& caption,
                  const std::vector<ImVec2>& outline, bool inside, std::vector<Area>& taken) {
  const float half = width_of(app.fonts.small, caption.words) / 2 + app.px(7);
  std::vector<std::pair<float, ImVec2>> spots;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    for (const float share : {0.5F, 0.4F, 0.6F, 0.3F, 0.7F, 0.2F, 0.8F}) {
      const ImVec2 spot = between(outline[i], outline[(i + 1) % outline.size()], share);
      const float out = distance(spot, picture.layout.middle);
      spots.emplace_back(inside ? out : -out, spot);
    }
  }
  std::stable_sort(spots.begin(), spots.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  // Near a node only where there is no other place.
  const StageLayout& layout = picture.layout;
  for (const float clearance : {layout.rim + app.px(2), layout.radius + app.px(4)}) {
    for (const auto& [rank, spot] : spots) {
      const Area area = around(spot, half, app.fonts.small->FontSize / 2 + app.px(3));
      if (!free_spot(picture, area, clearance, taken)) continue;
      canvas().AddRectFilled(area.from, area.to, app.theme.panel, area.height() / 2);
      canvas().AddRect(area.from, area.to, faded(caption.colour, 0.5F), area.height() / 2);
      text_centred(app.fonts.small, caption.colour, spot, caption.words);
      taken.push_back(area);
      return;
    }
  }
}

}  // namespace

void draw_check(ImDrawList& list, ImVec2 centre, float size, ImU32 colour, float thickness) {
  const std::array points{ImVec2{centre.x - size, centre.y + size * 0.05F},
                          ImVec2{centre.x - size * 0.25F, centre.y + size * 0.75F},
                          ImVec2{centre.x + size, centre.y - size * 0.7F}};
  list.AddPolyline(points.data(), static_cast<int>(points.size()), colour, 0, thickness);
}

void draw_cross(ImDrawList& list, ImVec2 centre, float size, ImU32 colour, float thickness) {
  list.AddLine({centre.x - size, centre.y - size}, {centre.x + size, centre.y + size}, colour,
               thickness);
  list.AddLine({centre.x - size, centre.y + size}, {centre.x + size, centre.y - size}, colour,
               thickness);
}

void draw_sign(const AppState& app, const Flight& flight, ImVec2 at, float size, ImVec2 towards,
               float strength) {
  const Theme& theme = app.theme;
  const ImU32 colour = faded(colour_of(theme, flight), strength);
  ImDrawList& list = canvas();
  const float half = size * 0.9F;
  switch (flight.kind) {
    case MessageKind::kHeartbeat:
      list.AddCircleFilled(at, size, theme.panel);
      list.AddCircle(at, size, colour, 0, app.px(1.7F));
      return;
    case MessageKind::kReplicate:
      list.AddRectFilled({at.x - half, at.y - half}, {at.x + half, at.y + half}, colour, app.px(1));
      return;
    case MessageKind::kReplicateReply:
      if (flight.positive) return list.AddCircleFilled(at, size, colour, 10);
      return draw_cross(list, at, size * 0.8F, colour, app.px(1.8F));
    case MessageKind::kElection:
      list.AddCircleFilled(at, size, flight.pre ? theme.panel : colour);
      if (flight.pre) list.AddCircle(at, size - app.px(0.5F), colour, 0, app.px(2));
      return;
    case MessageKind::kElectionReply:
      list.AddCircleFilled(at, size, flight.pre ? theme.panel : colour);
      if (flight.pre) list.AddCircle(at, size, colour, 0, app.px(1.3F));
      return draw_answer(app, flight, at, size, faded(flight.pre ? colour : theme.panel, strength));
    case MessageKind::kSync:
      list.AddQuadFilled({at.x, at.y - size}, {at.x + size, at.y}, {at.x, at.y + size},
                         {at.x - size, at.y}, colour);
      return;
    case MessageKind::kSyncReply:
      list.AddQuadFilled({at.x, at.y - size}, {at.x + size, at.y}, {at.x, at.y + size},
                         {at.x - size, at.y}, colour);
      return;
    case MessageKind::kReadIndex:
      list.AddCircle(at, size, colour, 0, app.px(1.7F));
      return;
    case MessageKind::kReadIndexReply:
      list.AddCircleFilled(at, size, colour, 10);
      return;
    case MessageKind::kHandover:
      arrow_head(moved(at, towards, size * 0.9F), towards, size * 1.1F, colour);
      return;
  }
}

void draw_areas(const AppState& app, const StagePicture& picture) {
  const Theme& theme = app.theme;
  for (const Zone& zone : picture.zones) {
    fill_outline(outline_of(picture.layout, zone.nodes, app.px(5)), faded(theme.text_dim, 0.05F),
                 faded(theme.text_dim, 0.22F), app.px(1));
  }
  for (const Group& group : picture.groups) {
    const ImU32 colour = group.majority ? theme.good : theme.bad;
    fill_outline(outline_of(picture.layout, group.nodes, app.px(5)), faded(colour, 0.055F),
                 faded(colour, 0.35F), app.px(1.2F));
  }
}

void draw_links(const AppState& app, const StagePicture& picture) {
  for (const LinkShape& link : picture.links) {
    draw_link(app, link, is_link(app.selection, link) || is_link(picture.hovered, link));
  }
}

void draw_votes(const AppState& app, const StagePicture& picture) {
  for (const VoteLine& vote : picture.votes) {
    const ImVec2 from = picture.layout.node(vote.voter).centre;
    const ImVec2 to = picture.layout.node(vote.candidate).centre;
    const ImVec2 along = direction(from, to);
    const ImVec2 begin = moved(from, along, picture.layout.rim);
    const ImVec2 end = moved(to, along, -picture.layout.rim);
    const ImU32 colour = faded(app.theme.candidate, 0.75F * vote.strength);
    canvas().AddLine(begin, moved(end, along, -app.px(6)), colour, app.px(2));
    arrow_head(end, along, app.px(6), colour);
  }
}

void draw_marks(const AppState& app, const StagePicture& picture) {
  for (const Mark& mark : picture.marks) {
    Flight shown = *mark.flight;
    if (!mark.lost) shown.fate = Flight::Fate::kUnderWay;  // nobody sees yet that it will be lost
    const ImU32 colour = faded(colour_of(app.theme, shown), mark.strength);
    const ImVec2 towards =
        direction(picture.layout.node(shown.from).centre, picture.layout.node(shown.to).centre);
    if (mark.lost) {
      draw_cross(canvas(), mark.at, std::max(app.px(3.5F), mark.size * 0.8F), colour, app.px(2));
    } else {
      if (shown.kind == MessageKind::kElection && !shown.pre)
        canvas().AddLine(mark.tail, mark.at, faded(colour, 0.55F), app.px(2.2F));
      draw_sign(app, shown, mark.at, mark.size, towards, mark.strength);
    }
    if (is_message(app.selection, mark) || is_message(picture.hovered, mark))
      canvas().AddCircle(mark.at, mark.size + app.px(4), app.theme.selection, 0, app.px(1.5F));
    if (!mark.label.empty())
      text_centred(app.fonts.small, colour, mark.label_area.centre(), mark.label);
  }
}

void draw_captions(const AppState& app, const StagePicture& picture) {
  std::vector<Area> taken;
  for (const Group& group : picture.groups) {
    // A node alone has it in its label.
    if (group.nodes.size() == 1 && picture.layout.detail >= LabelDetail::kLines) continue;
    const std::string count =
        std::to_string(group.nodes.size()) + " of " + std::to_string(picture.nodes.size());
    const Caption caption = group.majority
                                ? Caption{count + ", a majority", app.theme.good}
                                : Caption{count + ", can't reach the others", app.theme.bad};
    draw_caption(app, picture, caption, outline_of(picture.layout, group.nodes, app.px(5)), true,
                 taken);
  }
  for (const Zone& zone : picture.zones) {
    draw_caption(app, picture, {zone.name, app.theme.text_dim},
                 outline_of(picture.layout, zone.nodes, app.px(5)), false, taken);
  }
}

}  // namespace kv::viz
