#pragma once

#include "load/dialect.h"

namespace kv::load {

/// SET and GET in RESP, answers in order. With `wait_replicas` each batch of writes ends with a
/// WAIT, and its answer decides for the whole batch. One lane.
class RespDialect final : public Dialect {
 public:
  explicit RespDialect(int wait_replicas) : wait_replicas_(wait_replicas) {}

  void submit(const Operation& operation, std::uint32_t lane) override;
  void end_batch() override;
  void take_output(std::string& out) override;
  bool take_in(std::string_view bytes, std::vector<Answer>& answers) override;

 private:
  void take_reply(std::string_view reply, std::vector<Answer>& answers);
  void end_wait(std::string_view reply, std::vector<Answer>& answers);

  int wait_replicas_;
  std::size_t before_wait_{0};     ///< replies of the batch that come before that of WAIT
  std::vector<Answer> waiting_{};  ///< those that came
  std::string out_{};
  std::string rest_{};  ///< the beginning of a reply
};

}  // namespace kv::load
