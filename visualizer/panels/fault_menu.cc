#include "panels/fault_menu.h"

#include <utility>

#include <imgui_stdlib.h>

#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/keys.h"

namespace kv::viz {
namespace {

using Kind = Fault::Kind;

constexpr const char* kPopup = "what can be done";
constexpr unsigned kLossPercent = 30;
constexpr Duration kDelayBy = milliseconds(100);
constexpr Duration kSlowSync = milliseconds(500);

/// Collects the items of one target.
class Items {
 public:
  Items(const Moment& moment, const ClusterInfo& cluster) : moment_(moment), cluster_(cluster) {}

  void group() { first_ = true; }
  void add(const char* name, std::string label, std::string what, Fault fault,
           std::string refusal = {}) {
    items_.push_back({name, std::move(label), std::move(what), std::move(fault), std::move(refusal),
                      std::exchange(first_, false)});
  }
  std::vector<FaultItem> take() { return std::move(items_); }

  void of_node(NodeId id);
  void of_link(NodeId a, NodeId b);
  void of_cluster();

 private:
  void process(NodeId id);
  void network(NodeId id);
  void disk(NodeId id);
  void leadership(NodeId id);

  Fault on(Kind kind, NodeId id) const {
    Fault fault;
    fault.kind = kind;
    fault.node = id;
    return fault;
  }
  Fault between(Kind kind, NodeId from, NodeId to, bool both) const {
    Fault fault = on(kind, from);
    fault.to = to;
    fault.both = both;
    return fault;
  }
  std::string unless(bool possible, std::string why) const {
    return possible ? std::string() : std::move(why);
  }
  bool cut_anywhere(NodeId id) const;
  bool reaches_somebody(NodeId id) const;

