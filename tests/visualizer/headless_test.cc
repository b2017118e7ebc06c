#include "hosts/headless.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <unistd.h>

namespace kv::viz {
namespace {

constexpr ImU32 kBlack = IM_COL32(0, 0, 0, 255);
constexpr ImU32 kWhite = IM_COL32(255, 255, 255, 255);
constexpr ImU32 kHalf = IM_COL32(255, 255, 255, 128);
constexpr int kWidth = 96;
constexpr int kHeight = 64;

ImU32 pixel(const Picture& picture, int x, int y) {
  const std::size_t at = static_cast<std::size_t>(y * picture.width + x) * 4;
  return IM_COL32(picture.rgba[at], picture.rgba[at + 1], picture.rgba[at + 2],
                  picture.rgba[at + 3]);
}
int red(const Picture& picture, int x, int y) {
  return static_cast<int>(pixel(picture, x, y) & 255);
}

/// How many pixels have this colour.
int count_of(const Picture& picture, ImU32 colour) {
  int count = 0;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) count += pixel(picture, x, y) == colour;
  }
  return count;
}

/// A frame of ImGui with its built-in font; what is drawn on `canvas()` is the picture.
class Rasteriser : public ::testing::Test {
 public:
  Rasteriser(const Rasteriser&) = delete;
  Rasteriser& operator=(const Rasteriser&) = delete;

 protected:
  Rasteriser() {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.DisplaySize = {kWidth, kHeight};
    ImFontConfig plain;
    plain.OversampleH = 1;
    plain.PixelSnapH = true;
    io.Fonts->AddFontDefault(&plain);
    io.Fonts->Build();
    ImGui::NewFrame();
  }
  ~Rasteriser() override { ImGui::DestroyContext(); }

  static ImDrawList& canvas() { return *ImGui::GetBackgroundDrawList(); }
  static void triangle(ImVec2 a, ImVec2 b, ImVec2 c, ImU32 colour) {
    const ImVec2 white = ImGui::GetFontTexUvWhitePixel();
    canvas().PrimReserve(3, 3);
    for (const ImVec2 corner : {a, b, c}) canvas().PrimVtx(corner, white, colour);
  }
  static Picture picture(ImU32 background = kBlack) {
    ImGui::Render();
    return rasterise(*ImGui::GetDrawData(), background);
  }
  /// The same shapes with their corners in another order, so that no rectangle is seen in them.
  static Picture picture_of_triangles() {
    for (int i = 0; i + 2 < canvas().IdxBuffer.Size; i += 3) {
      ImDrawIdx* const index = canvas().IdxBuffer.Data + i;
      std::swap(index[0], index[1]);
      std::swap(index[1], index[2]);
    }
    return rasterise(*ImGui::GetDrawData(), kBlack);
  }
};

TEST_F(Rasteriser, LeavesTheBackgroundWhereNothingIsDrawn) {
  const Picture empty = picture(IM_COL32(12, 34, 56, 255));
  EXPECT_EQ(empty.width, kWidth);
  EXPECT_EQ(empty.height, kHeight);
  EXPECT_EQ(count_of(empty, IM_COL32(12, 34, 56, 255)), kWidth * kHeight);
}

TEST_F(Rasteriser, FillsARectangleToItsLastPixelAndNoFurther) {
  canvas().AddRectFilled({10, 20}, {30, 25}, kWhite);
  const Picture drawn = picture();
  EXPECT_EQ(count_of(drawn, kWhite), 20 * 5);
  EXPECT_EQ(pixel(drawn, 10, 20), kWhite);
  EXPECT_EQ(pixel(drawn, 29, 24), kWhite);
  EXPECT_EQ(pixel(drawn, 30, 24), kBlack);
  EXPECT_EQ(pixel(drawn, 29, 25), kBlack);
}

