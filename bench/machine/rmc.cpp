// One measurement of the relational machine, for bench/machine/rmc.py, which runs the peers beside
// it:
//   bench-machine-rmc prolog FILE      the file's query, depth first, as Prolog
//   bench-machine-rmc interleave FILE  the same under the default search
//   bench-machine-rmc regex N          a word of N letters, from a file, under (a+b)*a
//   bench-machine-rmc petri N          markings of a net that has about N, each visited once
//   bench-machine-rmc norm N           the normal form of a program that has about N spans
// It prints seconds of the processor, clause entries (of the normaliser: spans), answers, bytes of
// the machine's own memory and KiB of the whole process at its largest.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include <sys/resource.h>

#include <time.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_machine.h"
#include "ordo/machine/rmc_normal.h"

namespace {

using namespace ordo::machine;
using namespace ordo::machine::rmc;

struct Work {
  SourceMap sources;
  Terms terms;
  Module module;
  ordo::Context context;

  void translate(const char* dialect, SourceId file,
                 std::optional<std::filesystem::path> word_file = {}) {
    Diagnostics problems(sources);
    Translation translation{sources, file,   std::nullopt, "program",
                            terms,   module, problems,     std::move(word_file)};
    find_dialect(dialect).translate(translation);
    problems.throw_if_any();
  }
};

// Of this process, as SWI-Prolog's cputime: other programs do not count.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void report(double start, std::uint64_t done, std::uint64_t answers, std::uint64_t bytes) {
  const double seconds = processor_seconds() - start;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%.6f %llu %llu %llu %ld\n", seconds, static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(answers), static_cast<unsigned long long>(bytes),
              usage.ru_maxrss);
}

void measure(Work& work, const Query& query, RunOptions options) {
  options.limits.max_answers = 0;
  options.limits.max_steps = 0;
  const double start = processor_seconds();
  ResultStream stream(work.terms, query.program, query.memory, options, work.context, query.stream);
  std::uint64_t answers = 0;
  while (stream.next()) ++answers;
  const RunCounts counts = stream.counts();
  report(start, counts.unfoldings, answers, counts.peak_bytes);
  if (stream.limit() != Limit::none) throw std::runtime_error("a limit was reached");
}

void run_prolog(const std::string& path, Search search) {
  Work work;
  work.translate("prolog", work.sources.add_file(path));
  RunOptions options;
  options.search = search;
  measure(work, work.module.queries.at(0), options);
}

void run_regex(std::size_t letters) {
  const ordo::TempFolder folder;
  const std::filesystem::path path = folder.path() / "word";
  {
    // Letter by letter, so that the process is no larger for a longer word.
    std::ofstream file(path, std::ios::binary);
    for (std::size_t i = 0; i < letters; ++i) file.put(i + 1 == letters ? 'a' : "ab"[i % 2]);
  }
  Work work;
  work.translate("regex", work.sources.add("regex", "(a+b)*a"), path);
  measure(work, work.module.queries.at(0), {});
}

// Each factor doubles the number of spans, and each span carries a term that grows.
void run_norm(std::size_t spans) {
  Work work;
  std::string text;
  for (std::size_t made = 1; made < spans; made *= 2) {
    text += text.empty() ? "" : "; ";
    text += "(new X. <X>; [f(X)] + new X Y. <X>; l<Y>; [g(X,a)]; [Y]l)";
  }
  Diagnostics problems(work.sources);
  const ProgramId program = parse_program(work.terms, work.sources,
                                          work.sources.add("program", text), work.module, problems);
  problems.throw_if_any();
  const double start = processor_seconds();
  const NormalForm form = normalise(work.terms, program, {}, work.context);
  report(start, form.summands.size(), 1, 0);
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
      run_prolog(argv[2], Search::dfs);
    else if (what == "interleave")
      run_prolog(argv[2], Search::interleave);
    else if (what == "regex")
      run_regex(std::stoul(argv[2]));
    else if (what == "petri")
      run_petri(std::stoul(argv[2]));
    else if (what == "norm")
      run_norm(std::stoul(argv[2]));
    else
      throw std::runtime_error(
          "usage: bench-machine-rmc prolog FILE | interleave FILE | regex N | petri N | norm N");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-machine-rmc: %s\n", error.what());
    return 1;
  }
  return 0;
}
