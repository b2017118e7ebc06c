#include "interaction/script.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "core/command.h"
#include "core/overloaded.h"

namespace kv {

namespace {

std::string number(std::uint64_t value) {
  return std::to_string(value);
}
/// An entry by its index and term.
std::string position(LogIndex index, Term term) {
  return number(index) + "@" + number(term);
}

std::string describe(const AppendRequest& body) {
  const std::string behind = " behind " + position(body.previous_index, body.previous_term);
  std::string text = "heartbeat" + behind;
  if (!body.entries.empty()) {
    const Entry& first = body.entries.front();
    const Entry& last = body.entries.back();
    text = "append " + position(first.index, first.term);
    if (body.entries.size() > 1) text += ".." + position(last.index, last.term);
    text += behind;
  }
  text += ", commit " + number(body.commit);
  return body.read_round == 0 ? text : text + ", read round " + number(body.read_round);
}

std::string describe(const AppendReply& body) {
  std::string text =
      body.accepted
          ? "equal up to " + number(body.received) + ", durable up to " + number(body.durable)
          : "differs at " + number(body.refused_index) + ", perhaps not at " +
                position(body.conflict_index, body.conflict_term);
  return body.read_round == 0 ? text : text + ", read round " + number(body.read_round);
}

std::string describe(const MessageBody& body) {
  return std::visit(
      Overloaded{[](const VoteRequest& e) {
                   return std::string(e.pre ? "would you vote for me" : "vote for me") +
                          (e.transfer ? " (handed over)" : "") + "? my log ends at " +
                          position(e.last_index, e.last_term);
                 },
                 [](const VoteReply& e) {
                   return std::string(e.pre ? "pre-vote " : "vote ") +
                          (e.granted ? "granted" : "refused");
                 },
                 [](const AppendRequest& e) { return describe(e); },
                 [](const AppendReply& e) { return describe(e); },
                 [](const SnapshotRequest& e) {
                   return "snapshot at " + position(e.last_index, e.last_term) + ", shards " +
                          number(e.first_shard) + ".." + number(e.end_shard - 1) + " of " +
                          number(e.shard_count);
                 },
                 [](const SnapshotReply& e) {
                   return "snapshot at " + number(e.last_index) + ", next is shard " +
                          number(e.next_shard);
                 },
                 [](const TimeoutNow&) { return std::string("campaign now"); },
                 [](const ReadIndexRequest& e) {
                   return "how far must I read? question " + number(e.number);
                 },
                 [](const ReadIndexReply& e) {
                   return "read up to " + number(e.index) + ", question " + number(e.number);
                 }},
      body);
}

std::string describe(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::kNil:
      return "no such key";
    case Answer::Kind::kInteger:
      return std::to_string(answer.integer);
    case Answer::Kind::kText:
      return "value " + answer.text;
    case Answer::Kind::kError:
      return answer.text;
    default:
      return "OK";
  }
}

std::string describe(const ClientReply& reply) {
  return "reply to request " + number(reply.id) + ": " +
         std::visit(Overloaded{[](const Answer& e) { return describe(e); },
                               [](const TransferDone&) { return std::string("handed over"); },
                               [](const Refusal& e) {
                                 std::string text(to_string(e.code));
                                 if (e.primary != kNoNode)
                                   text += ", node " + number(e.primary) + " leads";
                                 for (const NodeId id : e.unreachable)
                                   text += ", misses node " + number(id);
                                 return text;
                               }},
                    reply.body);
}

Duration duration_of(const std::string& text) {
  const std::int64_t count = std::strtoll(text.c_str(), nullptr, 10);
  return text.ends_with("ms") ? milliseconds(count) : seconds(count);
}

}  // namespace

std::string describe(const Message& message) {
  return number(message.from) + " -> " + number(message.to) + ", term " + number(message.term) +
         ": " + describe(message.body);
}

std::string Script::play(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string played;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') {
      played += line + "\n";
      continue;
    }
    played += line + "\n----\n" + do_step(line) + "\n";
    while (std::getline(lines, line) && !line.empty()) {  // what was expected before
    }
  }
  return played;
}

std::string Script::do_step(const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  Arguments arguments;
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return "Not key=value: " + word + "\n";
    arguments[word.substr(0, equals)] = word.substr(equals + 1);
  }
  if (command != "cluster" && !lab_) return "A story begins with a cluster.\n";
  told_.clear();
  const NodeId id =
      arguments.contains("node") ? static_cast<NodeId>(std::stoul(arguments["node"])) : kNoNode;
  if (command == "cluster") {
    begin(arguments);
  } else if (command == "tick") {
    tick(arguments);
  } else if (command == "persist") {
    persist(id);
  } else if (command == "deliver" || command == "lose") {
    deliver(arguments, command == "lose");
  } else if (command == "settle" || command == "run") {
    run(arguments);
  } else if (command == "set") {
    set(arguments);
  } else if (command == "get") {
    lab_->submit(id, get_request(lab_->next_request(), arguments["key"]));
  } else if (command == "hand_over") {
    const NodeId to =
        arguments.contains("to") ? static_cast<NodeId>(std::stoul(arguments["to"])) : kNoNode;
    lab_->submit(id, {lab_->next_request(), TransferRequest{to}});
  } else if (command == "crash") {
    lab_->crash(id);
    std::erase_if(under_way_,
                  [&](const Message& message) { return message.to == id || message.from == id; });
  } else if (command == "start") {
    told_writes_.erase(id);
    lab_->start(id);
  } else if (command == "state") {
    tell_state();
  } else {
    return "No such command: " + command + "\n";
  }
  tell();
  for (const std::string& violation : lab_->violations) told_ += "VIOLATION " + violation + "\n";
  return told_;
}

