#include "hosts/screen.h"

#include <array>
#include <utility>

#include "panels/frame.h"
#include "panels/keys.h"

namespace kv::viz {
namespace {

// Codes of GLFW that only ImGui's own widgets need.
constexpr int kKeyEnter = 257;
constexpr int kKeyBackspace = 259;
constexpr int kKeyInsert = 260;
constexpr int kKeyDelete = 261;
constexpr int kKeyPageUp = 266;
constexpr int kKeyPageDown = 267;
constexpr int kKeyKeypadEnter = 335;

/// As ImGui_ImplGlfw_Init() has it.
constexpr std::array<std::pair<ImGuiKey_, int>, 22> kKeyMap{
    {{ImGuiKey_Tab, kKeyTab},
     {ImGuiKey_LeftArrow, kKeyLeft},
     {ImGuiKey_RightArrow, kKeyRight},
     {ImGuiKey_UpArrow, kKeyUp},
     {ImGuiKey_DownArrow, kKeyDown},
     {ImGuiKey_PageUp, kKeyPageUp},
     {ImGuiKey_PageDown, kKeyPageDown},
     {ImGuiKey_Home, kKeyHome},
     {ImGuiKey_End, kKeyEnd},
     {ImGuiKey_Insert, kKeyInsert},
     {ImGuiKey_Delete, kKeyDelete},
     {ImGuiKey_Backspace, kKeyBackspace},
     {ImGuiKey_Space, kKeySpace},
     {ImGuiKey_Enter, kKeyEnter},
     {ImGuiKey_Escape, kKeyEscape},
     {ImGuiKey_KeyPadEnter, kKeyKeypadEnter},
     {ImGuiKey_A, 'A'},
     {ImGuiKey_C, 'C'},
     {ImGuiKey_V, 'V'},
     {ImGuiKey_X, 'X'},
     {ImGuiKey_Y, 'Y'},
     {ImGuiKey_Z, 'Z'}}};

}  // namespace

void dress(AppState& app, float scale, bool builtin_font) {
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  app.scale = scale;
  app.fonts = load_fonts(scale, builtin_font);
  app.theme = app.light ? light_theme() : dark_theme();
  apply(app.theme, scale);
}

Screen::Screen(AppState& app, ImVec2 size, float scale, bool builtin_font)
    : app_(app), size_(size) {
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
  for (const auto& [key, code] : kKeyMap) io.KeyMap[key] = code;
  dress(app, scale, builtin_font);
  io.Fonts->Build();
}

Screen::~Screen() {
  ImGui::DestroyContext();
  app_.fonts = {};
}

void Screen::frame(Duration wall) {
  make_frame(app_, size_, wall);
}

void Screen::settle() {
  constexpr int kFrames = 3;
  for (int i = 0; i < kFrames; ++i) frame({});
}

Picture Screen::picture() const {
  return rasterise(*ImGui::GetDrawData(), app_.theme.background);
}

}  // namespace kv::viz
