// Progress of a run as events, for programs and for output that is no terminal.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "ordo/study/verbs.h"

namespace ordo::study {

/// Emits a progress event for each finished cell, a message for each that failed, and at most one
/// message a second for those that are done.
class ProgressObserver : public StudyObserver {
 public:
  explicit ProgressObserver(Context& context) : context_(context) {}
  void begin(const Plan& plan) override;
  void cell_finished(const trial::Cell& cell, const CellOutcome& outcome) override;

 private:
  using Clock = std::chrono::steady_clock;
  Context& context_;
  double done_ = 0, total_ = 0;
  Clock::time_point last_message_{};
};

}  // namespace ordo::study