  const Moment& moment_;
  const ClusterInfo& cluster_;
  std::vector<FaultItem> items_{};
  bool first_{false};
};

bool Items::cut_anywhere(NodeId id) const {
  for (NodeId other = 0; other <= moment_.size(); ++other) {
    if (other != id && (moment_.cut(id, other) || moment_.cut(other, id))) return true;
  }
  return false;
}

bool Items::reaches_somebody(NodeId id) const {
  for (NodeId other = 1; other <= moment_.size(); ++other) {
    if (other != id && !(moment_.cut(id, other) && moment_.cut(other, id))) return true;
  }
  return false;
}

void Items::process(NodeId id) {
  const Standing standing = moment_.node(id).standing();
  const std::string name = cluster_.name(id);
  const bool up = standing != Standing::kDown;
  const bool paused = standing == Standing::kPaused;
  const std::string is_down = name + " is down already.";
  group();
  add("crash", "Crash", "The process dies. What it wrote to files stays.", on(Kind::kCrash, id),
      unless(up, is_down));
  add("power_cut", "Cut its power", "The machine dies. What was not synced to disk may be lost.",
      on(Kind::kPowerCut, id), unless(up, is_down));
  add("restart", "Start it again", "It comes back with what is on its disk.",
      on(Kind::kRestart, id), unless(!up, name + " runs. Crash it first."));
  add("pause", "Pause", "The process stands still, as under a debugger or in a long pause.",
      on(Kind::kPause, id), unless(up && !paused, up ? name + " is paused already." : is_down));
  add("resume", "Resume", "It goes on, and doesn't know that time has passed.",
      on(Kind::kResume, id), unless(paused, name + " isn't paused."));
}

void Items::network(NodeId id) {
  const std::string name = cluster_.name(id);
  group();
  add("isolate", "Cut off from all nodes", "It runs on, but no other node hears it.",
      on(Kind::kIsolate, id),
      unless(reaches_somebody(id), name + (moment_.size() == 1 ? " is alone." : " is cut off.")));
  add("reconnect", "Reconnect", "All its links work again.", on(Kind::kReconnect, id),
      unless(cut_anywhere(id), "None of its links is cut."));
}

void Items::disk(NodeId id) {
  group();
  Fault slow = on(Kind::kSlowDisk, id);
  slow.span = kSlowSync;
  add("slow_disk", "Slow disk: " + sim::span_text(kSlowSync), "Every sync takes so long.",
      std::move(slow));
  add("wipe", "Lose its disk", "All that it stored is gone. A running node dies first.",
      on(Kind::kWipe, id));
}

void Items::leadership(NodeId id) {
  const NodeId primary = moment_.primary();
  const std::string name = cluster_.name(id);
  std::string refusal;
  if (primary == kNoNode) {
    refusal = "There is no primary that could hand over.";
  } else if (primary == id) {
    refusal = name + " is the primary.";
  } else if (!moment_.connected(primary, id)) {
    refusal = "The primary can't reach " + name + ".";
  }
  group();
  add("transfer", "Hand over to it", "The primary waits until it has all, and lets it be elected.",
      on(Kind::kTransfer, id), std::move(refusal));
}

void Items::of_node(NodeId id) {
  process(id);
  network(id);
  disk(id);
  leadership(id);
}

void Items::of_link(NodeId a, NodeId b) {
  const std::string forth = cluster_.name(a) + " → " + cluster_.name(b);
  const std::string back = cluster_.name(b) + " → " + cluster_.name(a);
  const bool cut_forth = moment_.cut(a, b);
  const bool cut_back = moment_.cut(b, a);
  const std::string already = "It is cut already.";
  group();
  add("cut", "Cut both ways", "No message gets through.", between(Kind::kCut, a, b, true),
      unless(!cut_forth || !cut_back, already));
  add("cut_forth", "Cut " + forth, "Only this way; the other one stays open.",
      between(Kind::kCut, a, b, false), unless(!cut_forth, already));
  add("cut_back", "Cut " + back, "Only this way; the other one stays open.",
      between(Kind::kCut, b, a, false), unless(!cut_back, already));
  group();
  Fault delay = between(Kind::kDelay, a, b, true);
  delay.span = kDelayBy;
  add("delay", "Delay " + sim::span_text(kDelayBy), "Messages take so much longer, both ways.",
      std::move(delay));
  Fault loss = between(Kind::kLoss, a, b, true);
  loss.percent = kLossPercent;
  add("loss", "Lose " + std::to_string(kLossPercent) + " %", "Drawn by lot, both ways.",
      std::move(loss));
  group();
  add("mend", "Mend", "As the scenario has it: no cut, no delay, no loss of its own.",
      between(Kind::kMend, a, b, true));
}

void Items::of_cluster() {
  const NodeId primary = moment_.primary();
  const std::string none = "There is no primary now.";
  group();
  add("crash_primary", "Crash the primary", "The others notice, and elect another one.",
      on(Kind::kCrash, primary), unless(primary != kNoNode, none));
  add("isolate_primary", "Cut off the primary", "It runs on, but no other node hears it.",
      on(Kind::kIsolate, primary), unless(primary != kNoNode, none));
  Fault halves;
  halves.kind = Kind::kPartition;
  halves.groups.resize(2);
  for (NodeId id = 1; id <= moment_.size(); ++id)
    halves.groups[id <= (moment_.size() + 1) / 2 ? 0 : 1].push_back(id);
  add("halves", "Split into halves", "Only nodes on one side hear each other.", std::move(halves),
      unless(moment_.size() > 1, "There is only one node."));
  group();
  add("heal_all", "Heal all links", "No cut, no delay, no loss by hand any more.",
      on(Kind::kHealAll, kNoNode));
}

std::string title_of(const AppState& app, const Selection& target) {
  const ClusterInfo& cluster = app.source->history().cluster();
  if (target.kind == Selection::Kind::kNode) return cluster.name(target.node);
  if (target.kind == Selection::Kind::kLink)
    return cluster.name(target.node) + " – " + cluster.name(target.to);
  return "The cluster";
}

void draw_item(AppState& app, const FaultItem& item) {
  std::string refusal = item.refusal;
  if (refusal.empty()) refusal = app.source->refusal(item.fault).value_or("");
  if (item.first) ImGui::Separator();
  const bool chosen = ImGui::MenuItem(item.label.c_str(), nullptr, false, refusal.empty());
  const std::string name = "menu:" + item.name;
  place(app, name, {ImGui::GetItemRectMin(), ImGui::GetItemRectMax()});
  if (ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled))
    ImGui::SetTooltip("%s", refusal.empty() ? item.what.c_str() : refusal.c_str());
  if (chosen) inflict(app, item.fault);
}

/// A line for a key and its value.
void draw_set(AppState& app, NodeId node) {
  Fault fault;
  fault.kind = Kind::kSet;
  fault.node = node;
  if (app.source->refusal(fault)) return;
  ImGui::Separator();
  ImGui::SetNextItemWidth(app.px(190));
  const bool entered = ImGui::InputTextWithHint(
      "##set", "set a key:  user:1 = Bob", &app.text_field, ImGuiInputTextFlags_EnterReturnsTrue);
  place(app, "menu:set", {ImGui::GetItemRectMin(), ImGui::GetItemRectMax()});
  if (ImGui::IsItemHovered() && !ImGui::IsItemActive())
    ImGui::SetTooltip("A client sets the key: type it, and press Enter.");
  if (!entered) return;
  if (parse_set(app.text_field, fault)) {
    inflict(app, fault);
    app.text_field.clear();
    ImGui::CloseCurrentPopup();
  } else {
    say(app, Tone::kWarning, "Type a key and its value: user:1 = Bob");
  }
}

}  // namespace

