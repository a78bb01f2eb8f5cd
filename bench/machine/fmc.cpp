// Speed of the Functional Machine Calculus beside its peers, in one run, medians of the processor's
// time:
//   sum loop     n = 10^7
//   church       2^15 and 2^20 by repeated application, call by name, beside a Krivine machine
//   reducer      beta steps a second on Church arithmetic
//   inference    a program of 10^4 nodes
// CPython's while loop is timed by bench/machine/fmc.sh in the same run.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <time.h>

#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/fmc_types.h"

namespace {

using namespace ordo::machine;
using namespace ordo::machine::fmc;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Of five times, or of as many as make a tenth of a second of short work.
double median_seconds(const std::function<void()>& work) {
  std::vector<double> seconds;
  double total = 0;
  while (seconds.size() < 5 || (total < 0.1 && seconds.size() < 500)) {
    const double start = processor_seconds();
    work();
    seconds.push_back(processor_seconds() - start);
    total += seconds.back();
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

// ---- a Krivine machine for closed lambda terms with one constant that counts ----

struct KrivineTerm {
  enum Kind { variable, abstraction, application, count } kind;
  int left, right;  // variable: index
};
struct KrivineEnvironment {
  int term;
  const KrivineEnvironment* its;
  const KrivineEnvironment* next;
};

struct Krivine {
  std::vector<KrivineTerm> terms;
  int add(KrivineTerm t) {
    terms.push_back(t);
    return static_cast<int>(terms.size()) - 1;
  }
  int variable(int i) { return add({KrivineTerm::variable, i, 0}); }
  int lambda(int body) { return add({KrivineTerm::abstraction, body, 0}); }
  int apply(int f, int x) { return add({KrivineTerm::application, f, x}); }

  // Cells are carved from blocks and freed all together.
  long run(int root) {
    std::vector<std::vector<KrivineEnvironment>> blocks(1);
    blocks.back().reserve(1 << 16);
    std::vector<std::pair<int, const KrivineEnvironment*>> stack;
    const KrivineEnvironment* environment = nullptr;
    long counted = 0;
    int at = root;
    while (true) {
      const KrivineTerm& t = terms[static_cast<std::size_t>(at)];
      switch (t.kind) {
        case KrivineTerm::application:
          stack.emplace_back(t.right, environment);
          at = t.left;
          break;
        case KrivineTerm::abstraction: {
          if (blocks.back().size() == blocks.back().capacity()) {
            blocks.emplace_back();
            blocks.back().reserve(1 << 16);
          }
          blocks.back().push_back({stack.back().first, stack.back().second, environment});
          stack.pop_back();
          environment = &blocks.back().back();
          at = t.left;
          break;
        }
        case KrivineTerm::variable: {
          for (int i = t.left; i > 0; --i) environment = environment->next;
          at = environment->term;
          environment = environment->its;
          break;
        }
        case KrivineTerm::count:
          ++counted;
          if (stack.empty()) return counted;
          at = stack.back().first;
          environment = stack.back().second;
          stack.pop_back();
      }
    }
  }
};

// The numeral 2 applied again and again doubles: 2^doublings calls of `count`.
long krivine_church(int doublings) {
  Krivine k;
  const int two = k.lambda(k.lambda(k.apply(k.variable(1), k.apply(k.variable(1), k.variable(0)))));
  const int counter = k.add({KrivineTerm::count, 0, 0});
  int f = counter;
  for (int i = 0; i < doublings; ++i) f = k.apply(two, f);
  return k.run(k.apply(f, counter)) - 1;
}

std::string church_term(int doublings) {
  std::string f = "tick";
  for (int i = 0; i < doublings; ++i) f = "([" + f + "].two)";
  return "[*]." + f;
}

void report(const char* name, double seconds, const std::string& note) {
  std::printf("%-34s %10.4f s   %s\n", name, seconds, note.c_str());
}

std::string million(double count, double seconds) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f M/s", count / seconds / 1e6);
  return text;
}

}  // namespace

int main() {
  Session s;
  s.define("two := <f>.<x>.[[x].f].f. tick := <k>.k.");
  const TermId sum = s.term(
      "[10000000].[0].(<s>.<n>.[0].[n].gt.<b>.((b;False -> ([s].Done));True -> "
      "([1].[n].sub.[n].[s].add)))^*;Done -> *");
  RunResult result;
  double t = median_seconds([&] { result = run(s.terms, s.module, sum, {}, {}, s.context); });
  report("fmc sum loop, n = 1e7", t,
         million(static_cast<double>(result.steps), t) + " transitions");
  volatile long sink = 0;

  for (const int doublings : {15, 20}) {
    const TermId church = s.term(church_term(doublings));
    const std::string power = "2^" + std::to_string(doublings);
    const double ours =
        median_seconds([&] { result = run(s.terms, s.module, church, {}, {}, s.context); });
    report(("fmc church " + power + ", by name").c_str(), ours,
           million(static_cast<double>(result.steps), ours) + " transitions, " + s.show(result));
    t = median_seconds([&] { sink = krivine_church(doublings); });
    char ratio[64];
    std::snprintf(ratio, sizeof ratio, "; fmc takes %.2f times as long", ours / t);
    report("krivine machine, same term", t, std::to_string(sink) + " counted" + ratio);
  }

  const std::string numeral = "[b].[a].[two].[two].[two].[two].two";
  double betas = 0;
  t = median_seconds([&] {
    Session fresh;
    fresh.define("two := <f>.<x>.[[x].f].f.");
    const ReduceResult r = fresh.reduce_term(numeral);
    betas = static_cast<double>(r.counts[static_cast<std::size_t>(Rule::beta)]);
  });
  report("reducer, church arithmetic", t, million(betas, t) + " beta steps");

  std::string program = "<n>.[n]";
  for (int i = 0; i < 2'000; ++i) program += ".[1].add.<x>.[x]";
  const TermId large = s.term(program);
  t = median_seconds([&] {
    Diagnostics problems(s.sources);
    if (infer(s.terms, s.module, large, problems).empty()) std::abort();
  });
  report("inference", t, std::to_string(s.terms.tree_size(large)) + " nodes");
  return 0;
}
