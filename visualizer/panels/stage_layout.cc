#include "panels/stage_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/check.h"

namespace kv::viz {
namespace {

constexpr float kPi = 3.14159265F;

ImVec2 unit(ImVec2 v) {
  const float length = std::sqrt(v.x * v.x + v.y * v.y);
  return length == 0 ? ImVec2{1, 0} : ImVec2{v.x / length, v.y / length};
}

float cross(ImVec2 origin, ImVec2 a, ImVec2 b) {
  return (a.x - origin.x) * (b.y - origin.y) - (a.y - origin.y) * (b.x - origin.x);
}

/// On a circle of radius 1 around the origin, from the top on clockwise. Two are side by side.
ImVec2 direction_of(std::size_t index, std::size_t count) {
  if (count == 1) return {0, 0};
  const float begin = count == 2 ? kPi : -kPi / 2;
  const float angle = begin + 2 * kPi * static_cast<float>(index) / static_cast<float>(count);
  return {std::cos(angle), std::sin(angle)};
}

/// A box of this size whose middle lies in the direction from the origin, as near as it can be
/// with `gap` between the origin and the box.
Area beside_origin(ImVec2 direction, ImVec2 size, float gap) {
  float near = 0;
  float far = gap + size.x + size.y;
  const auto box_at = [&](float along) {
    return around({direction.x * along, direction.y * along}, size.x / 2, size.y / 2);
  };
  for (int i = 0; i < 20; ++i) {
    const float along = (near + far) / 2;
    (distance({0, 0}, box_at(along)) < gap ? near : far) = along;
  }
  return box_at(far);
}

/// A node and its label along one axis, and between which bounds they have to stay.
struct Span {
  float at;      ///< on the ring of radius 1
  float before;  ///< how far it reaches to either side of the node's centre
  float after;
  float low;
  float high;
};
struct Fit {
  float half{0};    ///< half the ring's size
  float middle{0};  ///< where its middle is
};

/// The largest ring along this axis that keeps everything within its bounds, but not above `most`.
Fit fit(const std::vector<Span>& spans, float most) {
  Fit result{most, 0};
  for (const Span& a : spans) {
    for (const Span& b : spans) {
      if (a.at - b.at < 1e-3F) continue;
      const float room = a.high - a.after - b.low - b.before;
      result.half = std::min(result.half, std::max(0.0F, room / (a.at - b.at)));
    }
  }
  float low = -std::numeric_limits<float>::max();
  float high = std::numeric_limits<float>::max();
  for (const Span& span : spans) {
    low = std::max(low, span.low + span.before - result.half * span.at);
    high = std::min(high, span.high - span.after - result.half * span.at);
  }
  result.middle = (low + high) / 2;
  return result;
}

/// One way to do it.
struct Attempt {
  LabelDetail detail{};
  float radius{0};
  float lift{0};  ///< 1: labels lie away from the ring's middle; 0: all beside their nodes
};

ImVec2 label_size(const LabelSizes& sizes, LabelDetail detail) {
  switch (detail) {
    case LabelDetail::kNothing:
      return {0, 0};
    case LabelDetail::kName:
      return {sizes.name_width, sizes.name};
    case LabelDetail::kLines:
      return {sizes.width, sizes.name + sizes.line};
    case LabelDetail::kFull:
      return {sizes.width, sizes.name + sizes.line + sizes.bars};
  }
  CHECK(false);
}

class Ring {
 public:
  Ring(const StageLayout& frame, const LabelSizes& sizes, std::size_t count, const Attempt& attempt)
      : layout_(frame), count_(count) {
    layout_.detail = attempt.detail;
    layout_.radius = attempt.radius;
    layout_.rim =
        attempt.radius + std::clamp(attempt.radius * 0.3F, 4 * sizes.scale, 9 * sizes.scale);
    const ImVec2 label = label_size(sizes, attempt.detail);
    for (std::size_t i = 0; i < count; ++i) {
      const ImVec2 at = direction_of(i, count);
      ImVec2 towards = count == 1 ? ImVec2{0, 1} : unit({at.x, at.y * attempt.lift});
      if (attempt.lift < 1 && std::abs(at.x) < 1e-3F) towards = unit({1, at.y * 0.2F});
      directions_.push_back(at);
      const float gap =
          attempt.detail == LabelDetail::kNothing ? 0 : layout_.rim + 10 * sizes.scale;
      labels_.push_back(beside_origin(towards, label, gap));
      sides_.push_back(towards.x > 0.3F    ? Side::kRight
                       : towards.x < -0.3F ? Side::kLeft
                                           : Side::kMiddle);
    }
    place(sizes);
  }