TEST_F(Rasteriser, MixesATransparentColourWithWhatIsThere) {
  canvas().AddRectFilled({0, 0}, {kWidth, kHeight}, IM_COL32(200, 100, 0, 64));
  const Picture drawn = picture(IM_COL32(10, 20, 30, 255));
  // To the nearest of (colour * 64 + background * 191) / 255.
  EXPECT_EQ(pixel(drawn, 5, 5), IM_COL32(58, 40, 22, 255));
}

TEST_F(Rasteriser, GivesEachPixelOfAMeshToExactlyOneTriangle) {
  constexpr int kColumns = 9;
  constexpr int kRows = 7;
  std::uint32_t state = 7;
  const auto jitter = [&] {
    state = state * 1664525 + 1013904223;
    return static_cast<float>(state >> 8) / static_cast<float>(1 << 24) * 4 - 2;
  };
  std::array<std::array<ImVec2, kColumns + 1>, kRows + 1> corners;
  for (int row = 0; row <= kRows; ++row) {
    for (int column = 0; column <= kColumns; ++column) {
      const bool inside = row > 0 && row < kRows && column > 0 && column < kColumns;
      ImVec2& corner = corners[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
      corner = {static_cast<float>(column) * kWidth / kColumns,
                static_cast<float>(row) * kHeight / kRows};
      if (inside) corner = {corner.x + jitter(), corner.y + jitter()};
    }
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      const ImVec2 a = corners[row][column];
      const ImVec2 c = corners[row + 1][column + 1];
      triangle(a, corners[row][column + 1], c, kHalf);
      triangle(corners[row + 1][column], a, c, kHalf);
    }
  }
  const Picture drawn = picture();
  EXPECT_EQ(count_of(drawn, IM_COL32(128, 128, 128, 255)), kWidth * kHeight);
}

TEST_F(Rasteriser, GivesAPixelOnAnEdgeToTheTriangleBelowAndToTheRight) {
  for (const float y : {5.5F, 20.5F}) {
    for (const float x : {5.5F, 20.5F}) {
      triangle({x, y}, {x + 15, y}, {x + 15, y + 15}, kHalf);
      triangle({x, y}, {x + 15, y + 15}, {x, y + 15}, kHalf);
    }
  }
  const Picture drawn = picture();
  EXPECT_EQ(count_of(drawn, IM_COL32(128, 128, 128, 255)), 30 * 30);
  EXPECT_NE(pixel(drawn, 5, 5), kBlack);
  EXPECT_EQ(pixel(drawn, 35, 34), kBlack);
  EXPECT_EQ(pixel(drawn, 34, 35), kBlack);
}

TEST_F(Rasteriser, TakesCornersInEitherDirection) {
  triangle({10, 10}, {50, 10}, {10, 50}, kHalf);
  triangle({10, 50}, {50, 10}, {50, 50}, kHalf);
  triangle({60, 10}, {60, 50}, {90, 50}, kHalf);
  EXPECT_EQ(count_of(picture(), IM_COL32(128, 128, 128, 255)), 40 * 40 + 30 * 40 / 2);
}

TEST_F(Rasteriser, DrawsRectanglesAndLettersLikeTheTrianglesTheyAreMadeOf) {
  canvas().AddRectFilled({3.3F, 40.7F}, {61.5F, 60.2F}, kHalf);
  canvas().AddText(ImGui::GetFont(), 17.5F, {5.4F, 6.6F}, kWhite, "Who leads, who follows?");
  canvas().AddText({5, 30}, IM_COL32(240, 163, 10, 200), "primary");
  const Picture drawn = picture();
  EXPECT_LT(difference(drawn, picture_of_triangles(), 0), 0.02);
  EXPECT_EQ(difference(drawn, picture_of_triangles(), 2), 0);
}

