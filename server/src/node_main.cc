#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "node.h"
#include "node_options.h"

int main(int argc, char** argv) {
  const auto parsed = kv::parse_node_options(std::vector<std::string>(argv + 1, argv + argc));
  if (const auto* usage = std::get_if<kv::UsageExit>(&parsed)) {
    std::fputs(usage->text.c_str(), usage->status == 0 ? stdout : stderr);
    return usage->status;
  }
  return kv::run_node(std::get<kv::NodeOptions>(parsed));
}
