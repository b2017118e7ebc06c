#include "hosts/headless.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <stb_image.h>
#include <stb_image_write.h>

namespace kv::viz {
namespace {

// Positions are whole numbers of 1/256 pixel, so that two triangles that share an edge agree about
// it to the last bit: each pixel belongs to one of them (top-left rule, as on graphics cards).
constexpr int kOnePixel = 256;
constexpr float kFarthest = 1 << 20;  // pixels: far outside of any picture, and no overflow

using Pixel = std::uint32_t;  // as IM_COL32: red in the lowest byte
constexpr Pixel kEvenBytes = 0x00ff00ff;

constexpr unsigned alpha_of(Pixel colour) {
  return colour >> 24;
}
constexpr Pixel with_alpha(Pixel colour, unsigned alpha) {
  return (colour & 0x00ffffff) | (alpha << 24);
}
/// Exactly x / 255, to the nearest, for x <= 255 * 255; of two numbers side by side.
constexpr Pixel over_255(Pixel x) {
  x += 0x00800080;
  return ((x + ((x >> 8) & kEvenBytes)) >> 8) & kEvenBytes;
}
/// What glBlendFuncSeparate makes of it in Dear ImGui's OpenGL backend.
constexpr Pixel blended(Pixel under, Pixel colour, unsigned alpha) {
  const Pixel over = with_alpha(colour, 255);
  const Pixel even = (over & kEvenBytes) * alpha + (under & kEvenBytes) * (255 - alpha);
  const Pixel odd =
      ((over >> 8) & kEvenBytes) * alpha + ((under >> 8) & kEvenBytes) * (255 - alpha);
  return over_255(even) | (over_255(odd) << 8);
}
/// The first pixel whose centre is not before `position`.
constexpr int first_pixel(int position) {
  return (position + kOnePixel / 2 - 1) >> 8;
}

/// As std::clamp(), and `high` for what is not a number.
constexpr float within(float value, float low, float high) {
  return std::max(low, std::min(high, value));
}

struct Corner {
  int x{0};
  int y{0};
  float u{0};
  float v{0};
  Pixel colour{0};
};

/// Whole pixels, half open.
struct Box {
  int left{0};
  int top{0};
  int right{0};
  int bottom{0};
};

/// The font atlas: it says how much of a colour there is, and nothing else.
struct Atlas {
  const std::uint8_t* alpha{nullptr};
  int width{0};
  int height{0};

  const std::uint8_t* row(int y) const {
    return alpha + std::ptrdiff_t{std::clamp(y, 0, height - 1)} * width;
  }
};

/// Where a texture coordinate lies between two texels, as GL_LINEAR has it.
struct Texel {
  int near{0};
  int far{0};
  int weight{0};  ///< of `far`, of 256

  static Texel at(float coordinate, int size) {
    const float position = within(coordinate, 0, 1) * static_cast<float>(size) - 0.5F;
    const int fixed = static_cast<int>(std::floor(position * 256.0F));
    const int texel = fixed >> 8;
    return {std::clamp(texel, 0, size - 1), std::clamp(texel + 1, 0, size - 1), fixed & 255};
  }
};

unsigned sample(const std::uint8_t* upper, const std::uint8_t* lower, const Texel& across,
                int down_weight) {
  const auto mix = [&](const std::uint8_t* row) {
    return row[across.near] * (256 - across.weight) + row[across.far] * across.weight;
  };
  const int sum = mix(upper) * (256 - down_weight) + mix(lower) * down_weight;
  return static_cast<unsigned>(sum + (1 << 15)) >> 16;
}
unsigned sample(const Atlas& atlas, float u, float v) {
  const Texel down = Texel::at(v, atlas.height);
  return sample(atlas.row(down.near), atlas.row(down.far), Texel::at(u, atlas.width), down.weight);
}
unsigned product(unsigned alpha, unsigned coverage) {
  return over_255(alpha * coverage);
}

/// A value that changes evenly over a triangle.
struct Gradient {
  double value{0};  ///< at the first corner
  double across{0};
  double down{0};

