#include <gtest/gtest.h>

#include "core/trace_json.h"
#include "support/trace_samples.h"

namespace kv {
namespace {

std::string json_of(const Message& message) {
  std::string json;
  append_json(json, message, sample_nodes());
  return json;
}
std::string json_of(MessageBody body) {
  return json_of(Message{1, 2, 3, 11, 12, std::move(body)});
}
std::string error_of(std::string_view json) {
  const Result<Message> message = message_from_json(json, sample_nodes());
  return message ? "no error" : message.error().message;
}

TEST(MessageJson, GivesBackEveryMessage) {
  for (const Message& message : sample_messages()) {
    const std::string json = json_of(message);
    const Result<Message> read = message_from_json(json, sample_nodes());
    ASSERT_TRUE(read) << json << "\n" << read.error().message;
    EXPECT_EQ(*read, message) << json;
  }
}

TEST(MessageJson, HasTheSeedsForm) {
  EXPECT_EQ(json_of(AppendRequest{41, 2, 40, 5, {{1, 11}, {3, 13}}, {}}),
            R"({"type":"HEARTBEAT","from_node":"node1","to_node":"node2","term":3,)"
            R"("from_incarnation":11,"to_incarnation":12,"previous_index":41,"previous_term":2,)"
            R"("commit":40,"read_round":5,"incarnations":[["node1",11],["node3",13]]})");
  EXPECT_EQ(json_of(VoteRequest{true, false, 41, 2}),
            R"({"type":"ELECTION","candidate_id":"node1","to_node":"node2","term":3,)"
            R"("from_incarnation":11,"to_incarnation":12,"pre":true,"transfer":false,)"
            R"("last_index":41,"last_term":2})");
  EXPECT_EQ(json_of(SnapshotRequest{20, 2, 16, 4, 8, SharedBytes(std::string("\0\x01", 2))}),
            R"({"type":"SYNC","from_node":"node1","to_node":"node2","term":3,)"
            R"("from_incarnation":11,"to_incarnation":12,"last_index":20,"last_term":2,)"
            R"("shard_count":16,"first_shard":4,"end_shard":8,"data":{"base64":"AAE="}})");
}

TEST(MessageJson, HasTheSeedsFormForEachEntry) {
  const auto entry = [](LogIndex index, const Command& command) {
    return make_entry(index, 3, EntryType::kCommand, encode_command(command));
  };
  const std::string json = json_of(AppendRequest{
      4,
      2,
      4,
      0,
      {},
      {make_entry(5, 3, EntryType::kEmpty, ""), entry(6, set_command("mykey", "myvalue")),
       entry(7, delete_command("\xFF")), make_entry(8, 3, EntryType::kCommand, "\x09")}});
  EXPECT_EQ(json.substr(json.find("\"entries\"")),
            R"("entries":[{"index":5,"term":3,"operation":"EMPTY"},)"
            R"({"index":6,"term":3,"operation":"SET","key":"mykey","value":"myvalue"},)"
            R"({"index":7,"term":3,"operation":"DELETE","key":{"base64":"/w=="}},)"
            R"({"index":8,"term":3,"operation":"UNKNOWN","payload":"\t"}]})");
}

TEST(MessageJson, ShowsOfACommandWhatItHas) {
  const auto json_of_command = [](const Command& command) {
    const std::string json = json_of(AppendRequest{
        4, 2, 4, 0, {}, {make_entry(6, 3, EntryType::kCommand, encode_command(command))}});
    const std::string before = R"({"index":6,"term":3,)";
    const std::size_t begin = json.find(before) + before.size();
    return json.substr(begin, json.size() - begin - std::string_view("}]}").size());
  };
  Command command;
  command.operation = Operation::kAdd;
  command.key = "hits";
  command.number = -3;
  EXPECT_EQ(json_of_command(command), R"("operation":"INCRBY","key":"hits","number":-3)");
  command = set_command("k", "");
  command.options = kIfEqual;
  command.time_ms = 1'700'000'000'000;
  command.number = 1'700'000'060'000;
  command.more = {"old"};
  EXPECT_EQ(json_of_command(command),
            R"("operation":"SET","key":"k","value":"","number":1700000060000,"options":4,)"
            R"("time_ms":1700000000000,"more":["old"])");
  command = delete_command("a");
  command.more = {"b", "\xFF"};
  EXPECT_EQ(json_of_command(command),
            R"("operation":"DELETE","key":"a","more":["b",{"base64":"/w=="}])");
  command = Command{};
  command.operation = Operation::kFlush;
  EXPECT_EQ(json_of_command(command), R"("operation":"FLUSHALL")");
}

TEST(MessageJson, GivesBackTheBytesOfEveryCommand) {
  const std::string inner = encode_command(set_command("k", "v"));
  std::size_t operations = 0;
  for (unsigned number = 0; number <= 0xFF; ++number) {
    Command command;
    command.operation = static_cast<Operation>(number);
    if (!decode_command(encode_command(command)) && command.operation != Operation::kOnce) continue;
    ++operations;
    Command full{command.operation, 0xFF, 1'700'000'000'000, -5, 7, kOddBytes, inner, {}};
    Command many = full;
    many.more = {inner, inner};
    command.value = inner;
    for (const Command& each : {command, full, many}) {
      const Message message = sample_message(AppendRequest{
          4, 2, 4, 0, {}, {make_entry(6, 3, EntryType::kCommand, encode_command(each))}});
      const std::string json = json_of(message);
      EXPECT_EQ(json.find("UNKNOWN"), std::string::npos) << json;
      const Result<Message> read = message_from_json(json, sample_nodes());
      ASSERT_TRUE(read) << json << ": " << read.error().message;
      EXPECT_EQ(*read, message) << json;
    }
  }
  EXPECT_GT(operations, 25u);
}

TEST(MessageJson, KeepsEntriesThatNobodyWritesToday) {
  const Message message =
      sample_message(AppendRequest{4, 2, 4, 0, {}, {make_entry(5, 3, EntryType::kEmpty, "what")}});
  const Result<Message> read = message_from_json(json_of(message), sample_nodes());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, message);
}

TEST(MessageJson, KeepsSendersWithoutAName) {
  const Message message{9, kNoNode, 1, 2, 3, AppendRequest{0, 0, 0, 0, {{7, 1}}, {}}};
  const Result<Message> read = message_from_json(json_of(message), sample_nodes());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, message);
}

