#pragma once

#include "load/dialect.h"

namespace kv::load {

/// "SET key value" and JSON lines as answers, in order.
class JsonLineDialect final : public Dialect {
 public:
  void submit(const Operation& operation, std::uint32_t lane) override;
  void take_output(std::string& out) override;
  bool take_in(std::string_view bytes, std::vector<Answer>& answers) override;

 private:
  std::string out_{};
  std::string rest_{};  ///< the beginning of a line
};

}  // namespace kv::load
