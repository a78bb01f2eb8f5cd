#include "ordo/base/worker.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ordo/base/json.h"

namespace ordo {
namespace {

// A worker in a process of its own, and the other end of its socket.
class Worker : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    worker_ = ::fork();
    if (worker_ == 0) {
      ::close(ends[0]);
      int calls = 0;
      serve_worker(ends[1], [&calls](const std::vector<std::string>& arguments) {
        ++calls;
        if (arguments[0] == "crash") std::raise(SIGKILL);
        if (arguments[0] == "throw") throw InputError({}, "broken on purpose");
        if (arguments[0] == "sleep") ::pause();
        std::printf("%s %d %s\n", arguments[0].c_str(), calls, std::getenv("X"));
        return 3;
      });
      ::_exit(0);
    }
    ::close(ends[1]);
    socket_ = ends[0];
    replies_ = ::fdopen(::dup(socket_), "r");
    EXPECT_TRUE(reply().at("ready").as_bool());
  }

  void TearDown() override {
    std::fclose(replies_);
    ::close(socket_);
    int status = -1;
    ::waitpid(worker_, &status, 0);
    EXPECT_EQ(status, 0) << "the worker did not end with its socket";
  }

  void send(const std::string& word, FILE* output) {
    const int out = ::fileno(output);
    const Json job = JsonObject{{"ordo", 1},
                                {"id", ++id_},
                                {"arguments", Json::array({word})},
                                {"env", JsonObject{{"X", "y"}}},
                                {"folder", "/"}};
    send_with_descriptors(socket_, job.dump() + "\n", {0, out, out, out});
  }

  Json reply() {
    std::array<char, 1024> line{};
    EXPECT_NE(std::fgets(line.data(), line.size(), replies_), nullptr);
    return parse_json(line.data());
  }

  // Runs a cell; its end, with what it printed as "printed".
  Json run(const std::string& word) {
    FILE* output = std::tmpfile();
    send(word, output);
    Json end = reply();
    std::rewind(output);
    std::array<char, 1024> text{};
    const std::size_t size = std::fread(text.data(), 1, text.size(), output);
    end["printed"] = std::string(text.data(), size);
    std::fclose(output);
    return end;
  }

  pid_t worker_ = -1;
  int socket_ = -1;
  int id_ = 0;
  FILE* replies_ = nullptr;
};

TEST_F(Worker, RunsEachCellInAForkOfTheSameState) {
  for (const std::string& word : {std::string("a"), std::string("b")}) {
    const Json end = run(word);
    EXPECT_EQ(end.at("id").as_int(), id_);
    EXPECT_EQ(end.at("status").as_int(), 3);
    EXPECT_EQ(end.at("printed").as_string(), word + " 1 y\n");
    EXPECT_GT(end.at("peak_memory").as_int(), 0);
  }
}

TEST_F(Worker, OutlivesACellThatCrashesOrThrows) {
  EXPECT_EQ(run("crash").at("signal").as_int(), SIGKILL);
  const Json thrown = run("throw");
  EXPECT_EQ(thrown.at("status").as_int(), 1);
  EXPECT_EQ(thrown.at("printed").as_string(), "error: broken on purpose\n");
  EXPECT_EQ(run("fine").at("status").as_int(), 3);
}

TEST_F(Worker, StopsACellWhenAsked) {
  FILE* output = std::tmpfile();
  send("sleep", output);
  ::usleep(20'000);
  send_with_descriptors(socket_, "{\"ordo\":1,\"stop\":1}\n", {});
  EXPECT_EQ(reply().at("signal").as_int(), SIGTERM);
  std::fclose(output);
}

}  // namespace
}  // namespace ordo