  const StageLayout& layout() const { return layout_; }

  /// The room between the nearest two nodes.
  float room() const {
    float least = std::numeric_limits<float>::max();
    for (std::size_t i = 0; i < count_; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const float gap = distance(layout_.nodes[i].centre, layout_.nodes[j].centre);
        least = std::min(least, gap - 2 * layout_.rim);
      }
    }
    return least;
  }

  /// Nothing lies on anything else.
  bool clear() const {
    for (std::size_t i = 0; i < count_; ++i) {
      const Area label = layout_.nodes[i].label.inset(-2);
      if (layout_.detail == LabelDetail::kNothing) continue;
      if (overlap(label, layout_.headline) || !within(label)) return false;
      for (std::size_t j = 0; j < count_; ++j) {
        const NodePlace& other = layout_.nodes[j];
        if (distance(other.centre, label) < layout_.rim) return false;
        if (j != i && overlap(label, other.label)) return false;
        const ImVec2 next = layout_.nodes[(j + 1) % count_].centre;
        if (count_ > 1 && crosses(label, other.centre, next)) return false;
      }
    }
    return true;
  }

 private:
  bool within(const Area& box) const {
    return box.from.x >= layout_.area.from.x - 4 && box.to.x <= layout_.area.to.x + 4 &&
           box.from.y >= layout_.area.from.y - 4 && box.to.y <= layout_.area.to.y + 4;
  }

  void place(const LabelSizes& sizes) {
    const float bottom =
        layout_.foot.height() > 0 ? layout_.foot.from.y - 6 * sizes.scale : layout_.area.to.y;
    float widest = 620 * sizes.scale;
    for (int round = 0; round < 4; ++round) {
      const Fit across = fit_across(widest);
      const Fit down = fit_down(across, bottom, std::min(540 * sizes.scale, across.half * 1.3F));
      set(across, down);
      const float allowed = std::max(down.half * 1.75F, 10.0F);
      if (count_ <= 2 || across.half <= allowed * 1.01F) break;
      widest = allowed;
    }
  }

  Fit fit_across(float most) const {
    std::vector<Span> spans;
    for (std::size_t i = 0; i < count_; ++i) {
      spans.push_back({directions_[i].x, std::max(layout_.rim, -labels_[i].from.x),
                       std::max(layout_.rim, labels_[i].to.x), layout_.area.from.x,
                       layout_.area.to.x});
    }
    return fit(spans, most);
  }

  Fit fit_down(const Fit& across, float bottom, float most) const {
    std::vector<Span> spans;
    for (std::size_t i = 0; i < count_; ++i) {
      const float x = across.middle + across.half * directions_[i].x;
      const float left = x + std::min(-layout_.rim, labels_[i].from.x);
      const float right = x + std::max(layout_.rim, labels_[i].to.x);
      const bool under = left < layout_.headline.to.x + 4 && right > layout_.headline.from.x;
      spans.push_back({directions_[i].y, std::max(layout_.rim, -labels_[i].from.y),
                       std::max(layout_.rim, labels_[i].to.y),
                       under ? layout_.headline.to.y + 4 : layout_.area.from.y, bottom});
    }
    return fit(spans, most);
  }

