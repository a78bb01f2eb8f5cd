// Terms of the Functional Machine Calculus back into the calculi that translate into it. Each
// target has the terms that its translation reaches; what lies outside is reported with its place.
//
//   lambda-cbn   x => x   <x>.M => \x. M   [N].M => M N
//   lambda-cbv   [x] => x   [<x>.M] => \x. M   N; M; <f>.f => M N
//   moggi        as lambda-cbn, with [M] => return M and M; <x>.N => let x = M in N
//   cbpv         [V] => return V   [V].M => V ' M   [V].<x>.x and x => force   M; <x>.N => M to x.
//   N
#pragma once

#include <string>

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {

enum class Target { lambda_cbn, lambda_cbv, moggi, push_value };

/// The text in the other calculus, or "" with the first problem reported. Nothing recurses.
std::string export_term(const Terms& terms, TermId term, Target target, Diagnostics& problems);

}  // namespace ordo::machine::fmc
