// What a person at a terminal sees of a program's events: a progress line that redraws itself, and
// messages above it.
#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "ordo/base/events.h"

namespace ordo::cli {

/// Columns of the terminal behind a descriptor; 80 where there is none.
int terminal_width(int descriptor);

/// Seconds as a person says them: "0.4 s", "12 s", "3 min 20 s", "2 h 05 min".
std::string human_seconds(double seconds);

/// Draws progress on a terminal at most ten times a second, and only messages where the stream is
/// no terminal. Thread-safe.
class TerminalSink : public EventSink {
 public:
  /// `stream` is usually stderr; `quiet` leaves only warnings.
  enum class Detail { all, warnings_only };
  TerminalSink(std::FILE* stream, Detail detail);
  ~TerminalSink() override;
  void emit(const Event& event) override;
  /// Takes the progress line away, so that other output starts on a clean line.
  void clear();
  /// From now on, only messages: another output owns the terminal's last line.
  void hide_progress();

 private:
  using Clock = std::chrono::steady_clock;
  void draw(const Progress& progress);
  void clear_line();

  std::mutex mutex_;
  std::FILE* stream_;
  Detail detail_;
  bool is_terminal_;
  bool line_shown_ = false;
  bool progress_hidden_ = false;
  Clock::time_point last_draw_{};
  std::string task_;
  Clock::time_point task_start_{};
  std::map<std::string, double> latest_;  // the newest value of each metric
};

}  // namespace ordo::cli
