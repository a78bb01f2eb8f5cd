// The speed of studies: cells a second, a worker's overhead, points a second through a pipe into
// the store, the start of `ordo --help`. Medians of five rounds; xargs starts the same processes
// without recording anything, as the floor. Run: build/release/bin/bench-study

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/process.h"
#include "ordo/store/store.h"
#include "ordo/study/runner.h"

namespace {

using namespace ordo;

constexpr int kRounds = 5;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median_seconds(const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int round = 0; round < kRounds; ++round) seconds.push_back(seconds_of(work));
  std::sort(seconds.begin(), seconds.end());
  return seconds[kRounds / 2];
}

std::vector<trial::Job> jobs_of(int count, trial::CellKind kind, std::vector<std::string> argv) {
  std::vector<trial::Job> jobs;
  for (int seed = 0; seed < count; ++seed) {
    trial::Job job;
    job.kind = kind;
    job.argv = argv;
    job.env["PYTHONPATH"] = ORDO_SOURCE_DIR "/python";
    job.cells = {{store::cell_key("bench", {}, seed), "bench", {}, seed}};
    jobs.push_back(std::move(job));
  }
  return jobs;
}

// Runs the jobs into a new store and checks that everything was recorded.
void run_recorded(const std::vector<trial::Job>& jobs, int at_a_time) {
  const TempFolder folder;
  Context context;
  store::Store store(folder.path() / "store", {}, context);
  store::Study registered;
  registered.name = "bench";
  store.put_study(registered);
  study::RunObserver observer;
  const study::RunSummary summary =
      study::run_jobs(jobs, store, "bench", {.jobs = at_a_time}, observer, context);
  if (summary.done != static_cast<int>(jobs.size())) {
    throw IoError(fmt::format("only {} of {} cells are done", summary.done, jobs.size()));
  }
}

void show(const std::string& what, double value, const std::string& unit) {
  fmt::print("{:<62} {:>10.1f} {}\n", what, value, unit);
}

void bench_cells() {
  constexpr int kCells = 1000;
  const auto jobs = jobs_of(kCells, trial::CellKind::process, {"true"});
  show("1,000 cells of `true`, 2 jobs, recorded",
       kCells / median_seconds([&] { run_recorded(jobs, 2); }), "cells/s");
  const Command xargs{
      .argv = {"sh", "-c", "seq 1000 | xargs -P 2 -n 1 true"}, .env = {}, .folder = {}};
  show("  xargs -P 2 -n 1 true, nothing recorded",
       kCells / median_seconds([&] { run_process(xargs); }), "processes/s");
}

void bench_worker() {
  constexpr int kCells = 300;
  const auto jobs =
      jobs_of(kCells, trial::CellKind::worker, {"python3", "-c", "import ordo; ordo.serve(int)"});
  const std::vector<trial::Job> one{jobs.front()};
  const double all = median_seconds([&] { run_recorded(jobs, 1); });
  const double first = median_seconds([&] { run_recorded(one, 1); });
  show("a cell of a Python worker that does nothing, 1 job, recorded",
       1000 * (all - first) / (kCells - 1), "ms");
}

void bench_points() {
  constexpr int kPoints = 500'000;
  const TempFolder folder;
  std::string lines;
  for (int step = 0; step < kPoints; ++step) {
    lines += fmt::format(
        "{{\"ordo\":1,\"type\":\"metric\",\"name\":\"loss\",\"step\":{},"
        "\"value\":{}}}\n",
        step, 1.0 / (1 + step));
  }
  write_file_atomic(folder.path() / "lines", lines);
  auto jobs = jobs_of(1, trial::CellKind::process, {"sh", "-c", "cat lines >&$ORDO_EVENTS_FD"});
  jobs[0].folder = folder.path();
  show("metric points through a pipe into the store",
       kPoints / median_seconds([&] { run_recorded(jobs, 1); }), "points/s");
}

void bench_start() {
  for (const char* words : {"ordo --help", "ordo study --help"}) {
    const std::string program = ORDO_BIN_DIR "/ordo";
    if (!std::filesystem::exists(program)) return;
    const Command command{
        .argv = {"sh", "-c",
                 fmt::format("for i in $(seq 20); do {} {} >/dev/null; done", program, words + 5)},
        .env = {},
        .folder = {}};
    show(words, 1000 * median_seconds([&] { run_process(command); }) / 20, "ms");
  }
}

}  // namespace

int main() {
  try {
    bench_cells();
    bench_worker();
    bench_points();
    bench_start();
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return static_cast<int>(error.code());
  }
}
