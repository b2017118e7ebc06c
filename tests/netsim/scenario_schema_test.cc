// Holds the parts that describe the scenario language together: the tables of the reader, the
// schema for editors, the document for people, and what the simulator does with its words.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <nlohmann/json.hpp>

#include "netsim/chaos.h"
#include "netsim/network.h"
#include "netsim/scenario_language.h"
#include "scenario_reading.h"

namespace kv::sim {
namespace {

using Json = nlohmann::json;

std::string contents(const std::filesystem::path& path) {
  std::ifstream stream(path);
  EXPECT_TRUE(stream.is_open()) << path;
  return {std::istreambuf_iterator<char>(stream), {}};
}

const Json& schema() {
  static const Json kSchema =
      Json::parse(contents(std::filesystem::path(KV_SCENARIO_DIR) / "scenario.schema.json"));
  return kSchema;
}

const Json& definition(std::string_view name) {
  return schema().at("$defs").at(std::string(name));
}

using Keys = std::vector<Key>;

Keys joined(std::initializer_list<std::span<const Key>> lists) {
  Keys keys;
  for (const auto& list : lists) keys.insert(keys.end(), list.begin(), list.end());
  return keys;
}

/// The schema's object has these keys, with these forms, and needs the same ones.
void expect_same_keys(const Json& object, const Keys& keys, const std::string& name) {
  std::set<std::string> ours;
  std::set<std::string> needed;
  for (const Key& key : keys) {
    const std::string word(key.name);
    ours.insert(word);
    if (key.needed) needed.insert(word);
    ASSERT_TRUE(object.at("properties").contains(word)) << name << " lacks " << word;
    const Json& property = object["properties"][word];
    EXPECT_EQ(property.value("$ref", ""), "#/$defs/" + std::string(key.form))
        << name << "." << word;
    EXPECT_FALSE(property.value("description", "").empty()) << name << "." << word;
    EXPECT_TRUE(schema()["$defs"].contains(std::string(key.form))) << key.form;
  }
  for (const auto& [word, property] : object["properties"].items()) {
    EXPECT_TRUE(ours.contains(word)) << "the reader doesn't know " << word << " in " << name;
  }
  EXPECT_EQ(object.value("required", std::set<std::string>{}), needed) << name;
  EXPECT_EQ(object.value("additionalProperties", true), false) << name;
}

/// The names that a list of references leads to.
std::set<std::string> referred(const Json& list) {
  std::set<std::string> names;
  for (const Json& item : list) {
    const std::string reference = item.at("$ref");
    names.insert(reference.substr(reference.rfind('/') + 1));
  }
  return names;
}

TEST(ScenarioSchema, ObjectsAreThoseOfTheReader) {
  for (const ObjectForm& form : object_forms()) {
    const Json& object = form.name == "scenario" ? schema() : definition(form.name);
    expect_same_keys(object, joined({form.keys}), std::string(form.name));
  }
}

TEST(ScenarioSchema, VerbsAreThoseOfTheReader) {
  std::set<std::string> names;
  for (const VerbForm& form : verb_forms()) {
    const std::string name = "step_" + std::string(form.key.name);
    names.insert(name);
    EXPECT_EQ(verb_name(form.verb), form.key.name);
    expect_same_keys(definition(name), joined({step_keys(), {&form.key, 1}, form.extras}), name);
  }
  EXPECT_EQ(referred(definition("step").at("allOf").at(1).at("oneOf")), names);
}

TEST(ScenarioSchema, ClaimsAreThoseOfTheReader) {
  std::set<std::string> names;
  for (const ClaimForm& form : claim_forms()) {
    const std::string name = "expect_" + std::string(form.key.name);
    names.insert(name);
    const std::span<const Key> moments = form.timed ? moment_keys() : std::span<const Key>{};
    expect_same_keys(definition(name), joined({moments, {&form.key, 1}, {&caption_key(), 1}}),
                     name);
  }
  EXPECT_EQ(referred(definition("expectation").at("oneOf")), names);
}

TEST(ScenarioSchema, WordsAreThoseOfTheReader) {
  for (const WordList& words : word_lists()) {
    const std::vector<std::string> list(words.list.begin(), words.list.end());
    EXPECT_EQ(definition(words.name).at("enum").get<std::vector<std::string>>(), list)
        << words.name;
  }
}

TEST(ScenarioSchema, EveryReferenceLeadsSomewhereAndNothingIsLeftOver) {
  const std::string text = schema().dump();
  std::set<std::string> used;
  const std::string mark = "#/$defs/";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    used.insert(text.substr(begin, text.find('"', begin) - begin));
  }
  std::set<std::string> defined;
  for (const auto& [name, value] : schema()["$defs"].items()) defined.insert(name);
  EXPECT_EQ(used, defined);
}

TEST(ScenarioLanguage, TheSimulatorKnowsItsWords) {
  for (const std::string_view word : word_list("message_kind").list) {
    EXPECT_TRUE(kinds_named(word).has_value()) << word;
  }
  std::vector<std::string_view> classes;
  for (const Verb verb : Chaos::classes()) classes.push_back(verb_name(verb));
  const auto faults = word_list("fault").list;
  EXPECT_EQ(classes, std::vector<std::string_view>(faults.begin(), faults.end()));
  for (const std::string_view promise : word_list("promise").list) {
    const auto checker = checker_named(promise);
    ASSERT_TRUE(checker.has_value()) << promise;
    EXPECT_EQ(checker_named(*checker), checker) << promise;
  }
  EXPECT_FALSE(checker_named("it is fast").has_value());
}

const std::string& document() {
  static const std::string kText =
      contents(std::filesystem::path(KV_SCENARIO_DIR).parent_path() / "docs" / "scenarios.md");
  return kText;
}

TEST(ScenarioLanguage, TheDocumentsExampleIsRight) {
  const std::string begin = "```json\n";
  const std::size_t from = document().find(begin) + begin.size();
  const std::string example = document().substr(from, document().find("```", from) - from);
  const Result<Scenario> scenario = read_scenario(example, "example.json");
  ASSERT_TRUE(scenario.has_value()) << scenario.error().message;
  EXPECT_EQ(scenario->steps.size(), 2u);
}

TEST(ScenarioLanguage, TheDocumentTellsEveryWord) {
  const std::string& text = document();
  std::set<std::string> words;
  const auto add = [&](std::span<const Key> keys) {
    for (const Key& key : keys) words.insert(std::string(key.name));
  };
  for (const ObjectForm& form : object_forms()) add(form.keys);
  add(step_keys());
  for (const VerbForm& form : verb_forms()) {
    words.insert(std::string(form.key.name));
    add(form.extras);
  }
  add(moment_keys());
  for (const ClaimForm& form : claim_forms()) words.insert(std::string(form.key.name));
  for (const std::string& word : words) {
    const bool told = text.find("`" + word + "`") != std::string::npos ||
                      text.find("\"" + word + "\":") != std::string::npos;
    EXPECT_TRUE(told) << "docs/scenarios.md doesn't say what '" << word << "' is";
  }
  for (const WordList& list : word_lists()) {
    for (const std::string_view word : list.list) {
      EXPECT_NE(text.find("`" + std::string(word) + "`"), std::string::npos)
          << "docs/scenarios.md doesn't say what " << list.words << " `" << word << "` is";
    }
  }
}

}  // namespace
}  // namespace kv::sim
