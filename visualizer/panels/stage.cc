#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "model/causes.h"
#include "model/headline.h"
#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/fault_menu.h"
#include "panels/log_troubles.h"
#include "panels/panels.h"
#include "panels/stage_drawing.h"

namespace kv::viz {
namespace {

/// How long a campaign that was won is told of, at normal speed and slower.
constexpr double kLingerSeconds = 1;
constexpr float kShortestLine = 30;  ///< of a partition: less was a click

LabelSizes sizes_of(const AppState& app, const ClusterInfo& cluster) {
  const Fonts& fonts = app.fonts;
  LabelSizes sizes;
  sizes.scale = app.scale;
  sizes.name_width = app.px(30);
  for (const std::string& name : cluster.nodes)
    sizes.name_width = std::max(sizes.name_width, width_of(fonts.strong, name));
  sizes.name_width = std::min(sizes.name_width + app.px(2), app.px(110));
  sizes.width = std::max({width_of(fonts.small, "secondary · term 88"), sizes.name_width,
                          width_of(fonts.mono, "88888 / 88888") + app.px(26)});
  sizes.name = fonts.strong->FontSize + app.px(3);
  sizes.line = fonts.small->FontSize + app.px(3);
  sizes.bars = fonts.mono->FontSize;
  sizes.headline = fonts.title->FontSize + app.px(4);
  return sizes;
}

StagePicture picture_of(const AppState& app, const Area& area) {
  const History& history = *app.history();
  const Moment& moment = app.moment;
  const double speed = app.playback.speed_now(history);
  const Duration linger{static_cast<std::int64_t>(kLingerSeconds * 1e9 * std::max(1.0, speed))};
  StagePicture picture;
  picture.layout = lay_out_stage(area, moment.size(), sizes_of(app, history.cluster()));
  picture.nodes = node_shapes(moment);
  picture.links = link_shapes(moment, picture.layout);
  picture.groups = groups_of(moment);
  picture.zones = zones_of(history.cluster());
  picture.campaigns = campaigns_of(moment, linger);
  picture.votes = vote_lines(moment, picture.campaigns, linger);
  if (app.show_messages) {
    const float grown = std::clamp(picture.layout.radius / app.px(30), 0.7F, 1.3F);
    const MarkStyle style{app.scale * grown, width_of(app.fonts.small, "n"),
                          app.fonts.small->FontSize};
    picture.marks = marks_of(history, moment, app.playback, picture.layout, style);
  }
  return picture;
}

// --- headline ---

/// The next blank at which a line may end: not between a number and its unit.
std::size_t next_break(std::string_view words, std::size_t from) {
  for (std::size_t at = words.find(' ', from); at < words.size(); at = words.find(' ', at + 1)) {
    const std::size_t end = std::min(words.find_first_of(" ,;", at + 1), words.size());
    const bool unit = at > 0 && words[at - 1] >= '0' && words[at - 1] <= '9' && end - at <= 3;
    if (!unit) return at;
  }
  return words.size();
}

/// Broken at blanks, into as many lines as there may be; the last one is cut.
std::vector<std::string> lines_of(const ImFont* font, std::string_view words, float width,
                                  std::size_t most) {
  std::vector<std::string> lines;
  while (!words.empty() && lines.size() + 1 < most) {
    std::size_t end = next_break(words, 0);
    while (end < words.size()) {
      const std::size_t next = next_break(words, end + 1);
      if (width_of(font, words.substr(0, next)) > width) break;
      end = next;
    }
    lines.push_back(fitted(font, words.substr(0, end), width));
    words.remove_prefix(std::min(words.size(), end + 1));
  }
  if (!words.empty()) lines.push_back(fitted(font, words, width));
  return lines;
}

void draw_headline(AppState& app, const Area& area) {
  const Headline told = headline(*app.history(), app.moment);
  ImVec2 at = area.from;
  const bool fits = width_of(app.fonts.title, told.text) <= area.width();
  ImFont* font = fits ? app.fonts.title : app.fonts.strong;
  text(font, colour_of(app.theme, told.tone), at, fitted(font, told.text, area.width()));
  at.y += app.fonts.title->FontSize + app.px(4);
  const float line = app.fonts.small->FontSize + app.px(3);
  const auto room = static_cast<std::size_t>(std::max(0.0F, (area.to.y - at.y) / line + 0.1F));
  if (room > 0) {
    for (const std::string& words : lines_of(app.fonts.small, told.why, area.width(), room)) {
      text(app.fonts.small, app.theme.text_dim, at, words);
      at.y += line;
    }
  }
  place(app, "headline", area);
}

// --- what is under the mouse ---

Selection node_at(NodeId id) {
  Selection found;
  found.kind = Selection::Kind::kNode;
  found.node = id;
  return found;
}

Selection link_at(const LinkShape& link) {
  Selection found;
  found.kind = Selection::Kind::kLink;
  found.node = link.a;
  found.to = link.b;
  return found;
}

Selection link_under(const AppState& app, const StagePicture& picture, ImVec2 mouse) {
  Selection found;
  float nearest = app.px(7);
  for (const LinkShape& link : picture.links) {
    const float away = distance_to_line(mouse, link.from, link.to);
    if (away >= nearest) continue;
    nearest = away;
    found = link_at(link);
  }
  return found;
}

/// A message or a link; nodes have areas of their own.
Selection under(const AppState& app, const StagePicture& picture, ImVec2 mouse) {
  Selection found;
  float nearest = app.px(4);
  for (const Mark& mark : picture.marks) {
    const float away = distance(mouse, mark.at) - mark.size;
    if (away >= nearest) continue;
    nearest = away;
    found.kind = Selection::Kind::kMessage;
    found.message = mark.flight->message;
  }
  return found.kind == Selection::Kind::kMessage ? found : link_under(app, picture, mouse);
}

std::string node_tip(const AppState& app, NodeId id) {
  const ClusterInfo& cluster = app.history()->cluster();
  const NodeMoment& node = app.moment.node(id);
  std::string tip = cluster.name(id) + ": " + std::string(to_string(node.standing())) + ", term " +
                    std::to_string(node.term);
  if (node.running() && node.role == Role::kFollower) {
    tip += node.leader == kNoNode ? "\nfollows nobody" : "\nfollows " + cluster.name(node.leader);
    if (node.timer_set && node.timer_due > app.moment.at)
      tip += "\nasks for votes in " + sim::span_text(node.timer_due - app.moment.at) +
             " unless it hears of a primary";
  }
  tip += "\nlog: " + sim::counted(kept_last(node), "entry", "entries") + ", on disk " +
         sim::grouped(std::min(node.log.persisted, kept_last(node))) + ", committed " +
         sim::grouped(node.log.commit) + ", applied " + sim::grouped(node.log.applied);
  return tip + "\nclick: select   right click: break it";
}

/// What bars and figures of a label mean.
std::string label_tip(const AppState& app, const NodeShape& shape) {
  const std::string name = app.history()->cluster().name(shape.node);
  if (shape.standing == Standing::kUnknown) return name + " was not seen yet";
  return name + " applied " + sim::grouped(shape.applied) + " of " +
         sim::counted(shape.last, "entry", "entries") + "; committed " +
         sim::grouped(shape.committed_through) +
         "\nupper bar: its log, green as far as it is committed; the tick: what is on its disk"
         "\nlower bar: what is applied";
}

std::string link_tip(const AppState& app, const Selection& link) {
  const ClusterInfo& cluster = app.history()->cluster();
  const std::string a = cluster.name(link.node);
  const std::string b = cluster.name(link.to);
  const bool forth = !app.moment.cut(link.node, link.to);
  const bool back = !app.moment.cut(link.to, link.node);
  std::string tip = a + " – " + b + ": ";
  if (forth && back) {
    tip += "messages pass both ways";
  } else if (!forth && !back) {
    tip += "cut both ways";
  } else {
    tip += "cut from " + (forth ? b + " to " + a : a + " to " + b);
  }
  return tip + "\nclick: select   right click: break it";
}

std::string message_tip(const AppState& app, std::uint64_t message) {
  const History& history = *app.history();
  const Flight* flight = history.chronicle().flight(message);
  if (flight == nullptr) return {};
  std::string tip =
      sentence(history, flight->sent_position) + "\nsent at " + sim::time_text(flight->sent);
  if (flight->fate == Flight::Fate::kDelivered)
    tip += ", really under way for " + sim::span_text(flight->ended - flight->sent);
  if (flight->fate == Flight::Fate::kLost)
    tip += ", lost: " + std::string(to_string(flight->lost_by));
  return tip;
}

void show_tip(const AppState& app, const StagePicture& picture) {
  const Selection& hovered = picture.hovered;
  std::string tip;
  if (picture.label != kNoNode) tip = label_tip(app, picture.nodes[picture.label - 1]);
  if (hovered.kind == Selection::Kind::kNode) tip = node_tip(app, hovered.node);
  if (hovered.kind == Selection::Kind::kLink) tip = link_tip(app, hovered);
  if (hovered.kind == Selection::Kind::kMessage) tip = message_tip(app, hovered.message);
  if (tip.empty()) return;
  ImGui::BeginTooltip();
  ImGui::PushFont(app.fonts.small);
  ImGui::TextUnformatted(tip.c_str());
  ImGui::PopFont();
  ImGui::EndTooltip();
}

bool breakable(const Selection& selection) {
  return selection.kind == Selection::Kind::kNode || selection.kind == Selection::Kind::kLink;
}

/// A click selects; on what is selected already it opens the menu.
void click(AppState& app, const Selection& on) {
  if (on == app.selection && breakable(on)) {
    open_fault_menu(app, on, ImGui::GetMousePos());
  } else {
    app.selection = on;
  }
}

void take_nodes(AppState& app, StagePicture& picture) {
  const ClusterInfo& cluster = app.history()->cluster();
  for (NodeId id = 1; id <= picture.layout.nodes.size(); ++id) {
    const ImVec2 centre = picture.layout.node(id).centre;
    const float half = picture.layout.radius + app.px(3);
    const bool clicked = hot_area(app, "node:" + cluster.name(id), around(centre, half, half));
    if (ImGui::IsItemHovered()) picture.hovered = node_at(id);
    if (clicked) click(app, node_at(id));
    if (ImGui::IsItemClicked(ImGuiMouseButton_Right))
      open_fault_menu(app, node_at(id), ImGui::GetMousePos());
  }
}

// --- the line that parts the network ---

std::string names_of(const ClusterInfo& cluster, const std::vector<NodeId>& nodes) {
  std::string names;
  for (const NodeId id : nodes) names += (names.empty() ? "" : ", ") + cluster.name(id);
  return names;
}

void draw_line(const AppState& app, const StagePicture& picture, ImVec2 from, ImVec2 to) {
  if (distance(from, to) < app.px(kShortestLine)) return;
  ImDrawList& canvas = *ImGui::GetWindowDrawList();
  const Theme& theme = app.theme;
  const Sides sides = sides_of(picture.layout, from, to);
  const bool parts = !sides.left.empty() && !sides.right.empty();
  const ImU32 colour = parts ? theme.bad : theme.text_faint;
  const float length = std::max(1.0F, distance(from, to));
  const ImVec2 far{(to.x - from.x) / length * app.px(3000),
                   (to.y - from.y) / length * app.px(3000)};
  canvas.AddLine({from.x - far.x, from.y - far.y}, {from.x + far.x, from.y + far.y},
                 faded(colour, 0.3F), app.px(1.5F));
  canvas.AddLine(from, to, colour, app.px(3));
  if (!parts) return;
  const ClusterInfo& cluster = app.history()->cluster();
  const std::string words =
      names_of(cluster, sides.left) + "  |  " + names_of(cluster, sides.right);
  const float width = width_of(app.fonts.small, words) / 2 + app.px(10);
  const Area& all = picture.layout.area;
  const ImVec2 at{
      std::clamp(to.x, all.from.x + width, std::max(all.from.x + width, all.to.x - width)),
      std::max(all.from.y + app.px(14), to.y - app.px(22))};
  const Area box = around(at, width, app.fonts.small->FontSize / 2 + app.px(5));
  canvas.AddRectFilled(box.from, box.to, theme.panel, app.px(6));
  canvas.AddRect(box.from, box.to, colour, app.px(6));
  text_centred(app.fonts.small, theme.text, at, words);
}

void end_line(AppState& app, const StagePicture& picture, ImVec2 from, ImVec2 to) {
  if (distance(from, to) < app.px(kShortestLine)) return;
  Sides sides = sides_of(picture.layout, from, to);
  if (sides.left.empty() || sides.right.empty()) {
    say(app, Tone::kQuiet, "A line parts the network if there are nodes on both of its sides.");
  } else {
    inflict(app, partition_into(std::move(sides.left), std::move(sides.right)));
  }
}

bool over(const AppState& app, std::string_view control, ImVec2 mouse) {
  const auto found = app.controls.find(control);
  return found != app.controls.end() && found->second.contains(mouse);
}

NodeId label_under(const StagePicture& picture, ImVec2 mouse) {
  const std::vector<NodePlace>& nodes = picture.layout.nodes;
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodePlace& node) {
    return node.label.contains(mouse);
  });
  return found == nodes.end() ? kNoNode : static_cast<NodeId>(found - nodes.begin() + 1);
}