  double at(double x, double y) const { return value + across * x + down * y; }
};

/// A triangle whose corners run clockwise on the screen, y down.
class Triangle {
 public:
  Triangle(const Corner& a, const Corner& b, const Corner& c) : corners_{a, b, c} {
    area_ = cross(a, b, c);
    if (area_ < 0) {
      std::swap(corners_[1], corners_[2]);
      area_ = -area_;
    }
  }
  bool empty() const { return area_ == 0; }
  const Corner& corner(std::size_t i) const { return corners_[i]; }

  Box bounds(const Box& clip) const {
    const auto [left, right] = std::minmax({corners_[0].x, corners_[1].x, corners_[2].x});
    const auto [top, bottom] = std::minmax({corners_[0].y, corners_[1].y, corners_[2].y});
    return {std::max(first_pixel(left), clip.left), std::max(first_pixel(top), clip.top),
            std::min(first_pixel(right), clip.right), std::min(first_pixel(bottom), clip.bottom)};
  }

  /// Calls row(y, from, to) for the pixels of each row that belong to it.
  template <typename Row>
  void rows(const Box& clip, Row row) const {
    const Box box = bounds(clip);
    if (box.left >= box.right) return;
    const std::array<Edge, 3> edges{Edge(corners_[0], corners_[1]), Edge(corners_[1], corners_[2]),
                                    Edge(corners_[2], corners_[0])};
    for (int y = box.top; y < box.bottom; ++y) {
      int from = box.left;
      int to = box.right;
      for (const Edge& edge : edges) edge.narrow(y, from, to);
      if (from < to) row(y, from, to);
    }
  }

  /// Of a value at the corners, by the distance from the first corner's position in pixels.
  Gradient gradient(double a, double b, double c) const {
    const auto [first, second, third] = corners_;
    const double scale = kOnePixel / static_cast<double>(area_);
    return {a, ((b - a) * (third.y - first.y) - (c - a) * (second.y - first.y)) * scale,
            ((c - a) * (second.x - first.x) - (b - a) * (third.x - first.x)) * scale};
  }

 private:
  /// Where one is to the right of an edge or, if it is a top or left one, on it.
  class Edge {
   public:
    Edge(const Corner& from, const Corner& to)
        : step_x_(std::int64_t{from.y} - to.y), step_y_(std::int64_t{to.x} - from.x) {
      const bool top_left = step_x_ > 0 || (step_x_ == 0 && step_y_ > 0);
      start_ = step_x_ * (kOnePixel / 2 - std::int64_t{from.x}) +
               step_y_ * (kOnePixel / 2 - std::int64_t{from.y}) - (top_left ? 0 : 1);
      step_x_ *= kOnePixel;
      step_y_ *= kOnePixel;
      inverse_ = step_x_ == 0 ? 0 : 1 / static_cast<double>(step_x_);
    }
    /// Leaves those of the pixels [from, to) of a row that are inside.
    void narrow(int y, int& from, int& to) const {
      const std::int64_t base = start_ + step_y_ * y;
      if (step_x_ == 0) {
        if (base < 0) to = from;
        return;
      }
      const auto inside = [&](int x) { return base + step_x_ * x >= 0; };
      // The division is only near; the whole numbers decide.
      const double border = std::clamp(static_cast<double>(-base) * inverse_,
                                       static_cast<double>(from), static_cast<double>(to));
      int x = static_cast<int>(border);
      if (step_x_ > 0) {
        while (x > from && inside(x - 1)) --x;
        while (x < to && !inside(x)) ++x;
        from = x;
      } else {
        while (x < to && inside(x)) ++x;
        while (x > from && !inside(x - 1)) --x;
        to = x;
      }
    }

   private:
    std::int64_t step_x_;
    std::int64_t step_y_;
    std::int64_t start_{0};
    double inverse_{0};
  };

  static std::int64_t cross(const Corner& a, const Corner& b, const Corner& c) {
    return (std::int64_t{b.x} - a.x) * (std::int64_t{c.y} - a.y) -
           (std::int64_t{c.x} - a.x) * (std::int64_t{b.y} - a.y);
  }

