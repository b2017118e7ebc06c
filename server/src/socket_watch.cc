#include "socket_watch.h"

#include <array>
#include <utility>

#include <sys/epoll.h>

#include "core/check.h"

namespace kv {
namespace {

constexpr std::size_t kAtOnce = 128;

epoll_event event_of(std::uint32_t id, bool read, bool write) {
  epoll_event event{};
  event.events = (read ? static_cast<std::uint32_t>(EPOLLIN) : 0U) |
                 (write ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
  event.data.u64 = id;
  return event;
}

}  // namespace

SocketWatch::SocketWatch(asio::any_io_executor loop, std::function<void(const Ready&)> tell)
    : set_(std::move(loop), ::epoll_create1(EPOLL_CLOEXEC)), tell_(std::move(tell)) {}

bool SocketWatch::add(int descriptor, std::uint32_t id) {
  epoll_event event = event_of(id, true, false);
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void SocketWatch::change(int descriptor, std::uint32_t id, bool read, bool write) {
  epoll_event event = event_of(id, read, write);
  CHECK(::epoll_ctl(set_.native_handle(), EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void SocketWatch::stop() {
  std::error_code ignored;
  set_.cancel(ignored);
}

void SocketWatch::wait() {
  set_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const std::error_code& error) {
    if (error) return;
    tell_all();
    wait();
  });
}

// Those that don't fit are told in the next turn, after all else that is ready.
void SocketWatch::tell_all() {
  std::array<epoll_event, kAtOnce> events;
  const int count = ::epoll_wait(set_.native_handle(), events.data(), kAtOnce, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    tell_({static_cast<std::uint32_t>(event.data.u64), (event.events & EPOLLIN) != 0,
           (event.events & EPOLLOUT) != 0, (event.events & (EPOLLERR | EPOLLHUP)) != 0});
  }
}

}  // namespace kv
