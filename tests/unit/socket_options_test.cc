#include "socket_options.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

bool is_loopback(const char* address) {
  return kv::is_loopback(asio::ip::make_address(address));
}

TEST(IsLoopback, KnowsThisMachineInBothFamilies) {
  for (const char* address : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback(address)) << address;
  }
}

TEST(IsLoopback, TakesNoOtherMachineForThisOne) {
  for (const char* address : {"10.0.0.1", "192.168.1.127", "128.0.0.1", "0.0.0.0", "::", "::2",
                              "fe80::1", "2001:db8::1", "::ffff:10.0.0.1", "::127.0.0.1"}) {
    EXPECT_FALSE(is_loopback(address)) << address;
  }
}

}  // namespace
}  // namespace kv
