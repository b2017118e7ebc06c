#pragma once

#include "load/dialect.h"

struct nghttp2_session;

namespace kv::load {

/// KV.Put and KV.Range of etcd over gRPC: each operation a stream of one HTTP/2 connection.
class EtcdDialect final : public Dialect {
 public:
  explicit EtcdDialect(std::string authority);
  ~EtcdDialect() override;
  EtcdDialect(const EtcdDialect&) = delete;
  EtcdDialect& operator=(const EtcdDialect&) = delete;

  void submit(const Operation& operation, std::uint32_t lane) override;
  void take_output(std::string& out) override;
  bool take_in(std::string_view bytes, std::vector<Answer>& answers) override;

 private:
  struct Stream;
  struct Callbacks;  ///< what the library calls

  std::string authority_;
  nghttp2_session* session_{nullptr};
  std::vector<std::unique_ptr<Stream>> streams_{};  ///< all that were ever needed at a time
  std::vector<Stream*> unused_{};
  std::vector<Answer>* answers_{nullptr};  ///< of take_in, while it runs
};

}  // namespace kv::load