std::vector<FaultItem> fault_items(const Moment& moment, const ClusterInfo& cluster,
                                   const Selection& target) {
  const auto known = [&](NodeId id) { return id != kNoNode && id <= moment.size(); };
  Items items(moment, cluster);
  if (target.kind == Selection::Kind::kNode && known(target.node)) {
    items.of_node(target.node);
  } else if (target.kind == Selection::Kind::kLink && known(target.node) && known(target.to)) {
    items.of_link(target.node, target.to);
  } else {
    items.of_cluster();
  }
  return items.take();
}

void inflict(AppState& app, const Fault& fault) {
  if (!app.source) return;
  const std::string words = describe(fault, app.source->history().cluster());
  const Instant at = app.playback.at();
  const Outcome outcome = app.source->inflict(at, fault);
  if (!outcome) {
    say(app, Tone::kBad, outcome.error().message);
  } else if (app.source->live() != nullptr) {
    say(app, Tone::kQuiet, "Done: " + words);
  } else {
    say(app, Tone::kQuiet, "At " + sim::time_text(at) + ": " + words + "  ·  Z takes it back");
  }
}

void open_fault_menu(AppState& app, const Selection& target, ImVec2 at) {
  app.menu.wanted = true;
  app.menu.target = target;
  app.menu.at = at;
}

void draw_fault_menu(AppState& app) {
  if (!app.source) return;
  if (std::exchange(app.menu.wanted, false)) {
    ImGui::SetNextWindowPos(app.menu.at);
    ImGui::OpenPopup(kPopup);
  }
  ImGui::PushFont(app.fonts.text);
  app.menu.open = ImGui::BeginPopup(kPopup);
  if (app.menu.open) {
    if (ImGui::IsKeyPressed(kKeyEscape)) ImGui::CloseCurrentPopup();
    const Selection target = app.menu.target;
    place(app, "menu",
          {ImGui::GetWindowPos(),
           {ImGui::GetWindowPos().x + ImGui::GetWindowWidth(),
            ImGui::GetWindowPos().y + ImGui::GetWindowHeight()}});
    ImGui::PushFont(app.fonts.strong);
    ImGui::TextUnformatted(title_of(app, target).c_str());
    ImGui::PopFont();
    const ClusterInfo& cluster = app.source->history().cluster();
    for (const FaultItem& item : fault_items(app.moment, cluster, target)) draw_item(app, item);
    if (target.kind != Selection::Kind::kLink)
      draw_set(app, target.kind == Selection::Kind::kNode ? target.node : kNoNode);
    ImGui::EndPopup();
  }
  ImGui::PopFont();
}

bool parse_set(std::string_view words, Fault& fault) {
  const auto trimmed = [](std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return std::string_view();
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
  };
  words = trimmed(words);
  const std::size_t equals = words.find('=');
  const std::size_t split = equals != std::string_view::npos ? equals : words.find(' ');
  if (split == std::string_view::npos) return false;
  fault.kind = Kind::kSet;
  fault.key = trimmed(words.substr(0, split));
  fault.value = trimmed(words.substr(split + 1));
  return !fault.key.empty() && !fault.value.empty();
}

Fault partition_into(std::vector<NodeId> left, std::vector<NodeId> right) {
  Fault fault;
  fault.kind = Kind::kPartition;
  fault.groups = {std::move(left), std::move(right)};
  return fault;
}

}  // namespace kv::viz
