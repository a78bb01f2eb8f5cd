#include "ordo/cli/program.h"

#include <optional>

#include <gmock/gmock.h>

#include "ordo/base/file.h"

namespace ordo::cli {
namespace {

struct GreetOptions {
  std::string name = "world";
  int times = 1;
  bool loud = false;
  int extra_times = 0;
  std::vector<std::string> files;
  void describe(OptionSet& set) {
    set.add("name", name, "Whom to greet.").choices({"world", "moon"});
    set.add("times", times, "How often.").range(1, 9).short_name('n');
    set.add("loud", loud, "In capitals.");
    set.add("extra-times", extra_times, "How often besides.");
    set.positional("files", files, "Where to write it.");
  }
};

struct Greeting {
  GreetOptions options;
  int threads = 0;
  std::uint64_t drawn = 0;
};
Json to_json(const Greeting& greeting) { return Json::object({{"name", greeting.options.name}}); }
ExitCode exit_code(const Greeting& greeting) {
  return greeting.options.name == "moon" ? ExitCode::no : ExitCode::done;
}

// Runs a program with these words and keeps what its function saw.
struct Attempt {
  int status = -1;
  std::optional<Greeting> seen;
};

Attempt attempt(std::vector<std::string> words, bool subcommands = false) {
  Attempt result;
  const auto greet = [&result](const GreetOptions& options, Context& context) {
    if (options.name == "world" && options.times == 9) throw NumericError("nine is too many");
    result.seen = Greeting{options, context.threads, context.random.next64()};
    return *result.seen;
  };
  words.insert(words.begin(), "ordo-greet");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Program program("greet", "Greets.");
  program.example("ordo greet --name moon");
  const int argc = static_cast<int>(words.size());
  if (subcommands) {
    program.command<GreetOptions>("hello", "Says hello.", greet);
    program.command<GreetOptions>("bye", "Says bye.", greet);
    program.command<GreetOptions>("letter write", "Writes a letter.", greet);
    program.command<GreetOptions>("letter send", "Sends a letter.", greet);
    result.status = program.run(argc, argv.data());
  } else {
    result.status = program.run<GreetOptions>(argc, argv.data(), greet);
  }
  return result;
}

class Silent : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
  }
  void TearDown() override {
    if (!taken_) take();
  }
  std::string take() {
    taken_ = true;
    const std::string err = testing::internal::GetCapturedStderr();
    return testing::internal::GetCapturedStdout() + err;
  }
  bool taken_ = false;
};

class ProgramRun : public Silent {};