  std::array<Corner, 3> corners_;
  std::int64_t area_{0};
};

/// Draws on pixels that begin with one colour.
class Canvas {
 public:
  Canvas(int width, int height, Pixel background, Atlas atlas)
      : width_(width), height_(height), atlas_(atlas) {
    pixels_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), background);
  }
  void draw(const ImDrawList& list, ImVec2 origin, ImVec2 scale);
  Picture picture() const;

 private:
  Corner corner(const ImDrawVert& vertex, ImVec2 origin, ImVec2 scale) const;
  Box clip_box(const ImVec4& clip, ImVec2 origin, ImVec2 scale) const;
  void draw_triangle(const Triangle& triangle);
  void draw_even(const Triangle& triangle, Pixel colour);
  void draw_shaded(const Triangle& triangle, unsigned coverage);
  void draw_textured(const Triangle& triangle);
  /// False: it is not a rectangle of one colour with its sides along the axes.
  bool draw_rectangle(const Corner& a, const Corner& b, const Corner& c, const Corner& d);
  void draw_glyph(const Corner& a, const Corner& c, const Box& box);
  void fill(int y, int from, int to, Pixel colour);
  Pixel* row(int y) { return pixels_.data() + std::ptrdiff_t{y} * width_; }

  int width_;
  int height_;
  Atlas atlas_;
  std::vector<Pixel> pixels_{};
  Box clip_{};
  std::vector<Texel> columns_{};  ///< of the glyph at hand
};

void Canvas::fill(int y, int from, int to, Pixel colour) {
  Pixel* const pixels = row(y);
  const unsigned alpha = alpha_of(colour);
  if (alpha == 255) {
    std::fill(pixels + from, pixels + to, colour);
  } else {
    for (int x = from; x < to; ++x) pixels[x] = blended(pixels[x], colour, alpha);
  }
}

void Canvas::draw_even(const Triangle& triangle, Pixel colour) {
  if (alpha_of(colour) == 0) return;
  triangle.rows(clip_, [&](int y, int from, int to) { fill(y, from, to, colour); });
}

/// The colours of a triangle whose corners differ.
class Shade {
 public:
  explicit Shade(const Triangle& triangle) {
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      const auto channel = [&](std::size_t corner) {
        return static_cast<double>((triangle.corner(corner).colour >> (8 * i)) & 255);
      };
      channels_[i] = triangle.gradient(channel(0), channel(1), channel(2));
    }
  }
  Pixel at(double x, double y) const {
    Pixel colour = 0;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      const double value = std::clamp(channels_[i].at(x, y) + 0.5, 0.0, 255.0);
      colour |= static_cast<Pixel>(static_cast<int>(value)) << (8 * i);
    }
    return colour;
  }

 private:
  std::array<Gradient, 4> channels_{};
};

/// From the first corner of a triangle to a pixel's centre, in pixels.
double distance_to(int pixel, int corner) {
  return pixel + 0.5 - static_cast<double>(corner) / kOnePixel;
}

void Canvas::draw_shaded(const Triangle& triangle, unsigned coverage) {
  const Shade shade(triangle);
  triangle.rows(clip_, [&](int y, int from, int to) {
    const double down = distance_to(y, triangle.corner(0).y);
    Pixel* const pixels = row(y);
    for (int x = from; x < to; ++x) {
      const Pixel colour = shade.at(distance_to(x, triangle.corner(0).x), down);
      pixels[x] = blended(pixels[x], colour, product(alpha_of(colour), coverage));
    }
  });
}

void Canvas::draw_textured(const Triangle& triangle) {
  const Shade shade(triangle);
  const Corner& a = triangle.corner(0);
  const Corner& b = triangle.corner(1);
  const Corner& c = triangle.corner(2);
  const Gradient u = triangle.gradient(a.u, b.u, c.u);
  const Gradient v = triangle.gradient(a.v, b.v, c.v);
  triangle.rows(clip_, [&](int y, int from, int to) {
    const double down = distance_to(y, triangle.corner(0).y);
    Pixel* const pixels = row(y);
    for (int x = from; x < to; ++x) {
      const double across = distance_to(x, triangle.corner(0).x);
      const unsigned coverage = sample(atlas_, static_cast<float>(u.at(across, down)),
                                       static_cast<float>(v.at(across, down)));
      const Pixel colour = shade.at(across, down);
      pixels[x] = blended(pixels[x], colour, product(alpha_of(colour), coverage));
    }
  });
}

