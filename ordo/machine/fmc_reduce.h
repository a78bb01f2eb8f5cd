// Reduction: the confluent rewriting relation on terms, with its rules by name.
//
//   beta   [N]a. a<x>.M          => M[N/x]
//   pi     [N]b. a<x>.M          => a<x>.[N]b.M              a != b
//   select j; j -> M             => M          reject   i; j -> M => i
//   push   ([P]a.N); j -> M      => [P]a.(N; j -> M)
//   pop    (a<x>.N); j -> M      => a<x>.(N; j -> M)
//   assoc  (P; j -> N); j -> M   => P; j -> (N; j -> M)
//   delta  [b].[a].sub           => [a - b]                  and so on, on literals
//   unroll M^j                   => M; j -> M^j              only when asked for
//   eta    a<x>.[x]a.M           => M                        only when asked for: x not in M, and
//                                                            a known to hold a value
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/machine/fmc_syntax.h"
#include "ordo/machine/limits.h"

namespace ordo::machine::fmc {

enum class Rule { none, beta, pi, select, reject, push, pop, assoc, delta, unroll, eta };
inline constexpr int kRules = 11;
std::string_view to_string(Rule rule);

/// Which redex comes next: the outermost, the spine before pushed terms; innermost first; one drawn
/// at random; all that there are, round by round.
enum class Strategy { normal, innermost, random, parallel };

struct ReduceOptions {
  Strategy strategy = Strategy::normal;
  std::uint64_t max_steps = 10'000'000;
  std::uint64_t max_memory = 4096;  ///< MiB of nodes
  std::uint64_t unroll = 0;         ///< loops unrolled before anything else
  bool log = false;                 ///< keep each step
  /// Applies eta where no other rule applies and the stack is known to hold a value, counting from
  /// `memory`, what the term is to run on.
  bool eta = false;
  MemoryText memory = {};
};

struct ReduceStep {
  Rule rule;
  TermId redex;
  TermId result;  ///< what the redex became
};

struct ReduceResult {
  TermId term = 0;
  bool normal = true;  ///< false: a limit came first
  std::uint64_t steps = 0;
  std::uint64_t rounds = 0;                    ///< of the parallel strategy
  std::array<std::uint64_t, kRules> counts{};  ///< by rule
  std::vector<ReduceStep> log;
};

/// The rule that applies at the root of `term`, and the contractum; Rule::none if there is none.
struct Contraction {
  Rule rule = Rule::none;
  TermId result = 0;
};
Contraction contract(Terms& terms, TermId term);

/// Rewrites until no rule applies; `random` draws from the context's stream.
ReduceResult reduce(Terms& terms, TermId term, const ReduceOptions& options, Context& context);

/// `term` with the module's definitions put in for their names.
TermId unfold(Terms& terms, const Module& module, TermId term);

}  // namespace ordo::machine::fmc
