// Runs the jobs of a study against a store: takes leases, starts processes and workers with limits,
// reads their events, and records everything. A cell is `done` in the store only by the
// transaction that holds the last of its data.
#pragma once

#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/process.h"
#include "ordo/trial/cell.h"

namespace ordo::store {
class Store;
}

namespace ordo::study {

struct RunOptions {
  int jobs = 1;              ///< processes at a time
  int threads_per_cell = 0;  ///< what cells are told to use; 0: processors / jobs, at least 1
  bool exclusive = false;    ///< for claims on seconds: one process at a time, whatever `jobs` says
  std::size_t log_head = 64 << 10;  ///< bytes kept of the beginning of each output
  std::size_t log_tail = 64 << 10;  ///< bytes kept of its end
  std::string environment = {};     ///< from Store::put_environment, kept with every run
};

/// How one attempt at a cell ended.
struct CellOutcome {
  enum class State {
    done,        ///< exit status 0
    failed,      ///< another exit status, or no report from a process of many cells
    crashed,     ///< died of a signal
    time_limit,  ///< stopped here, as are the next two
    memory_limit,
    output_limit,
    interrupted,  ///< the study was stopped: to be run again
  };
  State state = State::done;
  std::string reason;  ///< a sentence for people; empty if done
  double seconds = 0;  ///< wall clock
  int attempt = 1;     ///< counts from 1
  bool last = true;    ///< false: another attempt follows
};

/// Told what happens, from the thread that runs the jobs. For live tables.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void cell_started(const trial::Cell&) {}
  virtual void cell_event(const trial::Cell&, const Event&) {}
  virtual void cell_finished(const trial::Cell&, const CellOutcome&) {}
  /// A cell that another runner holds or has finished meanwhile.
  virtual void cell_skipped(const trial::Cell&, const std::string& /*why*/) {}
  /// About ten times a second, for drawing.
  virtual void tick() {}
};

/// How many cells ended how.
struct RunSummary {
  int done = 0;
  int failed = 0;       ///< failed, crashed or beyond a limit after the last attempt
  int interrupted = 0;  ///< stopped, or never begun because the study was stopped
  int skipped = 0;      ///< held or finished by another runner
  double seconds = 0;   ///< wall clock of the whole
};

/// Throws IoError for the first command that is not there, with the nearest one that is.
void check_commands(const std::vector<trial::Job>& jobs);

/// Runs `jobs` in order as cells of the study named `study` in `store`. Failures of cells are
/// recorded and counted, never thrown. On the stop token running cells are killed and recorded as
/// interrupted, and the summary so far is returned. Throws IoError if the store cannot be written.
RunSummary run_jobs(const std::vector<trial::Job>& jobs, store::Store& store,
                    const std::string& study, const RunOptions& options, RunObserver& observer,
                    Context& context);

}  // namespace ordo::study
