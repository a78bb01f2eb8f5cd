#include "ordo/base/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ordo/base/file.h"

namespace ordo {
namespace {

using Reason = ProcessExit::Reason;
using testing::HasSubstr;

ProcessOutput shell(const std::string& script, const ProcessLimits& limits = {},
                    std::string_view input = {}) {
  return run_process({.argv = {"sh", "-c", script}, .env = {}, .folder = {}}, limits, input);
}

// Waits up to two seconds for a process to be gone.
bool is_gone(pid_t process) {
  for (int i = 0; i < 200; ++i) {
    if (::kill(process, 0) != 0 && errno == ESRCH) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST(Process, GivesOutputStatusAndUsage) {
  const ProcessOutput output = shell("cat; echo problem >&2; sleep 0.05; exit 3", {}, "hello\n");
  EXPECT_EQ(output.out, "hello\n");
  EXPECT_EQ(output.err, "problem\n");
  EXPECT_EQ(output.exit.reason, Reason::exited);
  EXPECT_EQ(output.exit.status, 3);
  EXPECT_GE(output.exit.wall_seconds, 0.05);
  EXPECT_GT(output.exit.peak_memory, 100'000);
}

TEST(Process, MeasuresProcessorTimeAndMemoryOfChildren) {
  const ProcessOutput output =
      shell("python3 -c 'x = bytearray(150_000_000); sum(range(3_000_000))'; true");
  EXPECT_GE(output.exit.peak_memory, 150'000'000);
  EXPECT_GT(output.exit.user_seconds, 0.01);
}

TEST(Process, SetsEnvironmentFolderAndNoTerminal) {
  const TempFolder folder;
  const ProcessOutput output = run_process(
      {.argv = {"sh", "-c", "echo $ORDO_X; pwd; (: </dev/tty) 2>/dev/null || echo none"},
       .env = {{"ORDO_X", "a b"}},
       .folder = folder.path()});
  EXPECT_EQ(output.out, "a b\n" + folder.path().string() + "\nnone\n");
}

TEST(Process, NamesTheSignalOfACrash) {
  const ProcessOutput output = shell("kill -SEGV $$");
  EXPECT_EQ(output.exit.reason, Reason::signalled);
  EXPECT_EQ(output.exit.signal, SIGSEGV);
  EXPECT_EQ(output.exit.status, 128 + SIGSEGV);
}

TEST(Process, NamesTheNearestCommand) {
  try {
    run_process({.argv = {"pyhton3"}, .env = {}, .folder = {}});
    FAIL() << "nothing was thrown";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no command 'pyhton3' in PATH"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'python3'?"));
  }
}

TEST(Process, SaysWhyAFileCannotBeRun) {
  const TempFolder folder;
  write_file_atomic(folder.path() / "train.sh", "echo hi\n");
  const Command command{.argv = {"./train.sh"}, .env = {}, .folder = folder.path()};
  EXPECT_THROW(run_process(command), IoError);
  std::filesystem::permissions(folder.path() / "train.sh", std::filesystem::perms::owner_all);
  try {
    run_process(command);
    FAIL() << "nothing was thrown";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no #! line"));
  }
}

TEST(Process, StopsAtTheTimeLimitAndKillsWhatIgnoresTerm) {
  const ProcessOutput polite = shell("sleep 60", {.wall_seconds = 0.1});
  EXPECT_EQ(polite.exit.reason, Reason::time_limit);
  EXPECT_EQ(polite.exit.signal, SIGTERM);
  EXPECT_LT(polite.exit.wall_seconds, 1.5);
  const ProcessOutput stubborn = shell("trap '' TERM; while :; do sleep 0.01; done",
                                       {.wall_seconds = 0.1, .grace_seconds = 0.2});
  EXPECT_EQ(stubborn.exit.reason, Reason::time_limit);
  EXPECT_EQ(stubborn.exit.signal, SIGKILL);
  EXPECT_GE(stubborn.exit.wall_seconds, 0.3);
}

TEST(Process, StopsAtTheMemoryLimitOfTheWholeTree) {
  const std::string eater = "python3 -c 'import time; x = bytearray(60_000_000); time.sleep(30)'";
  const ProcessOutput output =
      shell(eater + " & " + eater + " & wait", {.wall_seconds = 20, .memory_bytes = 100'000'000});
  EXPECT_EQ(output.exit.reason, Reason::memory_limit);
  const ProcessOutput below = shell("python3 -c 'x = bytearray(60_000_000)'",
                                    {.wall_seconds = 20, .memory_bytes = 100'000'000});
  EXPECT_EQ(below.exit.reason, Reason::exited);
}

TEST(Process, KeepsHeadAndTailOfMuchOutput) {
  const ProcessOutput output = shell("echo first; head -c 30000000 /dev/zero; echo last");
  EXPECT_LT(output.out.size(), 200'000u);
  EXPECT_TRUE(output.out.starts_with("first\n"));
  EXPECT_TRUE(output.out.ends_with("last\n"));
  EXPECT_THAT(output.out, HasSubstr("bytes left out"));
  EXPECT_EQ(shell("yes", {.output_bytes = 1'000'000}).exit.reason, Reason::output_limit);
}

TEST(Process, IsStoppedByTheToken) {
  StopSource source;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    source.request_stop();
  });
  EXPECT_THROW(
      run_process({.argv = {"sleep", "60"}, .env = {}, .folder = {}}, {}, {}, source.token()),
      Interrupted);
  stopper.join();
}

TEST(Process, LeavesNoDaemonBehind) {
  const ProcessOutput output = shell(
      "setsid sh -c 'trap \"\" TERM HUP; (sleep 100 & echo $!; wait) & echo $!; wait' & sleep 0.2");
  std::istringstream pids(output.out);
  int count = 0;
  for (pid_t process = 0; pids >> process; ++count) EXPECT_TRUE(is_gone(process)) << process;
  EXPECT_EQ(count, 2);
}

TEST(Process, PassesDescriptors) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  Guardian guardian;
  for (int round = 0; round < 3; ++round) {
    guardian.start(
        {.argv = {"sh", "-c", "echo $0 >&3", std::to_string(round)}, .env = {}, .folder = {}}, {},
        {{ends[1], 3}});
    EXPECT_EQ(guardian.wait().status, 0);
    std::array<char, 8> text{};
    EXPECT_EQ(::read(ends[0], text.data(), text.size()), 2);
    EXPECT_EQ(text[0], '0' + round);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

// A parent that is killed with SIGKILL at any time must leave nothing, daemons included.
TEST(Process, DiesWithItsParent) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    Guardian guardian;
    guardian.start({.argv = {"sh", "-c",
                             "setsid sh -c 'echo $$ >&3; exec sleep 100 3>&-' & echo $$ >&3;"
                             "trap '' TERM; exec sleep 100 3>&-"},
                    .env = {},
                    .folder = {}},
                   {}, {{ends[1], 3}});
    ::pause();
    ::_exit(0);
  }
  ::close(ends[1]);
  FILE* pids = ::fdopen(ends[0], "r");
  std::array<int, 2> started{};
  ASSERT_EQ(std::fscanf(pids, "%d %d", &started[0], &started[1]), 2);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  for (int process : started) EXPECT_TRUE(is_gone(process)) << process;
  std::fclose(pids);
}

TEST(Process, TellsWhenItsGuardianIsKilled) {
  Guardian guardian;
  guardian.start({.argv = {"sh", "-c", "kill -9 $PPID; sleep 60"}, .env = {}, .folder = {}}, {},
                 {});
  EXPECT_EQ(guardian.wait().reason, Reason::lost);
  guardian.start({.argv = {"true"}, .env = {}, .folder = {}}, {}, {});
  EXPECT_EQ(guardian.wait().status, 0);
}

TEST(HeadTail, KeepsEverythingThatFits) {
  HeadTail kept(4, 4);
  for (const char* part : {"ab", "cde", "fgh"}) kept.append(part);
  EXPECT_EQ(kept.text(), "abcdefgh");
  kept.append("ij");
  EXPECT_EQ(kept.text(), "abcd\n... 2 bytes left out ...\nghij");
  kept.append(std::string(100, 'x'));
  EXPECT_EQ(kept.tail(), "xxxx");
  EXPECT_EQ(kept.total(), 110);
}

// python3 -c "print(bytes.fromhex('...').decode('utf-8', 'backslashreplace'))" agrees on these.
TEST(EscapeInvalidUtf8, KeepsTextAndShowsBytes) {
  EXPECT_EQ(escape_invalid_utf8("gr\xC3\xBC\xC3\x9F \xF0\x9F\x99\x82\n"),
            "gr\xC3\xBC\xC3\x9F \xF0\x9F\x99\x82\n");
  EXPECT_EQ(escape_invalid_utf8("a\xFF\xC3"), "a\\xFF\\xC3");
  EXPECT_EQ(escape_invalid_utf8("\xC0\x80\xED\xA0\x80"), "\\xC0\\x80\\xED\\xA0\\x80");
  EXPECT_EQ(escape_invalid_utf8(std::string_view("\0\x01", 2)), "\\x00\\x01");
}

}  // namespace
}  // namespace ordo
