#include "load/failover_link.h"

#include <asio/write.hpp>

namespace kv::load {

void FailoverLink::close() {
  asio::error_code ignored;
  socket_.close(ignored);
  // Handlers of what was under way still run: they must not outlive this step.
  loop_.restart();
  loop_.run();
}

/// Lets the step that was begun come to its end.
bool FailoverLink::settle(Clock::time_point deadline) {
  loop_.restart();
  loop_.run_until(deadline);
  if (!done_) close();
  return done_;
}

bool FailoverLink::open(const Member& server, Clock::time_point deadline) {
  close();
  done_ = false;
  asio::error_code error;
  const auto address = asio::ip::make_address(server.host, error);
  if (error) return false;
  socket_.async_connect({address, server.port}, [this](const asio::error_code& failure) {
    asio::error_code ignored;
    if (!failure) socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    done_ = !failure;
  });
  return settle(deadline);
}

bool FailoverLink::send(const std::string& bytes, Clock::time_point deadline) {
  done_ = false;
  asio::async_write(socket_, asio::buffer(bytes),
                    [this](const asio::error_code& failure, std::size_t) { done_ = !failure; });
  return settle(deadline);
}

bool FailoverLink::receive(std::string& bytes, Clock::time_point deadline) {
  done_ = false;
  socket_.async_read_some(asio::buffer(buffer_),
                          [this, &bytes](const asio::error_code& failure, std::size_t size) {
                            done_ = !failure;
                            if (done_) bytes.append(buffer_, size);
                          });
  return settle(deadline);
}

}  // namespace kv::load
