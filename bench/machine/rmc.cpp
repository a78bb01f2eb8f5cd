// One measurement of the relational machine, for bench/machine/rmc.py, which runs the peers beside
// it:
//   bench-machine-rmc prolog FILE    seconds, clause entries, answers of the file's query
//   bench-machine-rmc regex N        the word (ab)^(N/2) under (a+b)*a?b, runs of the machine
//   bench-machine-rmc petri N        markings of a net that has about N, each visited once
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_machine.h"

namespace {

using namespace ordo::machine;
using namespace ordo::machine::rmc;

struct Work {
  SourceMap sources;
  Terms terms;
  Module module;
  ordo::Context context;

  void translate(const char* dialect, SourceId file, std::optional<SourceId> question = {}) {
    Diagnostics problems(sources);
    Translation translation{sources, file, question, "program", terms, module, problems};
    find_dialect(dialect).translate(translation);
    problems.throw_if_any();
  }
};

void measure(Work& work, const Query& query, RunOptions options) {
  options.limits.max_answers = 0;
  options.limits.max_steps = 0;
  const auto start = std::chrono::steady_clock::now();
  ResultStream stream(work.terms, query.program, query.memory, options, work.context);
  std::size_t answers = 0;
  while (stream.next()) ++answers;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const RunCounts counts = stream.counts();
  std::printf("%.6f %llu %zu %llu\n", seconds, static_cast<unsigned long long>(counts.unfoldings),
              answers, static_cast<unsigned long long>(counts.peak_bytes));
  if (stream.limit() != Limit::none) throw std::runtime_error("a limit was reached");
}

void run_prolog(const std::string& path) {
  Work work;
  work.translate("prolog", work.sources.add_file(path));
  RunOptions options;
  options.search = Search::dfs;
  measure(work, work.module.queries.at(0), options);
}

void run_regex(std::size_t letters) {
  Work work;
  std::string word;
  for (std::size_t i = 0; i < letters; ++i) word += i + 1 == letters ? 'a' : "ab"[i % 2];
  const SourceId question = work.sources.add("word", word);
  work.translate("regex", work.sources.add("regex", "(a+b)*a"), question);
  measure(work, work.module.queries.at(0), {});
}

// Tokens that move between four places: C(n + 3, 3) markings of n tokens.
void run_petri(std::size_t markings) {
  std::size_t tokens = 1;
  while ((tokens + 1) * (tokens + 2) * (tokens + 3) / 6 < markings) ++tokens;
  Work work;
  const SourceId net = work.sources.add(
      "net", "marking: " + std::to_string(tokens) + " p\nt: p -> q\nu: q -> r\nv: r -> s\n");
  work.translate("petri", net);
  RunOptions options;
  options.star = StarMode::set;
  measure(work, work.module.queries.at(0), options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string what = argc == 3 ? argv[1] : "";
    if (what == "prolog")
      run_prolog(argv[2]);
    else if (what == "regex")
      run_regex(std::stoul(argv[2]));
    else if (what == "petri")
      run_petri(std::stoul(argv[2]));
    else
      throw std::runtime_error("usage: bench-machine-rmc prolog FILE | regex N | petri N");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-machine-rmc: %s\n", error.what());
    return 1;
  }
  return 0;
}
