// A study's results as the document that the room `report` draws.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ordo/report/report.h"
#include "ordo/trial/results.h"

namespace ordo::trial {

/// The parts of a document that are large; a live page asks for them when somebody wants to see
/// them.
struct DocumentParts {
  bool traces = true;  ///< the single runs of curves, besides mean and band
  bool logs = true;    ///< what runs printed
};

/// Everything that the page shows: verdicts with intervals, table, learning curves with bands, runs
/// with parameters, environment and logs. Curves are those that [report] names, or all.
report::Document report_document(const store::Store& store, const Results& results,
                                 const DocumentParts& parts = {});

/// The runs of one metric and variant, by id, as a curve: mean and 95 % Student band at the steps
/// that all runs share; runs that were stopped at different steps would bend them.
report::Curve variant_curve(const std::string& metric, const std::string& variant,
                            std::vector<std::pair<std::string, store::Curve>> runs);

/// "variant/seed": Run::id in the document.
std::string run_id(const CellResult& cell);

/// Unix time as ISO 8601 in UTC, to the second.
std::string iso_time(double unix_time);

}  // namespace ordo::trial