/// Where nothing lies under the mouse one can draw a line.
void take_ground(AppState& app, StagePicture& picture) {
  const bool clicked = hot_area(app, "stage", picture.layout.area);
  const ImVec2 mouse = ImGui::GetMousePos();
  // What was there before the ground lies over it.
  const bool node = picture.hovered.kind == Selection::Kind::kNode;
  const bool hovered = ImGui::IsItemHovered() && !node && !over(app, "heal all", mouse);
  if (hovered && !app.partition_from) picture.hovered = under(app, picture, mouse);
  const bool nothing = picture.hovered.kind == Selection::Kind::kNothing;
  if (hovered && nothing) picture.label = label_under(picture, mouse);
  if (ImGui::IsItemActivated() && nothing && app.moment.size() > 1) app.partition_from = mouse;
  if (hovered && ImGui::IsMouseClicked(ImGuiMouseButton_Right))
    open_fault_menu(app, link_under(app, picture, mouse), mouse);
  const bool drawn =
      app.partition_from && distance(*app.partition_from, mouse) >= app.px(kShortestLine);
  if (clicked && !drawn) click(app, picture.hovered);
  if (!app.partition_from) return;
  if (ImGui::IsItemActive()) return;
  end_line(app, picture, *std::exchange(app.partition_from, std::nullopt), mouse);
}

