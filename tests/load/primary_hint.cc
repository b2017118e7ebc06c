#include "load/primary_hint.h"

#include <charconv>
#include <string>

namespace kv::load {
namespace {

std::optional<Member> member_at(std::string_view host, std::string_view port) {
  Member member{"told", std::string(host), 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), member.port);
  if (error != std::errc{} || end != port.data() + port.size() || host.empty()) return {};
  return member;
}

/// Takes the text before `mark` off the front, and `mark`.
std::string_view take_until(std::string_view& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + mark.size());
  return taken;
}

}  // namespace

std::optional<Member> moved_to(std::string_view refusal) {
  if (!refusal.starts_with("MOVED ")) return {};
  const std::string_view address = refusal.substr(refusal.rfind(' ') + 1);
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return {};
  return member_at(address.substr(0, colon), address.substr(colon + 1));
}

std::optional<Member> sentinel_answer(std::string_view reply) {
  if (take_until(reply, "\r\n") != "*2") return {};
  take_until(reply, "\r\n");
  const std::string_view host = take_until(reply, "\r\n");
  take_until(reply, "\r\n");
  return member_at(host, take_until(reply, "\r\n"));
}

}  // namespace kv::load
