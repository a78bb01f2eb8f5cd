// How long a report takes to write, and how large it is: bench-report FILE [RUNS [POINTS]].
// Times thinning, JSON and the file together, medians of 5; bench/report/run adds the browser.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "ordo/report/sample.h"

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What the study room does between its store and the page.
void thin_all(ordo::report::Document& document) {
  for (ordo::report::Curve& curve : document.curves) {
    for (ordo::report::Trace& trace : curve.runs) {
      ordo::report::Thinned few = ordo::report::thin(trace.steps, trace.values, 200);
      trace.steps = std::move(few.steps);
      trace.values = std::move(few.values);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench-report FILE [RUNS [POINTS]]\n");
    return 2;
  }
  const int runs = argc > 2 ? std::atoi(argv[2]) : 500;
  const int points = argc > 3 ? std::atoi(argv[3]) : 1000;
  const ordo::report::Document whole = ordo::report::sample_document(
      {.variants = 5, .seeds = std::max(2, runs / 5), .points = points, .kept = points});
  std::vector<double> times;
  for (int repeat = 0; repeat < 5; ++repeat) {
    ordo::report::Document document = whole;
    const auto start = std::chrono::steady_clock::now();
    thin_all(document);
    ordo::report::write_html(document, argv[1]);
    times.push_back(seconds_since(start));
  }
  std::sort(times.begin(), times.end());
  fmt::print("{} runs x {} points x 2 metrics: written in {:.0f} ms (median of 5), {:.2f} MB\n",
             whole.runs.size(), points, 1e3 * times[2],
             1e-6 * static_cast<double>(std::filesystem::file_size(argv[1])));
  return 0;
}
