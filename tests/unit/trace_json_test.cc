#include "core/trace_json.h"

#include <gtest/gtest.h>

#include "support/trace_samples.h"

namespace kv {
namespace {

TraceHeader sample_header() {
  return {"kvsim 0.1.0",
          sample_nodes(),
          0xFEDCBA9876543210,
          "{\n  \"title\": \"Primary\"\n}\n",
          {"network.loss=0.1", "nodes=5"}};
}

std::string error_of(std::string_view line) {
  const Result<Record> record = record_from_json(line, sample_nodes());
  return record ? "no error" : record.error().message;
}
std::string header_error_of(std::string_view line) {
  const Result<TraceHeader> header = trace_header_from_json(line);
  return header ? "no error" : header.error().message;
}

TEST(TraceJson, GivesBackEveryRecord) {
  for (const Record& record : sample_records()) {
    const std::string line = to_json_line(record, sample_nodes());
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    const Result<Record> read = record_from_json(line, sample_nodes());
    ASSERT_TRUE(read) << line << "\n" << read.error().message;
    EXPECT_EQ(*read, record) << line;
    EXPECT_EQ(to_json_line(*read, sample_nodes()), line);
  }
}

TEST(TraceJson, LooksLikeThis) {
  const auto line = [](NodeId node, Fact fact) {
    return to_json_line({12, Instant{5'000'300'000}, node, std::move(fact)}, sample_nodes());
  };
  EXPECT_EQ(line(2, Event{CampaignStarted{true, 1, Cause::kElectionTimeout}}),
            R"({"seq":12,"at":5000300000,"node":"node2","event":"CampaignStarted",)"
            R"("pre":true,"term":1,"cause":"election_timeout"})");
  EXPECT_EQ(line(kNoNode, LinkChanged{1, kNoNode, true}),
            R"({"seq":12,"at":5000300000,"node":null,"event":"LinkChanged",)"
            R"("from":"node1","to":null,"cut":true})");
  EXPECT_EQ(line(1, Event{MessageIgnored{9, "AppendReply", Reason::kUnknownSender}}),
            R"({"seq":12,"at":5000300000,"node":"node1","event":"MessageIgnored",)"
            R"("from":9,"type":"AppendReply","reason":"unknown_sender"})");
  EXPECT_EQ(line(1, ClientCalled{7, 4, OperationKind::kSet, "\x01\"", "\xFF"}),
            R"({"seq":12,"at":5000300000,"node":"node1","event":"ClientCalled",)"
            R"("operation":7,"client":4,"kind":"set","key":"\u0001\"","value":{"base64":"/w=="}})");
  EXPECT_EQ(line(1, ClientAnswered{7, 4, Ending::kOk, "", std::nullopt}),
            R"({"seq":12,"at":5000300000,"node":"node1","event":"ClientAnswered",)"
            R"("operation":7,"client":4,"ending":"ok","detail":""})");
}

TEST(TraceJson, KeepsTheLargestNumbers) {
  const Record record{UINT64_MAX, Instant{INT64_MIN}, UINT32_MAX,
                      NodeStarted{UINT64_MAX, UINT64_MAX, 0, 1}};
  const Result<Record> read =
      record_from_json(to_json_line(record, sample_nodes()), sample_nodes());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, record);
}

TEST(TraceJson, KeepsAnyBytes) {
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    const Record record{
        1, {}, 1, ClientCalled{1, 1, OperationKind::kSet, bytes, kOddBytes + bytes}};
    const Result<Record> read =
        record_from_json(to_json_line(record, sample_nodes()), sample_nodes());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, record) << size;
    bytes += static_cast<char>(size);
  }
}

TEST(TraceJson, TakesForTextOnlyWhatIsUtf8) {
  const auto is_text = [](std::string_view bytes) {
    std::string line = to_json_line({1, {}, 1, StepTaken{0, std::string(bytes), ""}}, {});
    return line.find("base64") == std::string::npos;
  };
  for (const std::string_view text :
       {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_text(text)) << text;
  }
  for (const std::string_view bytes :
       {"\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xEF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "a\xFF"}) {
    EXPECT_FALSE(is_text(bytes)) << testing::PrintToString(bytes);
  }
}

/// Whatever is read can be written and read again; else there is a reason.
void expect_refused_or_faithful(const std::string& line) {
  const Result<Record> read = record_from_json(line, sample_nodes());
  if (!read) {
    EXPECT_FALSE(read.error().message.empty()) << line;
    return;
  }
  const Result<Record> again =
      record_from_json(to_json_line(*read, sample_nodes()), sample_nodes());
  ASSERT_TRUE(again) << line << "\n" << again.error().message;
  EXPECT_EQ(*again, *read) << line;
}

TEST(TraceJson, RefusesEveryTruncatedLine) {
  for (const Record& record : sample_records()) {
    const std::string line = to_json_line(record, sample_nodes());
    for (std::size_t size = 0; size < line.size(); ++size) {
      EXPECT_FALSE(record_from_json(line.substr(0, size), sample_nodes())) << line.substr(0, size);
    }
  }
}

TEST(TraceJson, SurvivesEveryChangedByte) {
  constexpr std::string_view kBytes{"\0\x1F\"\\{}[]:,-0179e.nt \x80\xC3\xFF", 23};
  for (const Record& record : sample_records()) {
    const std::string line = to_json_line(record, sample_nodes());
    for (std::size_t at = 0; at < line.size(); ++at) {
      std::string changed = line;
      for (const char byte : kBytes) {
        changed[at] = byte;
        expect_refused_or_faithful(changed);
      }
      for (int bit = 0; bit < 8; ++bit) {
        changed[at] = static_cast<char>(line[at] ^ (1 << bit));
        expect_refused_or_faithful(changed);
      }
    }
  }
}

TEST(TraceJson, SurvivesDeepNesting) {
  const std::string deep(200'000, '[');
  EXPECT_NE(error_of(deep), "no error");
  EXPECT_NE(error_of(deep + std::string(200'000, ']')), "no error");
  const std::string nested = deep + std::string(200'000, ']');
  EXPECT_EQ(error_of(R"({"seq":)" + nested + R"(,"at":1,"node":null,"event":"NodePaused"})"),
            R"("seq" must be a whole number from 0 to 18446744073709551615, not a list)");
}

TEST(TraceJson, SaysWhichFieldIsWrong) {
  const auto campaign = [](const std::string& fields) {
    return error_of(R"({"seq":1,"at":2,"node":"node1","event":"CampaignStarted")" + fields + "}");
  };
  EXPECT_EQ(campaign(R"(,"pre":true,"term":1,"cause":"election_timeout")"), "no error");
  EXPECT_EQ(campaign(R"(,"pre":true,"cause":"election_timeout")"),
            R"("term" of CampaignStarted is missing; it must be a whole number)");
  EXPECT_EQ(campaign(R"(,"pre":1,"term":1,"cause":"election_timeout")"),
            R"("pre" of CampaignStarted must be true or false, not 1)");
  EXPECT_EQ(campaign(R"(,"pre":true,"term":"1","cause":"election_timeout")"),
            R"("term" of CampaignStarted must be a whole number from 0 to 18446744073709551615, )"
            R"(not "1")");
  EXPECT_EQ(campaign(R"(,"pre":true,"term":1.5,"cause":"election_timeout")"),
            R"("term" of CampaignStarted must be a whole number from 0 to 18446744073709551615, )"
            R"(not 1.5)");
  EXPECT_EQ(campaign(R"(,"pre":true,"term":1,"cause":"boredom")"),
            R"("cause" of CampaignStarted must be one of bootstrap, election_timeout, )"
            R"(campaign_timeout, transfer, won_pre_vote, won_election, higher_term, leader_found, )"
            R"(lost_quorum, refused, granted_vote, wiped, not "boredom")");
  EXPECT_EQ(campaign(R"(,"pre":true,"term":1,"cause":"election_timeout","colour":"red")"),
            R"("colour" of CampaignStarted is no field of it)");
}

TEST(TraceJson, SaysWhatIsWrongWithALine) {
  EXPECT_EQ(error_of(""), "the line is not one whole JSON text in UTF-8");
  EXPECT_EQ(error_of("[]"), "the line must be an object, not a list");
  EXPECT_EQ(error_of(R"({"seq":1,"at":2,"event":"NodePaused"})"),
            R"("node" is missing; it must be a node's name)");
  EXPECT_EQ(error_of(R"({"seq":1,"at":2,"node":"node9","event":"NodePaused"})"),
            R"("node" must be one of the nodes node1, node2, node3, or null, not "node9")");
  EXPECT_EQ(error_of(R"({"seq":1,"at":2,"node":1,"event":"NodePaused"})"),
            R"("node" must be one of the nodes node1, node2, node3, or null, not 1)");
  EXPECT_EQ(error_of(R"({"seq":1,"at":9223372036854775808,"node":null,"event":"NodePaused"})"),
            R"("at" must be a whole number, not 9223372036854775808)");
  EXPECT_EQ(error_of(R"({"seq":1,"at":2,"node":null,"event":"NodeMelted"})"),
            R"("event" is "NodeMelted", which version 3 of the format doesn't know: read the )"
            R"(trace with the program that wrote it; its first line names it)");
  EXPECT_EQ(error_of(R"({"seq":1,"at":2,"node":null,"event":"MessageIgnored","from":"node1",)"
                     R"("type":"REPLICATE","reason":"stale_term"})"),
            R"("type" of MessageIgnored must be core's name of a message, like AppendRequest, )"
            R"(not "REPLICATE")");
  EXPECT_EQ(error_of(R"({"seq":1,"at":2,"node":null,"event":"ViolationFound","checker":{"base64":)"
                     R"("/x=="},"words":""})"),
            R"("checker" of ViolationFound must be a text, or bytes as {"base64":"…"}, )"
            R"(not an object)");
}

TEST(TraceHeaderJson, IsGivenBack) {
  const TraceHeader header = sample_header();
  const std::string line = to_json_line(header);
  EXPECT_TRUE(line.starts_with(
      R"({"trace":"understudy","version":3,"program":"kvsim 0.1.0","nodes":["node1","node2",)"
      R"("node3"],"seed":18364758544493064720,"scenario":"{\n  \"title\")"))
      << line;
  const Result<TraceHeader> read = trace_header_from_json(line);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->program, header.program);
  EXPECT_EQ(read->nodes, header.nodes);
  EXPECT_EQ(read->seed, header.seed);
  EXPECT_EQ(read->scenario, header.scenario);
  EXPECT_EQ(read->settings, header.settings);
}

TEST(TraceHeaderJson, SurvivesEveryTruncationAndEveryChangedByte) {
  const std::string line = to_json_line(sample_header());
  for (std::size_t at = 0; at < line.size(); ++at) {
    EXPECT_FALSE(trace_header_from_json(line.substr(0, at)));
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = line;
      changed[at] = static_cast<char>(byte);
      const Result<TraceHeader> read = trace_header_from_json(changed);
      if (read) {
        EXPECT_TRUE(trace_header_from_json(to_json_line(*read))) << changed;
      } else {
        EXPECT_FALSE(read.error().message.empty());
      }
    }
  }
}

TEST(TraceHeaderJson, OfAnotherVersionSaysSo) {
  EXPECT_EQ(header_error_of(R"({"trace":"understudy","version":7,"program":"kvsim 2.0","x":1})"),
            "this trace was written in version 7 of the format; this program reads version 3: run "
            "it with the program that wrote it (kvsim 2.0)");
  EXPECT_EQ(header_error_of(R"({"trace":"understudy","version":1})"),
            "this trace was written in version 1 of the format; this program reads version 3: run "
            "it with the program that wrote it");
}

TEST(TraceHeaderJson, OfSomethingElseSaysSo) {
  const std::string no_trace =
      R"(this is no trace: its first line must begin with {"trace":"understudy","version":3; )"
      "kvsim run --trace writes one";
  EXPECT_EQ(header_error_of(""), no_trace);
  EXPECT_EQ(header_error_of("{}"), no_trace);
  EXPECT_EQ(header_error_of(R"({"trace":1,"version":1})"), no_trace);
  EXPECT_EQ(header_error_of(to_json_line(sample_records().front(), sample_nodes())), no_trace);
}

TEST(TraceHeaderJson, NamesEachNodeOnce) {
  TraceHeader header = sample_header();
  header.nodes[2] = "node1";
  EXPECT_EQ(header_error_of(to_json_line(header)),
            R"("nodes[2]" must be a name that no other node has)");
  header.nodes[2] = "";
  EXPECT_EQ(header_error_of(to_json_line(header)),
            R"("nodes[2]" must be a name that no other node has)");
}

}  // namespace
}  // namespace kv
