// A study's results as the document that the room `report` draws.
#pragma once

#include "ordo/report/report.h"
#include "ordo/study/results.h"

namespace ordo::study {

/// Everything that the page shows: verdicts with intervals, table, learning curves with bands, runs
/// with parameters, environment and logs. Curves are those that [report] names, or all.
report::Document report_document(const store::Store& store, const Results& results);

}  // namespace ordo::study
