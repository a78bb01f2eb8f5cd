// How outcomes and states of the calculus' machines are shown, as text and as JSON.
#pragma once

#include <string>

#include "ordo/base/json.h"
#include "ordo/machine/fmc_machine.h"
#include "ordo/machine/fmc_trace.h"

namespace ordo::machine::fmc {

/// "exit *", "exit Boom, from p.imp:3:9", "stuck: ..., at prog.fmc:2:5", "limit: ...".
std::string outcome_line(const Terms& terms, const SourceMap& sources, const RunResult& result);
/// The line, and a second one with the memory unless that is empty.
std::string outcome_text(const Terms& terms, const SourceMap& sources, const RunResult& result);
Json outcome_json(const Terms& terms, const SourceMap& sources, const RunResult& result);

/// A state of a trace with its number.
std::string state_text(const StepperState& state, std::size_t number);
Json state_json(const StepperState& state);

}  // namespace ordo::machine::fmc
