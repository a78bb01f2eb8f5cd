// What one process says, on its way into the store: events to series, results and artifacts of the
// run they belong to, everything else to the log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/process.h"
#include "ordo/store/store.h"
#include "ordo/study/line_reader.h"
#include "ordo/study/runner.h"
#include "ordo/trial/cell.h"

namespace ordo::study {

/// A cell that is held, with the run that was started for it.
struct OpenRun {
  const trial::Cell* cell;
  store::RunId run;
};

class Recorder {
 public:
  /// `folder` is where relative artifact paths start.
  Recorder(store::Store& store, RunObserver& observer, const RunOptions& options,
           trial::CellKind kind, std::vector<OpenRun> runs, std::filesystem::path folder);

  void take_output(std::string_view bytes);  ///< of standard output: events and prints
  void take_errors(std::string_view bytes);  ///< of standard error: prints
  void take_events(std::string_view bytes);  ///< of the events descriptor: nothing but events
  std::int64_t printed() const { return printed_; }

  struct Counts {
    int done = 0, failed = 0, interrupted = 0;
  };
  /// Ends every run in the store. `attempt` and `last` go into the outcomes told to the observer.
  /// Returns how many cells ended how.
  Counts finish(const ProcessExit& exit, int attempt, bool last);
  const std::vector<OpenRun>& runs() const { return runs_; }

 private:
  struct Points {
    std::vector<double> steps, values;
  };
  enum class Origin { output, events };

  void take_line(std::string_view line, Origin origin);
  void take_event(const Event& event);
  void take_artifact(std::size_t index, const Artifact& artifact);
  void note(const std::string& text);
  void flush_points();
  std::optional<std::size_t> owner(const Event& event);
  JsonObject final_object() const;
  CellOutcome outcome_of(std::size_t index, const ProcessExit& exit) const;
  void record_end(std::size_t index, const ProcessExit& exit, const CellOutcome& outcome);

  store::Store& store_;
  RunObserver& observer_;
  trial::CellKind kind_;
  std::vector<OpenRun> runs_;
  std::filesystem::path folder_;
  LineReader output_, events_;
  HeadTail log_;
  HeadTail prints_;  // standard output without events: may hold a final JSON object
  std::int64_t printed_ = 0;
  int notes_ = 0;
  std::map<std::pair<std::size_t, std::string>, Points> points_;
  std::map<std::string, std::optional<std::size_t>> owners_;  // by the event's key columns
  std::vector<bool> reported_;
  bool has_result_ = false;
};

}  // namespace ordo::study
