// How long the board takes to answer, over sockets as a browser asks: the document and the curves
// of a study of 500 runs x 1,000 points, and windows into one series of 10^7 points.
//   bench-board [FOLDER]     keeps the stores in FOLDER/study and FOLDER/series, for
//   bench/board/run
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/random.h"
#include "ordo/board/routes.h"
#include "ordo/http/http_testing.h"
#include "ordo/trial/results.h"

namespace {

namespace board = ordo::board;
namespace http = ordo::http;
namespace store = ordo::store;
namespace trial = ordo::trial;

constexpr int kVariants = 5, kSeeds = 100, kPoints = 1000;
constexpr int kLongPoints = 10'000'000, kWindows = 300;

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

std::vector<store::CellId> register_study(store::Store& into, const std::string& name, int variants,
                                          int seeds) {
  std::string text = fmt::format("[study]\nname = \"{}\"\nseeds = {}\n", name, seeds);
  for (int i = 0; i < variants; ++i) text += fmt::format("[[variant]]\nname = \"v{}\"\n", i);
  text += "[command]\nrun = \"true {variant}\"\n[measure]\nacc = \"final(acc)\"\n";
  for (int i = 1; i < variants; ++i)
    text += fmt::format("[[claim]]\ntext = \"acc(v{}) > acc(v0)\"\n", i);
  const trial::Spec spec = trial::parse_spec(text, "bench.toml", ".");
  trial::register_study(into, spec);
  std::vector<store::CellSpec> cells;
  for (const std::int64_t seed : spec.seeds) {
    for (const trial::Variant& variant : trial::variants(spec)) {
      cells.push_back({variant.name, variant.parameters, seed, trial::cell_key(variant, seed)});
    }
  }
  return into.add_cells(name, cells);
}

void write_study(const std::filesystem::path& folder, ordo::Context& context) {
  store::Store into(folder, {}, context);
  ordo::Random random(1);
  int number = 0;
  for (const store::CellId cell : register_study(into, "many", kVariants, kSeeds)) {
    const store::RunId run = into.claim(cell, {}).value();
    const double top = 0.9 + 0.01 * (number++ % kVariants);
    for (int i = 0; i < kPoints; ++i) {
      into.add_point(run, "acc", i, top - std::exp(-0.01 * i) + 0.02 * random.normal());
    }
    into.finish(run, {.exit_status = 0, .wall_seconds = 1, .log_head = "a line\n", .log_bytes = 7});
  }
}

void write_series(const std::filesystem::path& folder, ordo::Context& context) {
  store::Store into(folder, {}, context);
  ordo::Random random(2);
  const store::RunId run = into.claim(register_study(into, "long", 1, 1)[0], {}).value();
  for (int i = 0; i < kLongPoints; ++i) into.add_point(run, "acc", i, random.normal());
  into.finish(run, {.exit_status = 0});
}

// A board over a store, and a client with one connection to it.
class Asked {
 public:
  Asked(const std::filesystem::path& folder, ordo::Context& context)
      : store_(folder, {.access = store::Access::read}, context),
        library_(store_),
        server_({}, [this](const http::Request& request) { return answer(library_, request); }) {}

  /// Bytes of the answer.
  std::size_t ask(const std::string& target, const std::string& more = "") {
    http::RawClient client(server_.port());
    client.send(http::get(target, server_.port(), "Connection: close\r\n" + more));
    const std::string response = client.read_all();
    const int status = http::status_of(response);
    if (status != 200 && status != 304) throw ordo::IoError(response.substr(0, 300));
    tag_ = http::header_of(response, "ETag");
    return response.size();
  }
  const std::string& tag() const { return tag_; }

 private:
  store::Store store_;
  board::Library library_;
  http::RunningServer server_;
  std::string tag_;
};

void row(const std::string& what, double time, std::size_t bytes) {
  fmt::print("{:<52}{:9.2f} ms {:9.0f} kB\n", what, time, static_cast<double>(bytes) / 1000);
}

void bench_study(const std::filesystem::path& folder, ordo::Context& context) {
  std::vector<double> first, again, unchanged, curves;
  std::size_t bytes = 0, curve_bytes = 0;
  for (int i = 0; i < 5; ++i) {
    Asked asked(folder, context);
    first.push_back(milliseconds([&] { bytes = asked.ask("/api/study?name=many"); }));
    again.push_back(milliseconds([&] { asked.ask("/api/study?name=many"); }));
    const std::string condition = "If-None-Match: " + asked.tag() + "\r\n";
    unchanged.push_back(milliseconds([&] { asked.ask("/api/study?name=many", condition); }));
    curves.push_back(milliseconds(
        [&] { curve_bytes = asked.ask("/api/curves?study=many&metric=acc&points=1000"); }));
  }
  row("study of 500 runs x 1,000 points, first time", quantile(first, 0.5), bytes);
  row("  again, from memory", quantile(again, 0.5), bytes);
  row("  again, unchanged (304)", quantile(unchanged, 0.5), 0);
  row("  all points of all runs, binary", quantile(curves, 0.5), curve_bytes);
}

void bench_windows(const std::filesystem::path& folder, ordo::Context& context) {
  Asked asked(folder, context);
  ordo::Random random(3);
  std::vector<double> times;
  std::size_t bytes = 0;
  asked.ask("/api/series?run=1&name=acc&points=2000");
  for (int i = 0; i < kWindows; ++i) {  // of all widths, from 1,000 points to all
    const double width = std::exp(std::log(1e3) + random.uniform() * std::log(1e4));
    const double from = random.uniform() * (kLongPoints - width);
    const std::string target =
        fmt::format("/api/series?run=1&name=acc&points=2000&from={}&to={}", from, from + width);
    times.push_back(milliseconds([&] { bytes = std::max(bytes, asked.ask(target)); }));
  }
  row("window into 10^7 points, 2,000 entries: median", quantile(times, 0.5), bytes);
  row("  99 of 100 at most", quantile(times, 0.99), bytes);
  row("  slowest", quantile(times, 1), bytes);
}

}  // namespace

int main(int argc, char** argv) {
  ordo::Context context;
  const ordo::TempFolder temporary;
  const std::filesystem::path folder = argc > 1 ? std::filesystem::path(argv[1]) : temporary.path();
  if (!store::Store::exists(folder / "study")) write_study(folder / "study", context);
  if (!store::Store::exists(folder / "series")) write_series(folder / "series", context);
  bench_study(folder / "study", context);
  bench_windows(folder / "series", context);
}
