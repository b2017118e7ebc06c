#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/lab.h"

namespace kv {

/// A story told to a few replicas, step by step, with what came of each step. The text of a script
/// is a sequence of steps, with free lines between them that begin with '#':
///
///   command key=value …
///   ----
///   what came of it, up to an empty line
///
/// Commands (times such as 20ms or 5s):
///   cluster nodes=3 primary=1 timing=documented|lan ack=majority|primary|all small_log=yes
///   tick node=N after=TIME     that much time passes, then this node looks at its clock
///   persist node=N             this node's disk does all that it was asked
///   deliver [from=N] [to=N]    what is under way arrives, in the order it was sent
///   lose [from=N] [to=N]       what is under way is lost
///   settle [without=N]         persists and delivers until nothing is under way, in silence
///   run for=TIME [without=N]   as time passes too; messages of and to the node without are lost
///   set node=N key=K value=V [times=COUNT]     get node=N key=K     hand_over node=N [to=N]
///   crash node=N     start node=N     state
class Script {
 public:
  /// The same text with the outcomes that the steps really have, and each step that can't be done
  /// as an outcome that says why.
  std::string play(std::string_view text);

 private:
  using Arguments = std::map<std::string, std::string, std::less<>>;

  std::string do_step(const std::string& line);
  void begin(const Arguments& arguments);
  void tick(const Arguments& arguments);
  void persist(NodeId id);
  void deliver(const Arguments& arguments, bool lost);
  void run(const Arguments& arguments);
  void set(const Arguments& arguments);
  void tell_state();
  /// Tells what came of the last input.
  void tell();
  void tell_write(NodeId id, const Write& write);

  std::unique_ptr<Lab> lab_{};
  std::vector<Message> under_way_{};
  std::map<NodeId, WriteId> told_writes_{};
  std::string told_{};
  bool silent_{false};
};

/// "1 -> 2, term 0: append 3@0 behind 2@0, commit 2"
std::string describe(const Message& message);

}  // namespace kv