void Canvas::draw_triangle(const Triangle& triangle) {
  if (triangle.empty()) return;
  const Corner& a = triangle.corner(0);
  const Corner& b = triangle.corner(1);
  const Corner& c = triangle.corner(2);
  if (a.u != b.u || a.u != c.u || a.v != b.v || a.v != c.v) return draw_textured(triangle);
  const unsigned coverage = sample(atlas_, a.u, a.v);
  if (a.colour != b.colour || a.colour != c.colour) return draw_shaded(triangle, coverage);
  draw_even(triangle, with_alpha(a.colour, product(alpha_of(a.colour), coverage)));
}

bool Canvas::draw_rectangle(const Corner& a, const Corner& b, const Corner& c, const Corner& d) {
  const bool upright = b.x == c.x && b.y == a.y && d.x == a.x && d.y == c.y && a.x <= c.x &&
                       a.y <= c.y && b.u == c.u && b.v == a.v && d.u == a.u && d.v == c.v;
  if (!upright || a.colour != b.colour || a.colour != c.colour || a.colour != d.colour)
    return false;
  const Box box{std::max(first_pixel(a.x), clip_.left), std::max(first_pixel(a.y), clip_.top),
                std::min(first_pixel(c.x), clip_.right), std::min(first_pixel(c.y), clip_.bottom)};
  if (box.left >= box.right || alpha_of(a.colour) == 0) return true;
  if (a.u != c.u || a.v != c.v) {
    draw_glyph(a, c, box);
    return true;
  }
  const unsigned alpha = product(alpha_of(a.colour), sample(atlas_, a.u, a.v));
  for (int y = box.top; y < box.bottom; ++y) {
    fill(y, box.left, box.right, with_alpha(a.colour, alpha));
  }
  return true;
}

void Canvas::draw_glyph(const Corner& a, const Corner& c, const Box& box) {
  const float across = (c.u - a.u) * kOnePixel / static_cast<float>(c.x - a.x);
  const float down = (c.v - a.v) * kOnePixel / static_cast<float>(c.y - a.y);
  columns_.clear();
  for (int x = box.left; x < box.right; ++x) {
    const auto distance = static_cast<float>(distance_to(x, a.x));
    columns_.push_back(Texel::at(a.u + across * distance, atlas_.width));
  }
  for (int y = box.top; y < box.bottom; ++y) {
    const auto distance = static_cast<float>(distance_to(y, a.y));
    const Texel line = Texel::at(a.v + down * distance, atlas_.height);
    const std::uint8_t* const upper = atlas_.row(line.near);
    const std::uint8_t* const lower = atlas_.row(line.far);
    Pixel* pixel = row(y) + box.left;
    for (const Texel& column : columns_) {
      const unsigned coverage = sample(upper, lower, column, line.weight);
      if (coverage != 0) {
        *pixel = blended(*pixel, a.colour, product(alpha_of(a.colour), coverage));
      }
      ++pixel;
    }
  }
}

Corner Canvas::corner(const ImDrawVert& vertex, ImVec2 origin, ImVec2 scale) const {
  const auto fixed = [](float position) {
    return static_cast<int>(std::lround(within(position, -kFarthest, kFarthest) * kOnePixel));
  };
  return {fixed((vertex.pos.x - origin.x) * scale.x), fixed((vertex.pos.y - origin.y) * scale.y),
          vertex.uv.x, vertex.uv.y, vertex.col};
}

Box Canvas::clip_box(const ImVec4& clip, ImVec2 origin, ImVec2 scale) const {
  const auto pixel = [](float position, float from, float by, int most) {
    const float first = std::ceil((position - from) * by - 0.5F);
    return static_cast<int>(within(first, 0, static_cast<float>(most)));
  };
  return {pixel(clip.x, origin.x, scale.x, width_), pixel(clip.y, origin.y, scale.y, height_),
          pixel(clip.z, origin.x, scale.x, width_), pixel(clip.w, origin.y, scale.y, height_)};
}

