// kill -9 of a study's runner at random moments until the study is finished and the kills are
// spent, then five questions: is every cell that was ever reported done still done, is none run
// twice to its end, are the deterministic measures those of an undisturbed study, is no process
// left behind, is the store sound. Exit status 1 if one answer is wrong.
//
//   build/release/bin/bench-faults [kills = 200] [seed = 1]

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ordo/base/file.h"
#include "ordo/base/random.h"
#include "ordo/store/store.h"
#include "ordo/study/runner.h"

namespace {

using namespace ordo;

// A cell prints points that depend on its seed alone, and leaves a daemon in a session of its own.
constexpr const char* kScript =
    "echo $$ >> trace; for i in 1 2 3 4 5; do "
    "echo '{\"ordo\":1,\"type\":\"metric\",\"name\":\"m\",\"step\":'$i',\"value\":'$((i * "
    "ORDO_SEED))"
    "'}' >&$ORDO_EVENTS_FD; done; (setsid sh -c 'echo $$ >> trace; exec sleep 300' &); sleep 0.02";

std::vector<trial::Job> make_jobs(const std::filesystem::path& folder, int count) {
  std::vector<trial::Job> jobs;
  for (int seed = 0; seed < count; ++seed) {
    trial::Job job;
    job.argv = {"sh", "-c", kScript};
    job.folder = folder;
    job.cells = {{store::cell_key("v", {}, seed), "v", {}, seed}};
    jobs.push_back(std::move(job));
  }
  return jobs;
}

store::Store open_store(const std::filesystem::path& folder) {
  Context context;
  store::Store store(folder / "store", {}, context);
  if (!store.study("faults")) {
    store::Study study;
    study.name = "faults";
    store.put_study(study);
  }
  return store;
}

void run_study(const std::filesystem::path& folder, const std::vector<trial::Job>& jobs) {
  Context context;
  store::Store store = open_store(folder);
  study::RunObserver observer;
  study::run_jobs(jobs, store, "faults", {.jobs = 2}, observer, context);
}

struct State {
  std::set<std::int64_t> done;                         // seeds
  std::map<std::int64_t, std::vector<double>> values;  // of done cells
  int ended_twice = 0;
};

State read_state(const std::filesystem::path& folder) {
  State state;
  const store::Store store = open_store(folder);
  for (const store::Cell& cell : store.cells("faults")) {
    if (cell.status != store::Status::done) continue;
    state.done.insert(cell.seed);
    state.values[cell.seed] = store.series(*cell.run, "m").value;
    int ended = 0;
    for (const store::Run& run : store.attempts(cell.id)) {
      ended += run.status == store::Status::done ? 1 : 0;
    }
    state.ended_twice += ended > 1 ? 1 : 0;
  }
  return state;
}

int living(const std::filesystem::path& trace) {
  int count = 0;
  std::ifstream processes(trace);
  for (pid_t process = 0; processes >> process;) count += ::kill(process, 0) == 0 ? 1 : 0;
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  const int kills = argc > 1 ? std::atoi(argv[1]) : 200;
  Random random(argc > 2 ? static_cast<std::uint64_t>(std::atoll(argv[2])) : 1);
  const TempFolder disturbed, calm;
  const int cells = 10 * kills;
  int lost = 0, left_behind = 0;
  std::set<std::int64_t> done;
  for (int round = 0; round < kills; ++round) {
    const pid_t runner = ::fork();
    if (runner == 0) {
      run_study(disturbed.path(), make_jobs(disturbed.path(), cells));
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(random.below(150'000)));
    ::kill(runner, SIGKILL);
    ::waitpid(runner, nullptr, 0);
    const State state = read_state(disturbed.path());
    for (std::int64_t seed : done) lost += state.done.contains(seed) ? 0 : 1;
    done = state.done;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    left_behind += living(disturbed.path() / "trace");
    std::filesystem::remove(disturbed.path() / "trace");
  }
  const std::size_t done_by_then = done.size();
  run_study(disturbed.path(), make_jobs(disturbed.path(), cells));
  run_study(calm.path(), make_jobs(calm.path(), cells));
  const State after = read_state(disturbed.path()), undisturbed = read_state(calm.path());
  const bool equal =
      after.values == undisturbed.values && static_cast<int>(after.done.size()) == cells;
  fmt::print(
      "kills {}\ncells {} ({} done when the kills were over)\ncells lost {}\n"
      "cells ended twice {}\nprocesses left behind {}\nequal to the undisturbed study {}\n",
      kills, cells, done_by_then, lost, after.ended_twice, left_behind, equal ? "yes" : "NO");
  return lost == 0 && after.ended_twice == 0 && left_behind == 0 && equal ? 0 : 1;
}
