#include <filesystem>
#include <fstream>
#include <string>

#include "kvviz_program.h"
#include "netsim/simulation.h"
#include "netsim/trace_file.h"

namespace kv::viz {
namespace {

namespace fs = std::filesystem;

double brightness(const Picture& picture) {
  double sum = 0;
  for (const std::uint8_t byte : picture.rgba) sum += byte;
  return sum / static_cast<double>(picture.rgba.size());
}

class Kvviz : public KvvizProgram {
 protected:
  /// A trace of a short run, as kvsim writes it.
  void write_trace(const std::string& name) const {
    const std::string text =
        R"({"title": "Short", "seed": 3, "nodes": 3, "timing": "lan", "run_for": "2s"})";
    const Result<sim::Scenario> scenario = sim::read_scenario(text, "short.json");
    ASSERT_TRUE(scenario) << scenario.error().message;
    std::ofstream out(path(name));
    sim::TraceWriter writer(out, {"kvsim", {"node1", "node2", "node3"}, 3, text, {}});
    sim::Simulation simulation(*scenario, 3);
    simulation.cluster().record_messages(true);
    for (bool more = true; more;) {
      more = simulation.advance();
      for (const Record& record : simulation.cluster().records()) writer.write(record);
    }
    ASSERT_TRUE(writer.finish());
  }
  void write(const std::string& name, const std::string& text) const {
    write_all(path(name), text);
  }
  std::size_t pictures_in(const std::string& folder) const {
    std::size_t count = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(path(folder)))
      count += entry.path().extension() == ".png";
    return count;
  }
  /// A folder with an ffmpeg that only notes what it was asked.
  std::string path_with_ffmpeg(int exit_status) const {
    fs::create_directory(path("bin"));
    write("bin/ffmpeg", "#!/bin/sh\necho \"$@\" >> '" + path("asked.txt") + "'\nexit " +
                            std::to_string(exit_status) + "\n");
    fs::permissions(path("bin/ffmpeg"), fs::perms::owner_all);
    return "PATH='" + path("bin") + ":/bin:/usr/bin'";
  }
};

TEST_F(Kvviz, DrawsAMomentOfAScenarioWithoutADisplay) {
  const Picture before = screenshot(primary_failure() + " --at 4s");
  const Picture after = screenshot("--scenario " + primary_failure() + " --at 12.5s");
  EXPECT_EQ(after.width, 1600);
  EXPECT_EQ(after.height, 900);
  EXPECT_GT(difference(before, after, 16), 0.005);
}

TEST_F(Kvviz, DrawsTheSamePictureAgain) {
  const std::string arguments = primary_failure() + " --at 12500ms --builtin-font";
  EXPECT_EQ(screenshot(arguments).rgba, screenshot(arguments).rgba);
}

TEST_F(Kvviz, DrawsTheEndOfARunIfNoMomentIsNamed) {
  EXPECT_EQ(screenshot(primary_failure()).rgba, screenshot(primary_failure() + " --at 40s").rgba);
}

TEST_F(Kvviz, DrawsAsLargeAndAsLightAsAsked) {
  const std::string moment = primary_failure() + " --at 12.5s";
  const Picture small = screenshot(moment + " --size 1280x720");
  EXPECT_EQ(small.width, 1280);
  EXPECT_EQ(small.height, 720);
  const Picture large = screenshot(moment + " --size 2560x1440 --scale 2");
  EXPECT_EQ(large.width, 2560);
  EXPECT_LT(brightness(screenshot(moment)), 100);
  EXPECT_GT(brightness(screenshot(moment + " --light")), 200);
}

TEST_F(Kvviz, ShowsWhatIsSelectedZoomedAndChosen) {
  const std::string moment = primary_failure() + " --at 12.5s";
  const Picture plain = screenshot(moment);
  const Picture node = screenshot(moment + " --select node2");
  const Picture link = screenshot(moment + " --select link:node1:node2");
  const Picture entry = screenshot(moment + " --select entry:1:0");
  EXPECT_GT(difference(plain, node, 16), 0.001);
  EXPECT_GT(difference(node, link, 16), 0.001);
  EXPECT_GT(difference(link, entry, 16), 0.001);
  EXPECT_GT(difference(plain, screenshot(moment + " --zoom 11.5s..13s"), 16), 0.005);
  const std::string small = moment + " --size 900x500";
  EXPECT_GT(difference(screenshot(small), screenshot(small + " --panel logs"), 16), 0.05);
}

TEST_F(Kvviz, RehearsesWithAnotherSeedAndOtherSettings) {
  const std::string moment = primary_failure() + " --at 12.5s";
  const Picture plain = screenshot(moment);
  EXPECT_GT(difference(plain, screenshot(moment + " --seed 7"), 16), 0.001);
  EXPECT_GT(difference(plain, screenshot(moment + " --set nodes=5"), 16), 0.005);
}

TEST_F(Kvviz, TellsATraceFromAScenarioByItsContent) {
  write_trace("short.json");
  const Picture by_content = screenshot("short.json --at 1s");
  EXPECT_EQ(by_content.rgba, screenshot("--trace short.json --at 1s").rgba);
  const Ended ended = kvviz("short.json --seed 7 --screenshot shot.png");
  EXPECT_EQ(ended.status, 1);
  EXPECT_TRUE(ended.says("short.json is a trace")) << ended.output;
}

TEST_F(Kvviz, OffersTheScenariosInTheFolderIfNothingIsNamed) {
  const Picture none = screenshot("");
  fs::create_directory(path("scenarios"));
  fs::copy(KV_SCENARIO_DIR "/02-primary-failure.json", path("scenarios"));
  EXPECT_GT(difference(none, screenshot(""), 16), 0.0005);
}

TEST_F(Kvviz, SaysWhatIsWrongWithAFile) {
  const Ended missing = kvviz("missing.json --screenshot shot.png");
  EXPECT_EQ(missing.status, 1);
  EXPECT_TRUE(missing.says("missing.json")) << missing.output;
  write("broken.json", R"({"title": "Broken", "nodes": 3, "run_fro": "2s"})");
  const Ended broken = kvviz("broken.json --screenshot shot.png");
  EXPECT_EQ(broken.status, 1);
  EXPECT_TRUE(broken.says("broken.json:1:")) << broken.output;
  EXPECT_TRUE(broken.says("did you mean 'run_for'")) << broken.output;
  write("letter.txt", "Dear reader,\n");
  const Ended letter = kvviz("--trace letter.txt --screenshot shot.png");
  EXPECT_EQ(letter.status, 1);
  EXPECT_TRUE(letter.says("letter.txt:1: ")) << letter.output;
  EXPECT_FALSE(fs::exists(path("shot.png")));
}

TEST_F(Kvviz, SaysThatNoNodeAnswers) {
  const Ended ended = kvviz("--connect 127.0.0.1:1,127.0.0.1:2 --screenshot shot.png");
  EXPECT_EQ(ended.status, 1);
  EXPECT_TRUE(ended.says("no answer from 127.0.0.1:1, 127.0.0.1:2")) << ended.output;
}

TEST_F(Kvviz, DoesNotDrawWhatIsNotThere) {
  const Ended late = kvviz(primary_failure() + " --at 41s --screenshot shot.png");
  EXPECT_EQ(late.status, 2);
  EXPECT_TRUE(late.says("ends at 40.000 s")) << late.output;
  const Ended unknown = kvviz(primary_failure() + " --select node9 --screenshot shot.png");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_TRUE(unknown.says("the nodes are node1, node2, node3")) << unknown.output;
  const Ended nowhere = kvviz(primary_failure() + " --screenshot no/such/folder.png");
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_TRUE(nowhere.says("can't write the picture no/such/folder.png")) << nowhere.output;
}

TEST_F(Kvviz, NamesTheWayOutWhereThereIsNoDisplay) {
  const Ended ended = kvviz(primary_failure());
  EXPECT_EQ(ended.status, 1);
  EXPECT_TRUE(ended.says("can't open a window")) << ended.output;
  EXPECT_TRUE(ended.says("--screenshot")) << ended.output;
}

TEST_F(Kvviz, RecordsAPictureForEachFrame) {
  const std::string film =
      primary_failure() + " --record film --from 4.9s --to 5.1s --fps 20 --size 640x360";
  const Ended ended = kvviz(film + " --speed 0.5", std::string(kNoDisplay) + " PATH=/nowhere");
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_TRUE(ended.says("9 pictures in film\n")) << ended.output;
  EXPECT_TRUE(ended.says("ffmpeg is not installed")) << ended.output;
  EXPECT_TRUE(ended.says("ffmpeg -loglevel error -y -framerate 20 -i film/frame-%05d.png "))
      << ended.output;
  EXPECT_EQ(pictures_in("film"), 9U);
  EXPECT_GT(difference(picture("film/frame-00001.png"), picture("film/frame-00009.png"), 16),
            0.001);
}

TEST_F(Kvviz, ForgetsThePicturesOfALongerRecording) {
  const std::string film = primary_failure() + " --record film --speed 1 --fps 10 --size 320x200";
  const std::string nowhere = std::string(kNoDisplay) + " PATH=/nowhere";
  EXPECT_EQ(kvviz(film + " --from 4s --to 5s", nowhere).status, 0);
  EXPECT_EQ(pictures_in("film"), 11U);
  EXPECT_EQ(kvviz(film + " --from 4s --to 4.5s", nowhere).status, 0);
  EXPECT_EQ(pictures_in("film"), 6U);
}

TEST_F(Kvviz, HasFfmpegMakeAFilmWhereItIsInstalled) {
  const std::string film = primary_failure() + " --record film --to 100ms --fps 10 --size 320x200";
  const Ended ended = kvviz(film, path_with_ffmpeg(0));
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_TRUE(ended.says("film/film.mp4\n")) << ended.output;
  EXPECT_TRUE(ended.says("film/film.gif\n")) << ended.output;
  const std::string asked = read_all(path("asked.txt"));
  EXPECT_NE(asked.find("-framerate 10 -i film/frame-%05d.png"), std::string::npos) << asked;
  EXPECT_EQ(kvviz(film, path_with_ffmpeg(1)).status, 1);
}

TEST_F(Kvviz, MeasuresFrames) {
  const Ended ended = kvviz(primary_failure() + " --measure 3");
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_TRUE(ended.says(" records, ")) << ended.output;
  EXPECT_TRUE(ended.says("a frame while it plays ")) << ended.output;
  EXPECT_TRUE(ended.says("a jump in time and its frame ")) << ended.output;
}

}  // namespace
}  // namespace kv::viz