void Script::begin(const Arguments& arguments) {
  const auto value = [&](std::string_view key, std::string_view otherwise) {
    const auto found = arguments.find(key);
    return found == arguments.end() ? std::string(otherwise) : found->second;
  };
  Lab::Options options;
  options.nodes = static_cast<std::uint32_t>(std::stoul(value("nodes", "3")));
  options.bootstrap = static_cast<NodeId>(std::stoul(value("primary", "0")));
  options.timing = timing_by_name(value("timing", "documented")).value_or(Timing{});
  for (const AckMode mode : {AckMode::kPrimary, AckMode::kAll}) {
    if (value("ack", "majority") == to_string(mode)) options.ack = mode;
  }
  if (value("small_log", "no") == "yes") {
    options.limits.snapshot_after_bytes = 500;
    options.limits.keep_log_bytes = 100;
    options.limits.max_inflight_bytes = 100;
    options.limits.snapshot_chunk_bytes = 40;
    options.limits.max_inflight_chunks = 2;
  }
  *this = Script{};
  lab_ = std::make_unique<Lab>(options);
}

void Script::tick(const Arguments& arguments) {
  const auto after = arguments.find("after");
  if (after != arguments.end()) lab_->now = lab_->now + duration_of(after->second);
  lab_->tick(static_cast<NodeId>(std::stoul(arguments.at("node"))));
}

void Script::persist(NodeId id) {
  for (std::size_t writes = lab_->node(id).disk.pending.size(); writes > 0; --writes) {
    lab_->persist(id, 1);
    tell();
  }
  lab_->save_snapshot(id);
}

void Script::deliver(const Arguments& arguments, bool lost) {
  const auto matches = [&](std::string_view key, NodeId id) {
    const auto wanted = arguments.find(key);
    return wanted == arguments.end() || wanted->second == number(id);
  };
  for (const Message& message : std::exchange(under_way_, {})) {
    if (!matches("from", message.from) || !matches("to", message.to)) {
      under_way_.push_back(message);
    } else if (!lost) {
      lab_->deliver(message);
      tell();
    }
  }
}

void Script::run(const Arguments& arguments) {
  std::set<NodeId> cut;
  if (const auto id = arguments.find("without"); id != arguments.end()) {
    cut.insert(static_cast<NodeId>(std::stoul(id->second)));
  }
  lab_->network = std::exchange(under_way_, {});
  const auto span = arguments.find("for");
  if (span != arguments.end()) lab_->run_for(duration_of(span->second), cut);
  lab_->settle(cut);
  lab_->events.clear();
  lab_->replies.clear();
}

void Script::set(const Arguments& arguments) {
  const NodeId id = static_cast<NodeId>(std::stoul(arguments.at("node")));
  const auto times = arguments.find("times");
  silent_ = times != arguments.end();
  for (int i = silent_ ? std::stoi(times->second) : 1; i > 0; --i) {
    lab_->submit(id, set_request(lab_->next_request(), arguments.at("key"), arguments.at("value")));
    tell();
  }
  silent_ = false;
}

void Script::tell_state() {
  for (NodeId id = 1; id <= lab_->size(); ++id) {
    told_ += "node " + number(id) + ": ";
    if (!lab_->alive(id)) {
      told_ += "down\n";
      continue;
    }
    const Status status = lab_->replica(id).status(lab_->now);
    const Log& log = lab_->replica(id).raft().log();
    told_ += std::string(to_string(status.role)) + " in term " + number(status.term) + ", log " +
             number(log.first_index()) + ".." + position(log.last_index(), log.last_term()) +
             ", commit " + number(status.commit) + ", keys " + number(status.keys) + "\n";
  }
}

void Script::tell() {
  std::string told = std::exchange(told_, {});
  for (const auto& [id, event] : std::exchange(lab_->events, {})) {
    // Drawn at random and set again with every message of a leader: no part of a story.
    if (std::holds_alternative<ElectionTimerSet>(event)) continue;
    told_ += "node " + number(id) + ": " + describe(event) + "\n";
  }
  for (NodeId id = 1; id <= lab_->size(); ++id) {
    for (const Write& write : lab_->node(id).disk.pending) tell_write(id, write);
  }
  for (Message& message : std::exchange(lab_->network, {})) {
    told_ += "  " + describe(message) + "\n";
    under_way_.push_back(std::move(message));
  }
  for (const ClientReply& reply : std::exchange(lab_->replies, {})) told_ += describe(reply) + "\n";
  told_ = silent_ ? told : told + told_;
}

void Script::tell_write(NodeId id, const Write& write) {
  WriteId& last = told_writes_[id];
  if (write.id <= last) return;
  last = write.id;
  std::string what;
  const auto add = [&](const std::string& part) { what += (what.empty() ? " " : ", ") + part; };
  if (write.hard_state) {
    add("term " + number(write.hard_state->term));
    if (write.hard_state->voted_for != kNoNode)
      add("vote for node " + number(write.hard_state->voted_for));
    for (const auto& [peer, incarnation] : write.hard_state->incarnations)
      add("has met node " + number(peer));
  }
  if (write.install) add("snapshot at " + number(write.install->last_index));
  if (!write.append.empty()) {
    add("entries " + number(write.append.front().index) + ".." + number(write.append.back().index));
  }
  if (write.discard_through != 0)
    add("nothing up to " + number(write.discard_through) + " is needed");
  told_ += "  disk of node " + number(id) + ":" + what + "\n";
}

}  // namespace kv
