// The lambda calculus into the Functional Machine Calculus.
//
//   text   ::= (\x y. M), M N, x, C, 3, "s", (M); `λ` for `\`
//   by name     x => x     \x.M => <x>.M        M N => [N].M
//   by value    x => [x]   \x.M => [<x>.M]      M N => N; M; <f>.f      (argument first)
//   left first                                  M N => M; N; <n>.<f>.[n].f
#pragma once

#include <string_view>

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {

enum class LambdaOrder { by_name, by_value, by_value_left_first };

/// "lambda-cbn", "lambda-cbv", "lambda-cbv-ltr".
LambdaOrder lambda_order(std::string_view name);

/// Parses and translates; free names stay free. Problems are collected with their places.
TermId from_lambda(Terms& terms, const SourceMap& sources, SourceId file, LambdaOrder order,
                   Diagnostics& problems);

}  // namespace ordo::machine::fmc
