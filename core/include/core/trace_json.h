#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "core/result.h"
#include "core/trace.h"

namespace kv {

/// First line of a trace: what it is and how to make it again.
struct TraceHeader {
  static constexpr std::uint32_t kVersion = 3;
  std::string program{};             ///< "kvsim 0.1.0"
  std::vector<std::string> nodes{};  ///< names, in the order of ids
  std::uint64_t seed{0};
  std::string scenario{};               ///< the scenario file's text, or empty
  std::vector<std::string> settings{};  ///< what was changed by --set: "network.loss=0.1"
};

/// One line of JSON, without the line's end. Nodes appear by name; messages in the seed's form
/// (REPLICATE, HEARTBEAT, ELECTION, SYNC and their replies), see docs/formats.md.
std::string to_json_line(const TraceHeader& header);
std::string to_json_line(const Record& record, const std::vector<std::string>& nodes);
/// The same, appended.
void append_json(std::string& out, const Record& record, const std::vector<std::string>& nodes);
void append_json(std::string& out, const Message& message, const std::vector<std::string>& nodes);

/// An Error says which field is wrong and what was expected; a header of another version says so.
/// Line numbers are the caller's to add. Any bytes may be given.
Result<TraceHeader> trace_header_from_json(std::string_view line);
Result<Record> record_from_json(std::string_view line, const std::vector<std::string>& nodes);
Result<Message> message_from_json(std::string_view text, const std::vector<std::string>& nodes);

}  // namespace kv