TEST_F(Rasteriser, CopiesALetterFromTheAtlasPixelByPixel) {
  canvas().AddText({20, 20}, kWhite, "S");
  const Picture drawn = picture();
  const ImFontGlyph& glyph = *ImGui::GetFont()->FindGlyph('S');
  unsigned char* alpha = nullptr;
  int width = 0;
  int height = 0;
  ImGui::GetIO().Fonts->GetTexDataAsAlpha8(&alpha, &width, &height);
  const int left = static_cast<int>(std::lround(glyph.U0 * static_cast<float>(width)));
  const int top = static_cast<int>(std::lround(glyph.V0 * static_cast<float>(height)));
  int ink = 0;
  for (int y = 0; y < static_cast<int>(glyph.Y1 - glyph.Y0); ++y) {
    for (int x = 0; x < static_cast<int>(glyph.X1 - glyph.X0); ++x) {
      const int texel = alpha[(top + y) * width + left + x];
      ink += texel > 0;
      ASSERT_EQ(
          red(drawn, 20 + x + static_cast<int>(glyph.X0), 20 + y + static_cast<int>(glyph.Y0)),
          texel);
    }
  }
  EXPECT_GT(ink, 10);
  EXPECT_EQ(count_of(drawn, kBlack), kWidth * kHeight - ink);
}

TEST_F(Rasteriser, DrawsNothingOutsideOfTheClipRectangle) {
  canvas().PushClipRect({40, 10}, {50, 30});
  canvas().AddRectFilled({0, 0}, {kWidth, kHeight}, kWhite);
  canvas().AddCircleFilled({45, 20}, 30, kWhite);
  canvas().AddText({30, 15}, kWhite, "clipped");
  canvas().PopClipRect();
  const Picture drawn = picture();
  EXPECT_EQ(count_of(drawn, kWhite), 10 * 20);
  EXPECT_EQ(count_of(drawn, kBlack), kWidth * kHeight - 10 * 20);
}

TEST_F(Rasteriser, LetsColoursRunEvenly) {
  canvas().AddRectFilledMultiColor({0, 0}, {kWidth, kHeight}, kBlack, kWhite, kWhite, kBlack);
  const Picture drawn = picture();
  for (int x = 0; x < kWidth; ++x) {
    const double expected = 255 * (x + 0.5) / kWidth;
    EXPECT_NEAR(red(drawn, x, 0), expected, 0.51);
    EXPECT_NEAR(red(drawn, x, kHeight - 1), expected, 0.51);
  }
}

TEST_F(Rasteriser, SmoothsTheEdgeOfACircleWithoutMakingItLarger) {
  constexpr float kRadius = 25;
  canvas().AddCircleFilled({48, 32}, kRadius, kWhite, 64);
  const Picture drawn = picture();
  double ink = 0;
  int grey = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      ink += red(drawn, x, y) / 255.0;
      grey += red(drawn, x, y) > 0 && red(drawn, x, y) < 255;
    }
  }
  EXPECT_NEAR(ink, 3.14159 * kRadius * kRadius, 0.01 * ink);
  EXPECT_GT(grey, 100);
}

TEST_F(Rasteriser, DrawsAThinLineAsWideAsAsked) {
  canvas().AddLine({8, 10}, {88, 50}, kWhite, 2);
  const Picture drawn = picture();
  double ink = 0;
  for (const std::uint8_t byte : drawn.rgba) ink += byte;
  ink = (ink - 255.0 * kWidth * kHeight) / 3 / 255;  // without alpha
  EXPECT_NEAR(ink, 2 * std::hypot(80, 40), 6);
}

TEST_F(Rasteriser, SurvivesShapesThatAreEndlessEmptyOrNotNumbers) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  triangle({kNan, kNan}, {kNan, kNan}, {10, 10}, kWhite);
  triangle({5, 5}, {5, 5}, {5, 5}, kWhite);
  triangle({0, 10}, {50, 10}, {90, 10}, kWhite);
  triangle({-kInfinity, -1e30F}, {kInfinity, -1e30F}, {0, 1e30F}, kHalf);
  EXPECT_EQ(count_of(picture(), IM_COL32(128, 128, 128, 255)), kWidth * kHeight);
}

