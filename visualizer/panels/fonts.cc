#include "panels/fonts.h"

#include <array>
#include <filesystem>

namespace kv::viz {
namespace {

/// A typeface: the first file that is there.
struct Face {
  const char* name;
  const char* regular;
  const char* strong;
};
constexpr std::array kTextFaces{
    Face{"Inter", "/usr/share/fonts/opentype/inter/Inter-Regular.otf",
         "/usr/share/fonts/opentype/inter/Inter-SemiBold.otf"},
    Face{"DejaVu Sans", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
         "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"},
};
constexpr std::array kMonoFaces{
    Face{"JetBrains Mono", "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf",
         nullptr},
    Face{"DejaVu Sans Mono", "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", nullptr},
};
/// Has the arrows and marks that others lack.
constexpr const char* kSymbols = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

/// Pairs of first and last character, 0 at the end; ImGui reads them when the atlas is built.
constexpr std::array<ImWchar, 5> kLetters{0x20, 0x17F, 0x2010, 0x2044, 0};
constexpr std::array<ImWchar, 9> kMarks{0x2190, 0x21FF, 0x2200, 0x22FF, 0x25A0,
                                        0x25FF, 0x2713, 0x2718, 0};

bool there(const char* path) {
  std::error_code ignored;
  return path != nullptr && std::filesystem::exists(path, ignored);
}

template <typename Faces>
const Face* first_there(const Faces& faces, bool builtin_only) {
  if (builtin_only) return nullptr;
  for (const Face& face : faces) {
    if (there(face.regular)) return &face;
  }
  return nullptr;
}

ImFont* load(const char* path, float size) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  ImFontConfig config;
  config.OversampleH = 2;
  config.OversampleV = 1;
  if (!there(path)) {
    config.SizePixels = size;
    return atlas.AddFontDefault(&config);
  }
  ImFont* font = atlas.AddFontFromFileTTF(path, size, &config, kLetters.data());
  if (font == nullptr) return atlas.AddFontDefault();
  if (there(kSymbols)) {
    config.MergeMode = true;
    atlas.AddFontFromFileTTF(kSymbols, size, &config, kMarks.data());
  }
  return font;
}

}  // namespace

Fonts load_fonts(float scale, bool builtin_only) {
  const Face* text = first_there(kTextFaces, builtin_only);
  const Face* mono = first_there(kMonoFaces, builtin_only);
  const char* regular = text == nullptr ? nullptr : text->regular;
  const char* strong = text == nullptr ? nullptr : there(text->strong) ? text->strong : regular;
  Fonts fonts;
  fonts.text = load(regular, 15 * scale);
  fonts.strong = load(strong, 15 * scale);
  fonts.small = load(regular, 13 * scale);
  fonts.title = load(strong, 18 * scale);
  fonts.mono = load(mono == nullptr ? nullptr : mono->regular, 13 * scale);
  fonts.large = load(strong, 26 * scale);
  fonts.origin = std::string(text == nullptr ? "built-in" : text->name) + ", " +
                 (mono == nullptr ? "built-in" : mono->name);
  return fonts;
}

}  // namespace kv::viz