void place_links(AppState& app, const StagePicture& picture) {
  const ClusterInfo& cluster = app.history()->cluster();
  for (const LinkShape& link : picture.links) {
    // Off the middle, where other links of an even ring cross.
    const ImVec2 at{link.from.x + (link.to.x - link.from.x) * 0.4F,
                    link.from.y + (link.to.y - link.from.y) * 0.4F};
    place(app, "link:" + cluster.name(link.a) + ":" + cluster.name(link.b),
          around(at, app.px(3), app.px(3)));
  }
}

/// F asks for the menu of what is selected.
void take_key(AppState& app, const StagePicture& picture) {
  if (!std::exchange(app.faults_shown, false)) return;
  Selection target = app.selection;
  ImVec2 at = picture.layout.middle;
  if (target.kind == Selection::Kind::kNode && target.node <= picture.layout.nodes.size()) {
    at = picture.layout.node(target.node).centre;
    at.x += picture.layout.rim;
  } else if (!breakable(target)) {
    target = {};
  }
  open_fault_menu(app, target, at);
}

void draw_cluster(AppState& app, const Area& area) {
  StagePicture picture = picture_of(app, area);
  take_nodes(app, picture);
  draw_areas(app, picture);
  draw_foot(app, picture);
  take_ground(app, picture);
  place_links(app, picture);
  take_key(app, picture);
  draw_links(app, picture);
  draw_votes(app, picture);
  draw_marks(app, picture);
  draw_captions(app, picture);
  draw_nodes(app, picture);
  draw_headline(app, picture.layout.headline);
  if (app.partition_from) {
    draw_line(app, picture, *app.partition_from, ImGui::GetMousePos());
  } else {
    show_tip(app, picture);
  }
}

}  // namespace

void draw_stage(AppState& app, const Area& area) {
  const History* history = app.history();
  const bool shown = history != nullptr && app.moment_of == history && app.moment.size() > 0;
  const Area inside = begin_panel(app, "STAGE", area,
                                  shown && app.source->kind() != Source::Kind::kTrace
                                      ? "click a node or link to break it"
                                      : "");
  if (!shown || history->recording().empty()) {
    empty_state(app, inside, "The cluster, as it lives",
                history == nullptr ? "Open a scenario or a trace in the panel at the right."
                                   : "Nothing was recorded yet.");
  } else {
    draw_cluster(app, inside);
  }
  end_panel();
  draw_fault_menu(app);
}

}  // namespace kv::viz
