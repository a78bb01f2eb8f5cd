#include "ordo/study/runner.h"

#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>

#include "ordo/base/file.h"
#include "ordo/base/worker.h"
#include "ordo/store/store.h"

namespace ordo::study {
namespace {

using store::Status;
using testing::HasSubstr;

trial::Job shell_job(const std::string& script, std::int64_t seed) {
  trial::Job job;
  job.argv = {"sh", "-c", script};
  job.cells = {
      {.key = store::cell_key("shell", {}, seed), .variant = "shell", .params = {}, .seed = seed}};
  return job;
}

trial::Job python_job(const std::string& script, std::int64_t seed) {
  trial::Job job = shell_job("", seed);
  job.argv = {"python3", "-c", script};
  job.env["PYTHONPATH"] = ORDO_SOURCE_DIR "/python";
  return job;
}

class Runner : public testing::Test {
 protected:
  RunSummary run(const std::vector<trial::Job>& jobs, const RunOptions& options = {.jobs = 2}) {
    Context context;
    context.stop = stop_.token();
    store::Store store = open();
    RunObserver observer;
    return run_jobs(jobs, store, "test", options, observer, context);
  }

  store::Store open() {
    Context context;
    store::Store store(folder_.path() / "store", {}, context);
    if (!store.study("test")) {
      store::Study study;
      study.name = "test";
      store.put_study(study);
    }
    return store;
  }

  // The run that counts of the cell with this seed.
  store::Run only_run(std::int64_t seed) {
    const store::Store store = open();
    for (const store::Cell& cell : store.cells("test")) {
      if (cell.seed == seed && cell.run) return *store.run(*cell.run);
    }
    throw UsageError("no run of that seed");
  }

  std::string log(std::int64_t seed) {
    const store::Log log = open().log(only_run(seed).id);
    return log.head + log.tail;
  }

  std::vector<double> series(std::int64_t seed, const std::string& name) {
    return open().series(only_run(seed).id, name).value;
  }

