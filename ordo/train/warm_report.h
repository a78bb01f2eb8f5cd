// The bench of warm-start methods as a page and a table.
#pragma once

#include "ordo/train/warm.h"

namespace ordo::train {

/// Writes options.report. Throws IoError.
void write_warm_report(const WarmBench& bench, const WarmBenchOptions& options);

}  // namespace ordo::train
