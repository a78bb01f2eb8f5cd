#include "ordo/study/progress.h"

#include <fmt/format.h>

namespace ordo::study {

void ProgressObserver::begin(const Plan& plan) {
  done_ = static_cast<double>(plan.finished);
  total_ = static_cast<double>(plan.cells);
  context_.progress(plan.study, done_, total_, "cells");
}

void ProgressObserver::cell_finished(const trial::Cell& cell, const CellOutcome& outcome) {
  const std::string name = fmt::format("{} seed {}", cell.variant, cell.seed);
  if (outcome.last) ++done_;
  context_.progress("cells", done_, total_, "cells");
  if (outcome.state != CellOutcome::State::done) {
    context_.warn(
        fmt::format("{}: {}{}", name, outcome.reason, outcome.last ? "" : "; it is tried again"));
    return;
  }
  const Clock::time_point now = Clock::now();
  if (now - last_message_ < std::chrono::seconds(1) && done_ < total_) return;
  last_message_ = now;
  context_.info(
      fmt::format("{} of {} cells; {} done in {:.2f} s", done_, total_, name, outcome.seconds));
}

}  // namespace ordo::study