  TempFolder folder_;
  StopSource stop_;
};

TEST_F(Runner, RecordsEventsOfTheDescriptorAndOfStandardOutput) {
  const RunSummary summary = run({shell_job(
      R"(echo '{"ordo":1,"type":"metric","name":"acc","step":0,"value":0.25}' >&$ORDO_EVENTS_FD
         echo '{"ordo":1,"type":"metric","name":"acc","step":1,"value":0.5}'
         echo plain print; echo problem >&2
         echo '{"ordo":1,"type":"result","values":{"n":7,"name":"x"}}')",
      1)});
  EXPECT_EQ(summary.done, 1);
  EXPECT_THAT(series(1, "acc"), testing::UnorderedElementsAre(0.25, 0.5));
  EXPECT_EQ(only_run(1).results.find("n")->as_int(), 7);
  EXPECT_EQ(only_run(1).status, Status::done);
  EXPECT_THAT(log(1), HasSubstr("plain print\n"));
  EXPECT_THAT(log(1), HasSubstr("problem\n"));
  EXPECT_THAT(log(1), Not(HasSubstr("acc")));
}

TEST_F(Runner, TakesOneFinalObjectAsTheResult) {
  run({shell_job(R"(echo loading; echo '{"loss": 0.5, "ok": true}')", 1),
       shell_job("printf '{\\n  \"loss\": 2\\n}\\n'", 2), shell_job("true", 3),
       shell_job(R"(echo '{"loss": NaN, "low": -Infinity, "text": "NaN"}')", 4)});
  EXPECT_EQ(only_run(1).results.find("loss")->as_double(), 0.5);
  EXPECT_EQ(only_run(2).results.find("loss")->as_double(), 2);
  EXPECT_TRUE(only_run(3).results.empty());
  EXPECT_GT(only_run(3).wall_seconds, 0);
  EXPECT_TRUE(std::isnan(only_run(4).results.find("loss")->as_double()));  // as Python writes it
  EXPECT_EQ(only_run(4).results.find("low")->as_double(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(only_run(4).results.find("text")->as_string(), "NaN");
}

TEST_F(Runner, TellsTheCellWhoItIs) {
  trial::Job job = shell_job("", 5);
  job.argv = {"sh", "-c",
              "echo $ORDO_VARIANT $ORDO_SEED $ORDO_THREADS $OMP_NUM_THREADS; echo "
              "\"$ORDO_CELL\"; cat; pwd"};
  job.cells[0].params = {{"rate", 0.5}};
  job.stdin_text = "input\n";
  job.folder = folder_.path();
  run({job}, {.jobs = 1, .threads_per_cell = 3});
  EXPECT_THAT(log(5), HasSubstr("shell 5 3 3\n"));
  EXPECT_THAT(log(5), HasSubstr(R"("params":{"rate":0.5})"));
  EXPECT_THAT(log(5), HasSubstr("input\n" + folder_.path().string()));
}

TEST_F(Runner, RecordsEveryWayToFailAndGoesOn) {
  std::vector<trial::Job> jobs{
      shell_job("exit 3", 1),
      shell_job("kill -SEGV $$", 2),
      shell_job("trap '' TERM; while :; do sleep 0.05; done", 3),
      shell_job("yes", 4),
      shell_job("exec python3 -c 'x = bytearray(300_000_000); input()' <&2", 5),
      shell_job("printf 'bad \\377 byte'", 6),
      shell_job("setsid sh -c 'echo $$; exec sleep 100' & sleep 0.1", 7),
      shell_job("", 8),
      shell_job("echo fine", 9)};
  jobs[2].time_limit = 0.2;
  jobs[3].output_limit = 1'000'000;
  jobs[4].memory_limit = 100'000'000;
  jobs[4].argv[2] = "exec python3 -c 'import time; x = bytearray(300_000_000); time.sleep(60)'";
  jobs[7].argv = {"no-such-command"};
  const RunSummary summary = run(jobs);
  EXPECT_EQ(summary.failed, 6);
  EXPECT_EQ(summary.done, 3);
  EXPECT_EQ(only_run(1).exit_status, 3);
  EXPECT_EQ(only_run(2).signal, SIGSEGV);
  EXPECT_EQ(only_run(3).status, Status::timeout);
  EXPECT_THAT(only_run(4).reason, HasSubstr("printed more"));
  EXPECT_THAT(only_run(5).reason, HasSubstr("memory"));
  EXPECT_EQ(log(6), "bad \\xFF byte");
  EXPECT_NE(::kill(std::stoi(log(7)), 0), 0);
  EXPECT_THAT(only_run(8).reason, HasSubstr("no command 'no-such-command'"));
  EXPECT_THROW(check_commands(jobs), IoError);
}

TEST_F(Runner, RunsAFinishedCellOnlyOnce) {
  const std::string count = (folder_.path() / "count").string();
  const std::vector<trial::Job> jobs{shell_job("echo x >> " + count, 1)};
  EXPECT_EQ(run(jobs).done, 1);
  EXPECT_EQ(run(jobs).skipped, 1);
  EXPECT_EQ(read_file(count), "x\n");
}

TEST_F(Runner, TriesAgainAfterAFailure) {
  trial::Job job = shell_job("echo x >> tries; test $(wc -l < tries) = 3", 1);
  job.folder = folder_.path();
  job.retries = 1;
  EXPECT_EQ(run({job}).failed, 1);
  EXPECT_EQ(read_file(folder_.path() / "tries"), "x\nx\n");
  job.cells[0].seed = 2;
  job.cells[0].key = "other";
  job.retries = 5;
  EXPECT_EQ(run({job}).done, 1);
  EXPECT_EQ(read_file(folder_.path() / "tries"), "x\nx\nx\n");
}

TEST_F(Runner, StopsCleanlyAndGoesOnLater) {
  std::vector<trial::Job> jobs{shell_job("sleep 60", 1), shell_job("true", 2),
                               shell_job("sleep 60", 3), shell_job("true", 4)};
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    stop_.request_stop();
  });
  const RunSummary summary = run(jobs);
  stopper.join();
  EXPECT_EQ(summary.done, 1);
  EXPECT_EQ(summary.interrupted, 3);
  EXPECT_EQ(only_run(1).status, Status::killed);
  stop_ = StopSource();
  for (trial::Job& job : jobs) job.argv = {"true"};
  EXPECT_EQ(run(jobs).done, 3);
}

trial::Job many_job(const std::string& script) {
  trial::Job job = python_job(script, 1);
  job.kind = trial::CellKind::many;
  job.cells.clear();
  for (const char* variant : {"a", "b"}) {
    for (std::int64_t seed : {1, 2}) {
      const JsonObject params{{"rate", 0.5}};
      job.cells.push_back({store::cell_key(variant, params, seed), variant, params, seed});
    }
  }
  return job;
}

TEST_F(Runner, RoutesTheRowsOfAProcessOfManyCells) {
  const RunSummary summary = run({many_job(R"(
import ordo
for cell in ordo.cells():
    if cell.variant == "b" and cell.seed == 2: continue
    cell.log(step=0, acc=cell.seed + (10 if cell.variant == "b" else 0))
    cell.result(rate=cell.params["rate"])
)")});
  EXPECT_EQ(summary.done, 3);
  EXPECT_EQ(summary.failed, 1);
  const store::Store store = open();
  for (const store::Cell& cell : store.cells("test")) {
    if (cell.variant == "b" && cell.seed == 2) {
      EXPECT_THAT(store.run(*cell.run)->reason, HasSubstr("reported nothing"));
      continue;
    }
    EXPECT_EQ(store.series(*cell.run, "acc").value,
              std::vector<double>{double(cell.seed) + (cell.variant == "b" ? 10 : 0)});
    EXPECT_EQ(store.run(*cell.run)->results.find("rate")->as_double(), 0.5);
  }
}

std::vector<trial::Job> worker_jobs(int count) {
  std::vector<trial::Job> jobs;
  for (int seed = 1; seed <= count; ++seed) {
    trial::Job job = python_job(R"(
import os, sys, time, ordo
loaded = os.getpid()
state = []
def main():
    state.append(1)
    seed = ordo.seed()
    if seed == 2: os.abort()
    if seed == 3: sys.exit(4)
    if seed == 4: raise ValueError("broken")
    if seed == 5: time.sleep(60)
    ordo.log(step=0, states=len(state))
    ordo.result(argument=sys.argv[1], loaded=loaded, mine=os.getpid())
    print("cell", seed)
ordo.serve(main)
)",
                                seed);
    job.kind = trial::CellKind::worker;
    job.arguments = {"x" + std::to_string(seed)};
    if (seed == 5) job.time_limit = 0.3;
    jobs.push_back(job);
  }
  return jobs;
}

TEST_F(Runner, ForksAWorkerForEachCell) {
  const RunSummary summary = run(worker_jobs(8), {.jobs = 1});
  EXPECT_EQ(summary.done, 4);
  EXPECT_EQ(summary.failed, 4);
  EXPECT_EQ(only_run(2).signal, SIGABRT);
  EXPECT_EQ(only_run(3).exit_status, 4);
  EXPECT_THAT(log(4), HasSubstr("ValueError: broken"));
  EXPECT_EQ(only_run(5).status, Status::timeout);
  std::set<std::int64_t> loaders;
  for (int seed : {1, 6, 7, 8}) {
    EXPECT_EQ(series(seed, "states"), std::vector<double>{1}) << "state of another cell";
    EXPECT_EQ(only_run(seed).results.find("argument")->as_string(), "x" + std::to_string(seed));
    EXPECT_EQ(log(seed), "cell " + std::to_string(seed) + "\n");
    loaders.insert(only_run(seed).results.find("loaded")->as_int());
  }
  EXPECT_EQ(loaders.size(), 1u) << "the worker was loaded more than once";
}

TEST_F(Runner, SaysWhenAProgramIsNoWorker) {
  trial::Job job = shell_job("echo hello", 1);
  job.kind = trial::CellKind::worker;
  EXPECT_EQ(run({job}).failed, 1);
  EXPECT_THAT(only_run(1).reason, HasSubstr("ORDO_WORKER_FD"));
  EXPECT_THAT(log(1), HasSubstr("hello"));
}

// ---- a full disk ----

// In a child with a mount of its own: fails on a tiny file system, then goes on when there is room.
int run_on_a_small_disk(const std::filesystem::path& folder, const std::function<int()>& study) {
  const std::string place = (folder / "store").string();
  std::filesystem::create_directory(place);
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", place.c_str(), "tmpfs", 0, "size=1500k") != 0) {
    return 77;
  }
  try {
    study();
    return 1;  // there was no room for it
  } catch (const IoError&) {
  }
  if (::mount("none", place.c_str(), "tmpfs", MS_REMOUNT, "size=100m") != 0) return 2;
  return study() == 30 ? 0 : 3;
}

TEST_F(Runner, FailsOnAFullDiskAndGoesOnWhenThereIsRoom) {
  std::vector<trial::Job> jobs;
  for (int seed = 0; seed < 30; ++seed) {
    jobs.push_back(shell_job("head -c 100000 /dev/urandom | od -x", seed));
  }
  const pid_t child = ::fork();
  if (child == 0) {
    const int status = run_on_a_small_disk(folder_.path(), [&] {
      run(jobs);
      int done = 0;
      for (const store::Cell& cell : open().cells("test")) {
        done += cell.status == Status::done ? 1 : 0;
      }
      return done;
    });
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "needs the right to mount a file system";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// ---- kill -9 of the runner at random moments ----

// Each cell writes its process and its seed when it starts, and ends with a value of its seed.
std::vector<trial::Job> killable_jobs(const std::filesystem::path& trace, int count) {
  std::vector<trial::Job> jobs;
  for (int seed = 0; seed < count; ++seed) {
    jobs.push_back(shell_job("echo $$ >> " + trace.string() +
                                 "; sleep 0.01; for i in 1 2 3; do echo '{\"ordo\":1,\"type\":"
                                 "\"metric\",\"name\":\"m\",\"step\":'$i',\"value\":'$ORDO_SEED'}';"
                                 " done; setsid sleep 100 & sleep 0.01",
                             seed));
  }
  return jobs;
}

TEST_F(Runner, LosesNothingWhenItIsKilledAtRandomMoments) {
  const auto trace = folder_.path() / "trace";
  const std::vector<trial::Job> jobs = killable_jobs(trace, 40);
  std::set<std::int64_t> done_before;
  for (int round = 0; round < 6; ++round) {
    const pid_t runner = ::fork();
    if (runner == 0) {
      run(jobs);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(30'000 + 17'000 * round));
    ::kill(runner, SIGKILL);
    ::waitpid(runner, nullptr, 0);
    std::set<std::int64_t> done;
    for (const store::Cell& cell : open().cells("test")) {
      if (cell.status == Status::done) done.insert(cell.seed);
    }
    for (std::int64_t seed : done_before) EXPECT_TRUE(done.contains(seed)) << "lost: " << seed;
    done_before = done;
  }
  run(jobs);
  const store::Store store = open();
  for (const store::Cell& cell : store.cells("test")) {
    EXPECT_EQ(cell.status, Status::done);
    EXPECT_EQ(store.series(*cell.run, "m").value,
              std::vector<double>(3, static_cast<double>(cell.seed)));
    int finished = 0;
    for (const store::Run& attempt : store.attempts(cell.id)) {
      finished += attempt.status == Status::done ? 1 : 0;
    }
    EXPECT_EQ(finished, 1) << "run twice: " << cell.seed;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  std::ifstream processes(trace);
  for (pid_t process = 0; processes >> process;) {
    EXPECT_NE(::kill(process, 0), 0) << "left behind: " << process;
    EXPECT_NE(::kill(-process, 0), 0) << "left behind: group " << process;
  }
}

}  // namespace
}  // namespace ordo::study