TEST_F(ProgramRun, FillsTheFieldsFromFlagsAndWords) {
  const Attempt greeting =
      attempt({"--name", "moon", "-n", "3", "--loud", "a", "b", "--threads=2"});
  EXPECT_EQ(greeting.status, 1);  // this result's answer is no
  ASSERT_EQ(greeting.status, 1) << take();
  ASSERT_TRUE(greeting.seen);
  EXPECT_EQ(greeting.seen->options.times, 3);
  EXPECT_TRUE(greeting.seen->options.loud);
  EXPECT_EQ(greeting.seen->options.files, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(greeting.seen->threads, 2);
}

TEST_F(ProgramRun, HelpNamesAllWordsOfACommand) {
  EXPECT_EQ(attempt({"letter", "send", "--help"}, /*subcommands=*/true).status, 0);
  EXPECT_EQ(attempt({"bye", "--help"}, /*subcommands=*/true).status, 0);
  const std::string help = take();
  EXPECT_THAT(help, ::testing::HasSubstr("Usage: ordo greet letter send [OPTIONS]"));
  EXPECT_THAT(help, ::testing::HasSubstr("Usage: ordo greet bye [OPTIONS]"));
}

TEST_F(ProgramRun, TakesUnderscoresForDashesInNamesOnly) {
  const Attempt greeting = attempt({"--extra_times=2", "a_b"});
  ASSERT_TRUE(greeting.seen) << take();
  EXPECT_EQ(greeting.seen->options.extra_times, 2);
  EXPECT_EQ(greeting.seen->options.files, (std::vector<std::string>{"a_b"}));
}

TEST_F(ProgramRun, GivesTheFunctionTheStreamOfItsSeed) {
  EXPECT_EQ(attempt({"--seed", "5"}).seen->drawn, Random(5).next64());
  EXPECT_EQ(attempt({}).seen->drawn, Random(0).next64());
}

TEST_F(ProgramRun, TakesWhatTheCommandLineLeavesOpenFromTheConfigFile) {
  const TempFolder folder;
  const std::string path = folder.path() / "greet.toml";
  write_file_atomic(path, "name = \"moon\"\ntimes = 4\n");
  const Attempt greeting = attempt({"--times", "2", "--config", path});
  EXPECT_EQ(greeting.seen->options.name, "moon");
  EXPECT_EQ(greeting.seen->options.times, 2);
  write_file_atomic(path, "name = \"moon\"\ntime = 4\n");
  EXPECT_EQ(attempt({"--config", path}).status, 3);
  EXPECT_NE(take().find("greet.toml:2:1: time: unknown key; did you mean 'times'?"),
            std::string::npos);
}

TEST_F(ProgramRun, EndsWithTwoAndASuggestionForAnUnknownFlagOrCommand) {
  EXPECT_EQ(attempt({"--nmae", "moon"}).status, 2);
  EXPECT_EQ(attempt({"helo"}, true).status, 2);
  EXPECT_EQ(attempt({"hello", "--tmes", "2"}, true).status, 2);
  const std::string said = take();
  EXPECT_NE(said.find("did you mean '--name'?"), std::string::npos);
  EXPECT_NE(said.find("did you mean 'hello'?"), std::string::npos);
  EXPECT_NE(said.find("did you mean '--times'?"), std::string::npos);
}

TEST_F(ProgramRun, EndsWithTwoForAValueOutOfRange) {
  EXPECT_EQ(attempt({"--times", "10"}).status, 2);
  EXPECT_NE(take().find("--times: expected a number from 1 to 9, found 10"), std::string::npos);
}

TEST_F(ProgramRun, EndsWithTheCodeOfTheErrorThatItsFunctionThrows) {
  EXPECT_EQ(attempt({"--times", "9"}).status, 4);
  EXPECT_NE(take().find("nine is too many"), std::string::npos);
}

TEST_F(ProgramRun, ShowsTheExampleInItsHelp) {
  EXPECT_EQ(attempt({"--help"}).status, 0);
  EXPECT_NE(take().find("ordo greet --name moon"), std::string::npos);
}

TEST_F(ProgramRun, PrintsTheResultAsOneLineOfJson) {
  EXPECT_EQ(attempt({"hello", "--json"}, true).status, 0);
  EXPECT_EQ(take(), "{\"name\":\"world\"}\n");
}

TEST_F(ProgramRun, DescribesItsOptionsAsASchema) {
  EXPECT_EQ(attempt({"--describe"}).status, 0);
  const Json description = parse_json(take());
  EXPECT_EQ(description.at("commands")
                .as_array()[0]
                .at("options")
                .at("properties")
                .at("times")
                .at("maximum"),
            Json(9));
}

TEST_F(ProgramRun, CompletesCommandsFlagsAndChoices) {
  attempt({"__complete"}, true);
  attempt({"__complete", "hello", "--name"}, true);
  attempt({"__complete", "letter"}, true);
  const std::string said = take();
  EXPECT_NE(said.find("hello\nbye\nletter\n"), std::string::npos);
  EXPECT_NE(said.find("world\nmoon\n"), std::string::npos);
  EXPECT_NE(said.find("write\nsend\n--help\n"), std::string::npos);
}

TEST_F(ProgramRun, TakesTheThreadsThatAStudyAllots) {
  ::setenv("ORDO_THREADS", "3", 1);
  EXPECT_EQ(attempt({}).seen->threads, 3);
  EXPECT_EQ(attempt({"--threads", "2"}).seen->threads, 2);
  ::setenv("ORDO_THREADS", "many", 1);
  EXPECT_EQ(attempt({}).status, 2);
  ::unsetenv("ORDO_THREADS");
}

TEST_F(ProgramRun, GroupsCommandsOfTwoWords) {
  const Attempt sent = attempt({"letter", "send", "--times", "2"}, true);
  EXPECT_EQ(sent.status, 0);
  ASSERT_TRUE(sent.seen.has_value());
  EXPECT_EQ(sent.seen->options.times, 2);
  EXPECT_EQ(attempt({"letter"}, true).status, 2);
  EXPECT_EQ(attempt({"letter", "burn"}, true).status, 2);
}

}  // namespace
}  // namespace ordo::cli