TEST(MessageJson, SaysWhichFieldIsWrong) {
  EXPECT_EQ(error_of(R"({"type":"GOSSIP"})"),
            R"("type" must be one of ELECTION, HEARTBEAT, REPLICATE, SYNC, their replies )"
            R"((ELECTION_REPLY …), HANDOVER, READ_INDEX, READ_INDEX_REPLY)");
  EXPECT_EQ(error_of(R"({"type":"HANDOVER","from_node":"node4"})"),
            R"("from_node" must be one of the nodes node1, node2, node3, or null, not "node4")");
  EXPECT_EQ(error_of(R"({"type":"ELECTION","from_node":"node1"})"),
            R"("candidate_id" is missing; it must be a node's name)");
}

/// A REPLICATE with `entries`.
std::string replicate(const std::string& entries) {
  return R"({"type":"REPLICATE","from_node":"node1","to_node":"node2","term":3,)"
         R"("from_incarnation":1,"to_incarnation":2,"previous_index":4,"previous_term":2,)"
         R"("commit":4,"read_round":0)" +
         entries + "}";
}

TEST(MessageJson, SaysWhichEntryIsWrong) {
  const std::string good = R"({"index":5,"term":3,"operation":"EMPTY"})";
  const auto with = [&](const std::string& entry) {
    return error_of(replicate(R"(,"entries":[)" + good + "," + entry + "]"));
  };
  EXPECT_EQ(with(good), "no error");
  EXPECT_EQ(with(R"({"index":0,"term":3,"operation":"EMPTY"})"),
            R"("entries[1].index" must be at least 1)");
  EXPECT_EQ(with(R"({"index":6,"term":3,"operation":"INCREMENT"})"),
            "\"entries[1].operation\" must be a command's word (SET, DELETE, INCRBY …), EMPTY or "
            "UNKNOWN");
  EXPECT_EQ(with(R"({"index":6,"term":3,"operation":"DELETE","key":"k","mode":"v"})"),
            R"("entries[1].mode" is no field of it)");
  EXPECT_EQ(with(R"({"index":6,"term":3,"operation":"DEL","key":"k"})"),
            R"("entries[1].operation" must be a command's word (SET, DELETE, INCRBY …), EMPTY or )"
            R"(UNKNOWN)");
  EXPECT_EQ(with(R"({"index":6,"term":3,"operation":"SET","key":"k"})"),
            R"("entries[1].value" is missing; it must be a text)");
  EXPECT_EQ(with(R"({"index":6,"term":3,"operation":"MULTI","more":["v"]})"),
            R"("entries[1].operation" has fields that no such command can have)");
  EXPECT_EQ(with("7"), R"("entries[1]" must be an object, not 7)");
}

TEST(MessageJson, TellsAHeartbeatFromAReplication) {
  EXPECT_EQ(error_of(replicate("")),
            R"("entries" is missing or empty; without entries it is a HEARTBEAT)");
  std::string heartbeat = replicate(R"(,"entries":[{"index":5,"term":3,"operation":"EMPTY"}])");
  heartbeat.replace(heartbeat.find("REPLICATE"), 9, "HEARTBEAT");
  EXPECT_EQ(error_of(heartbeat),
            R"("entries" can't stand in a HEARTBEAT; with entries it is a REPLICATE)");
}

TEST(MessageJson, ReadsEachIncarnationOnce) {
  const auto with = [](const std::string& incarnations) {
    return error_of(replicate(
        R"(,"entries":[{"index":5,"term":3,"operation":"EMPTY"}],"incarnations":)" + incarnations));
  };
  EXPECT_EQ(with(R"([["node1",5]])"), "no error");
  for (const char* bad : {R"([["node1",5],["node1",5]])", R"([["node1"]])", R"([["node1",-5]])",
                          R"([["node7",5]])", R"({"node1":5})", "[5]"}) {
    EXPECT_NE(with(bad).find("must be a list of [node, incarnation]"), std::string::npos) << bad;
  }
}

TEST(MessageJson, ReadsOnlyWholeBase64) {
  const auto read = [](const std::string& coded) {
    const Result<Message> message = message_from_json(
        R"({"type":"SYNC","from_node":"node1","to_node":"node2","term":3,"from_incarnation":1,)"
        R"("to_incarnation":2,"last_index":20,"last_term":2,"shard_count":16,"first_shard":4,)"
        R"("end_shard":8,"data":{"base64":")" +
            coded + "\"}}",
        sample_nodes());
    return message ? std::string(std::get<SnapshotRequest>(message->body).data.view()) : "no";
  };
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("Zg=="), "f");
  EXPECT_EQ(read("Zm8="), "fo");
  EXPECT_EQ(read("Zm9v"), "foo");
  EXPECT_EQ(read("Zm9vYg=="), "foob");
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm9 ",
                          "Zm9-", "Zm9\xC3\xAB"}) {
    EXPECT_EQ(read(bad), "no") << bad;
  }
}

}  // namespace
}  // namespace kv
