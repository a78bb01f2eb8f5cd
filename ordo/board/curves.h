// Series of a store as the page draws them: windows of one run's series, of a metric over all runs,
// and of its mean with a band for each variant.
#pragma once

#include <limits>
#include <string>

#include "ordo/board/study_data.h"

namespace ordo::board {

/// The part of a series that is asked for.
struct Window {
  std::size_t points = 1000;  ///< entries at most
  double from = -std::numeric_limits<double>::infinity();
  double to = std::numeric_limits<double>::infinity();
};

/// All are packed as series_pack.h says; docs/board.md lists the members of each series.
std::string pack_run_series(const store::Store& store, store::RunId run, const std::string& metric,
                            const Window& window);
/// The runs of one metric, in the order of the document's runs; those that count, or the newest
/// finished ones of `environments` if that is not empty.
std::string pack_study_series(const store::Store& store, const StudyData& data,
                              const std::string& metric, const Window& window,
                              const std::set<std::string>& environments);
/// Mean and 95 % band of one metric, a series for each variant.
std::string pack_bands(const store::Store& store, const StudyData& data, const std::string& metric,
                       const Window& window);

}  // namespace ordo::board