  void set(const Fit& across, const Fit& down) {
    layout_.middle = {across.middle, down.middle};
    layout_.nodes.clear();
    for (std::size_t i = 0; i < count_; ++i) {
      NodePlace node;
      node.centre = {across.middle + across.half * directions_[i].x,
                     down.middle + down.half * directions_[i].y};
      node.outward = count_ == 1
                         ? ImVec2{0, 1}
                         : unit({node.centre.x - across.middle, (node.centre.y - down.middle)});
      node.label = {{node.centre.x + labels_[i].from.x, node.centre.y + labels_[i].from.y},
                    {node.centre.x + labels_[i].to.x, node.centre.y + labels_[i].to.y}};
      node.label_side = sides_[i];
      layout_.nodes.push_back(node);
    }
  }

  StageLayout layout_;
  std::size_t count_;
  std::vector<ImVec2> directions_{};
  std::vector<Area> labels_{};  ///< around a node at the origin
  std::vector<Side> sides_{};
};

float largest_radius(const Area& area, const LabelSizes& sizes) {
  return std::clamp(std::min(area.width() * 0.07F, area.height() * 0.088F), 15 * sizes.scale,
                    52 * sizes.scale);
}

/// The headline at the top left, the foot at the bottom.
StageLayout frame_of(const Area& area, const LabelSizes& sizes) {
  StageLayout frame;
  frame.area = area;
  const float height = area.height();
  const bool beside = area.width() >= 500 * sizes.scale && height >= 280 * sizes.scale;
  float lines = sizes.headline;
  if (beside) {
    lines += 3 * sizes.line;
  } else if (height >= 250 * sizes.scale) {
    lines += sizes.line;
  }
  // The topmost node is in the middle, beside it; its label over it or at its right.
  const float node =
      std::max(largest_radius(area, sizes) + 22 * sizes.scale, sizes.width / 2 + 10 * sizes.scale);
  const float half = area.width() / 2 - node;
  const float width = beside ? std::min(half, 400 * sizes.scale) : area.width();
  frame.headline = {area.from, {area.from.x + width, area.from.y + lines}};
  const float foot = height >= 230 * sizes.scale ? 28 * sizes.scale : 0;
  frame.foot = {{area.from.x, area.to.y - foot}, area.to};
  return frame;
}

std::vector<ImVec2> convex_hull(std::vector<ImVec2> points) {
  const auto before = [](ImVec2 a, ImVec2 b) { return a.x != b.x ? a.x < b.x : a.y < b.y; };
  std::sort(points.begin(), points.end(), before);
  std::vector<ImVec2> hull;
  for (int half = 0; half < 2; ++half) {
    const std::size_t begin = hull.size();
    for (const ImVec2 point : points) {
      while (hull.size() >= begin + 2 && cross(hull[hull.size() - 2], hull.back(), point) <= 0) {
        hull.pop_back();
      }
      hull.push_back(point);
    }
    hull.pop_back();
    std::reverse(points.begin(), points.end());
  }
  return hull;
}

/// `hull` grown by `pad`, with round corners.
std::vector<ImVec2> rounded(const std::vector<ImVec2>& hull, float pad) {
  std::vector<ImVec2> outline;
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const ImVec2 at = hull[i];
    const ImVec2 before = hull[(i + hull.size() - 1) % hull.size()];
    const ImVec2 after = hull[(i + 1) % hull.size()];
    const ImVec2 in = unit({at.x - before.x, at.y - before.y});
    const ImVec2 out = unit({after.x - at.x, after.y - at.y});
    const float from = std::atan2(-in.x, in.y);
    float to = std::atan2(-out.x, out.y);
    while (to < from) to += 2 * kPi;
    const int steps = std::max(1, static_cast<int>((to - from) / 0.25F));
    for (int step = 0; step <= steps; ++step) {
      const float angle = from + (to - from) * static_cast<float>(step) / static_cast<float>(steps);
      outline.push_back({at.x + pad * std::cos(angle), at.y + pad * std::sin(angle)});
    }
  }
  return outline;
}

}  // namespace

