// The table that a person watches while a study runs: a line a variant with its cells and the
// newest metric, and a line with rate and remaining time, redrawn in place.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/study/verbs.h"

namespace ordo::study {

/// Draws through a function, at most ten times a second. Only for terminals: it writes escape
/// codes that move the cursor.
class LiveTable : public StudyObserver {
 public:
  struct Screen {
    std::function<void(std::string_view)> write;  ///< to the terminal
    std::function<int()> columns;                 ///< of the terminal, now
    int rows = 24;                                ///< of the terminal
  };
  explicit LiveTable(Screen screen);

  void begin(const Plan& plan) override;
  void end() override;
  void cell_started(const trial::Cell& cell) override;
  void cell_event(const trial::Cell& cell, const Event& event) override;
  void cell_finished(const trial::Cell& cell, const CellOutcome& outcome) override;
  void cell_skipped(const trial::Cell& cell, const std::string& why) override;
  void tick() override;

  /// What is drawn now, without escape codes: lines of at most `columns` characters.
  std::vector<std::string> frame(int columns) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Line {
    int total = 0, running = 0, done = 0, failed = 0;  ///< cells of this run
    std::string latest;                                ///< the newest metric or progress
  };
  void draw();
  std::string summary_line() const;

  Screen screen_;
  std::vector<std::string> order_;
  std::map<std::string, Line> lines_;
  std::vector<std::string> notes_;  ///< failures, shown above the table once
  std::size_t planned_ = 0, finished_ = 0;
  Clock::time_point start_{}, last_draw_{};
  std::size_t drawn_lines_ = 0;
};

}  // namespace ordo::study
