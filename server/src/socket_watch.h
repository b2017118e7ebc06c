#pragma once

#include <cstdint>
#include <functional>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

namespace kv {

/// Tells which of many sockets can be read from or written to. A set of its own within the loop's:
/// a socket stays in it as it is, where the loop's own operations cost a try that fails, or a
/// change of the set, for each request; and what is ready at the same time is told together.
class SocketWatch {
 public:
  struct Ready {
    std::uint32_t id{0};
    bool readable{false};  ///< or at its end
    bool writable{false};
    bool broken{false};  ///< failed, or closed in both directions
  };

  /// `tell` may add and remove sockets; it is called on the loop's thread.
  SocketWatch(asio::any_io_executor loop, std::function<void(const Ready&)> tell);

  void start() { wait(); }
  /// False: the system refuses.
  bool add(int descriptor, std::uint32_t id);
  /// What to tell of a socket that was added; it begins with reading alone.
  void change(int descriptor, std::uint32_t id, bool read, bool write);
  void stop();

 private:
  void wait();
  void tell_all();

  asio::posix::stream_descriptor set_;
  std::function<void(const Ready&)> tell_;
};

}  // namespace kv
