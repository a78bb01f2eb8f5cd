// What the verbs and the session share: texts read into a pool, answers shown.
#pragma once

#include <memory>

#include "ordo/machine/rmc_machine.h"
#include "ordo/machine/rmc_trace.h"
#include "ordo/machine/rmc_verbs.h"

namespace ordo::machine::rmc {

/// Everything that a verb has read.
struct Loaded {
  Terms terms;
  SourceMap sources;
  Module module;
  std::vector<Query> queries;  ///< what to act on, in order
};

/// Reads the input; queries are those of `kind`, or the expression as one. Throws UsageError if
/// there is nothing to read.
std::unique_ptr<Loaded> load(const Input& input, Query::Kind kind);
/// As `load`; throws UsageError if there is nothing to act on.
std::unique_ptr<Loaded> load_for(const Input& input, Query::Kind kind);

/// The module as a file that reads back as the same one.
std::string print_module(const Terms& terms, const Module& module);
std::string print_query(const Terms& terms, const Query& query);

Search search_of(const std::string& name);
Json answer_json(const AnswerText& answer);
std::string event_text(const Terms& terms, const TraceEvent& event, std::size_t limit = 200);
Json event_json(const Terms& terms, const SourceMap& sources, const TraceEvent& event);
/// "limit: max-steps (search incomplete)".
std::string limit_text(Limit limit);

}  // namespace ordo::machine::rmc