void Canvas::draw(const ImDrawList& list, ImVec2 origin, ImVec2 scale) {
  std::vector<Corner> corners;
  corners.reserve(static_cast<std::size_t>(list.VtxBuffer.Size));
  for (const ImDrawVert& vertex : list.VtxBuffer) corners.push_back(corner(vertex, origin, scale));
  for (const ImDrawCmd& command : list.CmdBuffer) {
    if (command.UserCallback != nullptr) continue;
    clip_ = clip_box(command.ClipRect, origin, scale);
    const Corner* const first = corners.data() + command.VtxOffset;
    const ImDrawIdx* index = list.IdxBuffer.Data + command.IdxOffset;
    const ImDrawIdx* const end = index + command.ElemCount;
    while (index < end) {
      // Dear ImGui makes its rectangles and letters of two triangles in this order.
      if (end - index >= 6 && index[3] == index[0] && index[4] == index[2] &&
          draw_rectangle(first[index[0]], first[index[1]], first[index[2]], first[index[5]])) {
        index += 6;
        continue;
      }
      draw_triangle(Triangle(first[index[0]], first[index[1]], first[index[2]]));
      index += 3;
    }
  }
}

Picture Canvas::picture() const {
  static_assert(std::endian::native == std::endian::little, "red is the first byte of a pixel");
  const auto* const first = reinterpret_cast<const std::uint8_t*>(pixels_.data());
  return {width_, height_, {first, first + pixels_.size() * sizeof(Pixel)}};
}

}  // namespace

Picture rasterise(const ImDrawData& data, ImU32 background) {
  Atlas atlas;
  unsigned char* alpha = nullptr;
  ImGui::GetIO().Fonts->GetTexDataAsAlpha8(&alpha, &atlas.width, &atlas.height);
  atlas.alpha = alpha;
  const ImVec2 scale = data.FramebufferScale;
  const auto pixels = [](float size) { return std::max(0, static_cast<int>(std::lround(size))); };
  Canvas canvas(pixels(data.DisplaySize.x * scale.x), pixels(data.DisplaySize.y * scale.y),
                background, atlas);
  for (int i = 0; i < data.CmdListsCount; ++i) {
    canvas.draw(*data.CmdLists[i], data.DisplayPos, scale);
  }
  return canvas.picture();
}

Outcome write_png(const Picture& picture, const std::string& path) {
  CHECK(picture.rgba.size() ==
        static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 4);
  errno = 0;
  if (stbi_write_png(path.c_str(), picture.width, picture.height, 4, picture.rgba.data(),
                     picture.width * 4) == 0) {
    const char* const reason = errno == 0 ? "it can't be encoded" : std::strerror(errno);
    return Error{"can't write the picture " + path + ": " + reason + "."};
  }
  return success();
}

Result<Picture> read_png(const std::string& path) {
  Picture picture;
  int channels = 0;
  stbi_uc* const bytes =
      stbi_load(path.c_str(), &picture.width, &picture.height, &channels, STBI_rgb_alpha);
  if (bytes == nullptr) {
    return Error{"can't read the picture " + path + ": " + stbi_failure_reason() + "."};
  }
  picture.rgba.assign(bytes, bytes + std::ptrdiff_t{picture.width} * picture.height * 4);
  stbi_image_free(bytes);
  return picture;
}

double difference(const Picture& a, const Picture& b, int tolerance) {
  if (a.width != b.width || a.height != b.height) return 1;
  const std::size_t pixels = a.rgba.size() / 4;
  std::size_t different = 0;
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    bool same = true;
    for (std::size_t i = 4 * pixel; i < 4 * pixel + 4; ++i)
      same &= std::abs(a.rgba[i] - b.rgba[i]) <= tolerance;
    if (!same) ++different;
  }
  return pixels == 0 ? 0 : static_cast<double>(different) / static_cast<double>(pixels);
}

}  // namespace kv::viz
