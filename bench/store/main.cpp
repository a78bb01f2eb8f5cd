// What a store takes: points and cells a second, bytes a point, time to read. Medians of five.
//   bench-store
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/random.h"
#include "ordo/store/store.h"

namespace {

using ordo::store::Access;
using ordo::store::CellId;
using ordo::store::CellSpec;
using ordo::store::Store;

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median_of_five(const std::function<double()>& measure) {
  std::vector<double> times;
  for (int i = 0; i < 5; ++i) times.push_back(measure());
  std::sort(times.begin(), times.end());
  return times[2];
}

std::vector<CellId> register_cells(Store& store, int count) {
  ordo::store::Study study;
  study.name = "bench";
  store.put_study(study);
  std::vector<CellSpec> specs;
  for (int seed = 0; seed < count; ++seed) specs.push_back({"a", {}, seed, {}});
  return store.add_cells("bench", specs);
}

// One point a call, as a runner that reads a program's lines does.
double write_points(int count) {
  ordo::Context context;
  const ordo::TempFolder folder;
  ordo::Random random(1);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& value : values) value = random.normal();
  Store store(folder.path(), {}, context);
  const auto run = *store.claim(register_cells(store, 1)[0], {});
  return seconds([&] {
    for (int i = 0; i < count; ++i) {
      store.add_point(run, "loss", i, values[static_cast<std::size_t>(i)]);
    }
    store.finish(run, {});
  });
}

double finish_cells(int count) {
  ordo::Context context;
  const ordo::TempFolder folder;
  Store store(folder.path(), {}, context);
  const auto cells = register_cells(store, count);
  return seconds([&] {
    for (const CellId cell : cells) {
      const auto run = *store.claim(cell, {});
      store.set_pid(run, 1);
      store.finish(run, {.results = {{"acc", 0.5}}});
    }
  });
}

void bench_reading() {
  ordo::Context context;
  const ordo::TempFolder folder;
  Store store(folder.path(), {}, context);
  ordo::Random random(1);
  for (const CellId cell : register_cells(store, 500)) {
    const auto run = *store.claim(cell, {});
    for (int i = 0; i < 1000; ++i) store.add_point(run, "loss", i, random.normal());
    store.finish(run, {.results = {{"acc", 0.5}}});
  }
  const double time = median_of_five([&] {
    return seconds([&] {
      const Store reader(folder.path(), {.access = Access::read}, context);
      if (reader.cells("bench").size() + reader.runs("bench").size() +
              reader.study_series("bench", 1000).size() !=
          1500) {
        std::abort();
      }
    });
  });
  fmt::print("500 runs x 1,000 points, all read   {:8.0f} ms\n", 1000 * time);
}

void bench_size() {
  ordo::Context context;
  const ordo::TempFolder folder;
  ordo::Random random(1);
  for (const bool regular : {true, false}) {
    const auto where = folder.path() / (regular ? "regular" : "irregular");
    Store store(where, {}, context);
    const auto run = *store.claim(register_cells(store, 1)[0], {});
    double step = 0;
    for (int i = 0; i < 10'000'000; ++i) {
      step += regular ? 1 : random.uniform();
      store.add_point(run, "loss", step, random.normal());
    }
    store.finish(run, {});
    const double bytes = static_cast<double>(std::filesystem::file_size(where / "store.db"));
    fmt::print("10^7 random doubles, {} steps {:8.0f} MB\n", regular ? "regular  " : "irregular",
               bytes / 1e6);
    const double time =
        median_of_five([&] { return seconds([&] { store.series(run, "loss", 1000); }); });
    fmt::print("  its curve of 1,000 entries        {:8.1f} ms\n", 1000 * time);
  }
}

}  // namespace

int main() {
  const int points = 2'000'000, cells = 3000;
  fmt::print("points a second                     {:8.0f} k\n",
             points / median_of_five([] { return write_points(points); }) / 1000);
  fmt::print("cells a second                      {:8.0f}\n",
             cells / median_of_five([] { return finish_cells(cells); }));
  bench_reading();
  bench_size();
}
