// What the calculus' tests share: a session that parses, runs and reduces texts, and random terms.
#pragma once

#include <string>

#include "ordo/base/random.h"
#include "ordo/machine/fmc_machine.h"
#include "ordo/machine/fmc_reduce.h"
#include "ordo/machine/fmc_syntax.h"
#include "ordo/machine/fmc_trace.h"

namespace ordo::machine::fmc {

struct Session {
  Terms terms;
  SourceMap sources;
  Module module;
  Context context;

  /// Definitions, for the terms that follow.
  void define(const std::string& text) {
    Diagnostics problems(sources);
    parse_module(terms, sources, sources.add("<define>", text), module, problems);
    problems.throw_if_any();
  }
  TermId term(const std::string& text) {
    Diagnostics problems(sources);
    const TermId id = parse_term(terms, sources, sources.add("<test>", text), module, problems);
    problems.throw_if_any();
    return id;
  }
  MemoryText memory(const std::string& text) {
    Diagnostics problems(sources);
    MemoryText m = parse_memory(terms, sources, sources.add("<mem>", text), module, problems);
    problems.throw_if_any();
    return m;
  }
  std::string show(const RunResult& result) const {
    const char* kinds[] = {"exit ", "stuck ", "limit "};
    std::string text = kinds[static_cast<int>(result.status)];
    if (result.status == Status::exit) text += terms.text(result.exit);
    const std::string memory_text = print_memory(terms, result.memory);
    return text + (memory_text.empty() ? "" : " | " + memory_text);
  }
  RunResult run_both(TermId id, const std::string& mem, std::uint64_t max_steps, bool& agree) {
    RunOptions options;
    options.limits.max_steps = max_steps;
    const MemoryText start = memory(mem);
    const RunResult slow =
        run_by_substitution(terms, module, id, start, options, context, [](const State&) {});
    const RunResult fast = run(terms, module, id, start, options, context);
    agree = slow.status == fast.status && (fast.status == Status::limit ||
                                           (show(slow) == show(fast) && slow.steps == fast.steps));
    return fast;
  }
  /// Runs on both machines; the text of the result, or a text that says how they differ.
  std::string run_text(const std::string& text, const std::string& mem = "") {
    RunOptions options;
    options.limits.max_steps = 200'000;
    const TermId id = term(text);
    const MemoryText start = memory(mem);
    const RunResult slow =
        run_by_substitution(terms, module, id, start, options, context, [](const State&) {});
    const RunResult fast = run(terms, module, id, start, options, context);
    std::string a = show(slow), b = show(fast);
    if (fast.status == Status::limit) return a == b || slow.status == Status::limit ? "limit" : a;
    if (a != b) return "machines differ: " + a + " / " + b;
    if (slow.steps != fast.steps)
      return a + " but steps " + std::to_string(slow.steps) + "/" + std::to_string(fast.steps);
    return a;
  }
  ReduceResult reduce_term(const std::string& text, ReduceOptions options = {}) {
    return reduce(terms, unfold(terms, module, term(text)), options, context);
  }
  std::string normal_form(const std::string& text, ReduceOptions options = {}) {
    return print(terms, reduce_term(text, options).term);
  }
};

/// A random term over locations main, c, d, jumps *, E, F and numbers; closed but for `binders`.
inline TermId random_term(Terms& terms, Random& random, int size, std::uint32_t binders,
                          bool loops) {
  const char* locations[] = {"", "", "c", "d"};
  const char* jumps[] = {"*", "*", "E", "F"};
  const auto location = [&] { return terms.intern(locations[random.below(4)]); };
  const auto jump = [&] { return terms.intern(jumps[random.below(4)]); };
  if (size <= 1) {
    if (binders > 0 && random.below(2) == 0)
      return terms.bound(static_cast<std::uint32_t>(random.below(binders)));
    return terms.jump(jump());
  }
  const auto part = [&](int n, std::uint32_t b) { return random_term(terms, random, n, b, loops); };
  const int left = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(size - 1)));
  switch (random.below(loops ? 8 : 7)) {
    case 0:
    case 1: {
      const Symbol where = location();
      if (random.below(3) == 0)
        return terms.push(terms.jump(terms.intern(std::to_string(random.below(5)))), where,
                          part(size - 1, binders));
      const TermId value = part(left, binders);
      return terms.push(value, where, part(size - left, binders));
    }
    case 2:
    case 3: {
      const Symbol where = location();
      return terms.pop(where, terms.intern("x"), part(size - 1, binders + 1));
    }
    case 4:
    case 5:
    case 6: {
      const TermId first = part(left, binders);
      const Symbol by = jump();
      return terms.join(first, by, part(size - left, binders));
    }
    default:
      return terms.loop(part(size - 1, binders), jump());
  }
}

}  // namespace ordo::machine::fmc