TEST_F(Rasteriser, MakesALargerPictureForADenserDisplay) {
  canvas().AddRectFilled({10, 20}, {30, 25}, kWhite);
  ImGui::Render();
  ImDrawData data = *ImGui::GetDrawData();
  data.FramebufferScale = {2, 2};
  const Picture drawn = rasterise(data, kBlack);
  EXPECT_EQ(drawn.width, 2 * kWidth);
  EXPECT_EQ(drawn.height, 2 * kHeight);
  EXPECT_EQ(count_of(drawn, kWhite), 40 * 10);
  EXPECT_EQ(pixel(drawn, 20, 40), kWhite);
}

TEST_F(Rasteriser, DrawsMoreShapesThanAnIndexOfSixteenBitsCounts) {
  constexpr int kMany = 20'000;
  for (int i = 0; i < kMany; ++i) {
    canvas().AddRectFilled({0, 0}, {1, 1}, kWhite);
  }
  canvas().AddRectFilled({90, 60}, {91, 61}, kWhite);
  const Picture drawn = picture();
  EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, 65'536);
  EXPECT_EQ(pixel(drawn, 0, 0), kWhite);
  EXPECT_EQ(pixel(drawn, 90, 60), kWhite);
}

TEST_F(Rasteriser, DrawsTheSamePictureAgain) {
  canvas().AddCircle({40.3F, 30.1F}, 20.7F, IM_COL32(86, 180, 233, 200), 0, 3.3F);
  canvas().AddText({5, 5}, kWhite, "again");
  const Picture once = picture();
  EXPECT_EQ(rasterise(*ImGui::GetDrawData(), kBlack).rgba, once.rgba);
}

Picture grey_picture(int width, int height, std::uint8_t grey) {
  Picture picture{width, height, {}};
  picture.rgba.assign(static_cast<std::size_t>(width * height) * 4, grey);
  return picture;
}

TEST(Difference, IsTheShareOfPixelsThatDifferByMore) {
  const Picture a = grey_picture(10, 10, 100);
  Picture b = a;
  b.rgba[4 * 7 + 1] = 105;
  b.rgba[4 * 9] = 90;
  b.rgba[4 * 9 + 2] = 90;
  EXPECT_EQ(difference(a, a, 0), 0);
  EXPECT_DOUBLE_EQ(difference(a, b, 4), 0.02);
  EXPECT_DOUBLE_EQ(difference(a, b, 5), 0.01);
  EXPECT_EQ(difference(a, b, 10), 0);
}

TEST(Difference, IsWholeBetweenPicturesOfDifferentSizes) {
  EXPECT_EQ(difference(grey_picture(10, 8, 0), grey_picture(8, 10, 0), 255), 1);
}

TEST(Png, KeepsEveryPixel) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("kvviz-" + std::to_string(::getpid()) + ".png");
  Picture picture = grey_picture(31, 17, 0);
  for (std::size_t i = 0; i < picture.rgba.size(); ++i) {
    picture.rgba[i] = static_cast<std::uint8_t>(i * 37);
  }
  const Outcome written = write_png(picture, path.string());
  ASSERT_TRUE(written) << written.error().message;
  const Result<Picture> read = read_png(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->width, 31);
  EXPECT_EQ(read->height, 17);
  EXPECT_EQ(read->rgba, picture.rgba);
}

TEST(Png, SaysWhichFileCannotBeWrittenOrRead) {
  const Outcome written = write_png(grey_picture(2, 2, 0), "/no/such/folder/a.png");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message,
            "can't write the picture /no/such/folder/a.png: No such file or directory.");
  const Result<Picture> read = read_png("/no/such/folder/a.png");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("/no/such/folder/a.png"), std::string::npos);
}

}  // namespace
}  // namespace kv::viz