StageLayout lay_out_stage(const Area& area, std::size_t nodes, const LabelSizes& sizes) {
  const StageLayout frame = frame_of(area, sizes);
  const float crowded = nodes > 7 ? 0.78F : nodes > 5 ? 0.88F : 1;
  const float largest = largest_radius(area, sizes) * crowded;
  StageLayout best = frame;
  float best_room = -std::numeric_limits<float>::max();
  for (const LabelDetail detail :
       {LabelDetail::kFull, LabelDetail::kLines, LabelDetail::kName, LabelDetail::kNothing}) {
    for (const float share : {1.0F, 0.9F, 0.8F, 0.65F}) {
      float found = 0;
      for (const float lift : {1.0F, 0.6F, 0.3F}) {
        const float radius = std::max(largest * share, 10 * sizes.scale);
        const Ring ring(frame, sizes, nodes, {detail, radius, lift});
        const float needed =
            detail == LabelDetail::kNothing ? 0 : std::max(28 * sizes.scale, 1.3F * radius);
        const bool fine = ring.clear() && ring.room() >= needed;
        if (found > 0 ? !fine || ring.room() <= found : !fine && ring.room() <= best_room) continue;
        best = ring.layout();
        best_room = ring.room();
        if (fine) found = ring.room();
      }
      if (found > 0) return best;
    }
  }
  return best;
}

float distance(ImVec2 a, ImVec2 b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

float distance(ImVec2 point, const Area& box) {
  const float x = std::max({box.from.x - point.x, point.x - box.to.x, 0.0F});
  const float y = std::max({box.from.y - point.y, point.y - box.to.y, 0.0F});
  return std::sqrt(x * x + y * y);
}

ImVec2 direction(ImVec2 from, ImVec2 to) {
  return unit({to.x - from.x, to.y - from.y});
}

ImVec2 moved(ImVec2 at, ImVec2 along, float by) {
  return {at.x + along.x * by, at.y + along.y * by};
}

float distance_to_line(ImVec2 point, ImVec2 from, ImVec2 to) {
  const float length = distance(from, to);
  if (length == 0) return distance(point, from);
  const float along =
      ((point.x - from.x) * (to.x - from.x) + (point.y - from.y) * (to.y - from.y)) / length;
  const float share = std::clamp(along / length, 0.0F, 1.0F);
  return distance(point, {from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share});
}

bool overlap(const Area& a, const Area& b) {
  return a.from.x < b.to.x && b.from.x < a.to.x && a.from.y < b.to.y && b.from.y < a.to.y;
}

bool crosses(const Area& area, ImVec2 from, ImVec2 to) {
  float enters = 0;
  float leaves = 1;
  const auto narrow = [&](float at, float step, float low, float high) {
    if (step == 0) return at >= low && at <= high;
    const float a = (low - at) / step;
    const float b = (high - at) / step;
    enters = std::max(enters, std::min(a, b));
    leaves = std::min(leaves, std::max(a, b));
    return enters <= leaves;
  };
  return narrow(from.x, to.x - from.x, area.from.x, area.to.x) &&
         narrow(from.y, to.y - from.y, area.from.y, area.to.y);
}

Area around(ImVec2 centre, float half_width, float half_height) {
  return {{centre.x - half_width, centre.y - half_height},
          {centre.x + half_width, centre.y + half_height}};
}

std::vector<ImVec2> outline_of(const StageLayout& layout, const std::vector<NodeId>& nodes,
                               float pad) {
  CHECK(!nodes.empty());
  std::vector<ImVec2> points;
  for (const NodeId id : nodes) {
    const ImVec2 centre = layout.node(id).centre;
    constexpr int kCorners = 24;
    for (int i = 0; i < kCorners; ++i) {
      const float angle = 2 * kPi * static_cast<float>(i) / kCorners;
      points.push_back(
          {centre.x + layout.rim * std::cos(angle), centre.y + layout.rim * std::sin(angle)});
    }
  }
  return rounded(convex_hull(std::move(points)), pad);
}

Sides sides_of(const StageLayout& layout, ImVec2 from, ImVec2 to) {
  Sides sides;
  for (NodeId id = 1; id <= layout.nodes.size(); ++id) {
    const bool left = cross(from, to, layout.node(id).centre) < 0;
    (left ? sides.left : sides.right).push_back(id);
  }
  return sides;
}

}  // namespace kv::viz
