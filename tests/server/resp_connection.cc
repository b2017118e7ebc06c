#include "server/resp_connection.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "steady_now.h"

namespace kv {
namespace {

std::string escaped(std::string_view text, bool quoted) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte > 0x7e) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      if (c == '\\' || (c == '"' && quoted)) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string request_of(const std::vector<std::string>& words) {
  std::string request = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return request;
}

}  // namespace

std::string RespReply::readable(const std::string& indent) const {
  if (!arrived()) return indent + "no reply\n";
  if (null) return indent + mark + "-1\n";
  if (mark == '$') return indent + '"' + escaped(text, true) + "\"\n";
  if (mark != '*' && mark != '~' && mark != '>' && mark != '%') {
    return indent + mark + escaped(text, false) + "\n";
  }
  std::string lines = indent + mark + std::to_string(items.size()) + "\n";
  for (const RespReply& item : items) lines += item.readable(indent + "  ");
  return lines;
}

RespConnection::RespConnection(const std::string& host, std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(std::exchange(socket_, -1));
    return;
  }
  const int at_once = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
}

RespConnection::~RespConnection() {
  if (socket_ >= 0) ::close(socket_);
}

RespConnection::RespConnection(RespConnection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), arrived_(std::move(other.arrived_)) {}

RespReply RespConnection::ask(const std::vector<std::string>& words, Duration timeout) {
  deadline_ = steady_now() + timeout;
  const std::string request = request_of(words);
  const ssize_t sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
  RespReply reply;
  if (sent != static_cast<ssize_t>(request.size()) || !read_reply(reply)) return {};
  return reply;
}

bool RespConnection::fill() {
  const std::int64_t left_ms = (deadline_ - steady_now()).ns / milliseconds(1).ns;
  pollfd readable{socket_, POLLIN, 0};
  if (left_ms <= 0 || ::poll(&readable, 1, static_cast<int>(left_ms)) <= 0) return false;
  std::array<char, 16 << 10> buffer{};
  const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  arrived_.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<std::string> RespConnection::line() {
  std::size_t end = 0;
  while ((end = arrived_.find("\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  return bytes(end);
}

/// That many, and the line end behind them.
std::optional<std::string> RespConnection::bytes(std::size_t size) {
  while (arrived_.size() < size + 2) {
    if (!fill()) return std::nullopt;
  }
  std::string text = arrived_.substr(0, size);
  arrived_.erase(0, size + 2);
  return text;
}

bool RespConnection::read_reply(RespReply& reply) {
  const std::optional<std::string> head = line();
  if (!head || head->empty()) return false;
  reply.mark = head->front();
  reply.text = head->substr(1);
  const bool counted = std::string_view("$=*~>%").find(reply.mark) != std::string_view::npos;
  if (!counted) return true;
  std::int64_t count = 0;
  std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), count);
  reply.null = count < 0;
  reply.text.clear();
  if (reply.null) return true;
  if (reply.mark != '$' && reply.mark != '=') return read_items(reply, count);
  const std::optional<std::string> text = bytes(static_cast<std::size_t>(count));
  reply.text = text.value_or("");
  return text.has_value();
}

bool RespConnection::read_items(RespReply& reply, std::int64_t count) {
  const std::int64_t items = reply.mark == '%' ? 2 * count : count;
  for (std::int64_t i = 0; i < items; ++i) {
    if (!read_reply(reply.items.emplace_back())) return false;
  }
  return true;
}

}  // namespace kv
