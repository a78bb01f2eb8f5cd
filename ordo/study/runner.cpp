// One thread, one poll loop: as many slots as jobs run at a time, each with a launcher, three pipes
// (output, errors, events) and a recorder. Whatever a cell does comes back as bytes in a pipe or as
// the end of its process, so no cell can take the loop down; a store that cannot be written can,
// and then everything that runs is killed on the way out.

#include "ordo/study/runner.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "ordo/base/pipe.h"
#include "ordo/store/store.h"
#include "ordo/study/launcher.h"
#include "ordo/study/recorder.h"

namespace ordo::study {
namespace {

using Clock = std::chrono::steady_clock;
using State = CellOutcome::State;

constexpr int kEventsDescriptor = 3;
constexpr int kCellsDescriptor = 4;
constexpr auto kTick = std::chrono::milliseconds(100);

// Cells that this runner may take: those never run, changed, or interrupted.
constexpr std::array kFirstAttempt{store::Status::pending, store::Status::stale,
                                   store::Status::killed};
constexpr std::array kFurtherAttempt{store::Status::failed, store::Status::timeout};

struct Pipes {
  Pipe output, errors, events;
};

// A job that waits for its turn.
struct Turn {
  const trial::Job* job;
  int attempt;
};

struct Slot {
  Launcher launcher;
  std::optional<Turn> turn;  // what runs here
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<Pipes> pipes;
};

Json describe_cell(const trial::Cell& cell) {
  return JsonObject{
      {"key", cell.key}, {"variant", cell.variant}, {"seed", cell.seed}, {"params", cell.params}};
}

using Variables = std::vector<std::pair<std::string, std::string>>;

Variables variables_of(const trial::Job& job, int threads, const std::vector<OpenRun>& runs) {
  Variables variables;
  for (const JsonMember& member : job.env) {
    variables.emplace_back(member.key, member.value.as_string("env/" + member.key));
  }
  const std::string count = std::to_string(threads);
  for (const char* name :
       {"ORDO_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"}) {
    if (!job.env.contains(name)) variables.emplace_back(name, count);
  }
  variables.emplace_back("ORDO_EVENTS_FD", std::to_string(kEventsDescriptor));
  if (job.kind == trial::CellKind::many) {
    variables.emplace_back("ORDO_CELLS_FD", std::to_string(kCellsDescriptor));
    return variables;
  }
  const trial::Cell& cell = *runs.front().cell;
  variables.emplace_back("ORDO_CELL", describe_cell(cell).dump());
  variables.emplace_back("ORDO_VARIANT", cell.variant);
  variables.emplace_back("ORDO_SEED", std::to_string(cell.seed));
  return variables;
}

std::string lines_of(const std::vector<OpenRun>& runs) {
  std::string lines;
  for (const OpenRun& open : runs) lines += describe_cell(*open.cell).dump() + "\n";
  return lines;
}

class Runner {
 public:
  Runner(const std::vector<trial::Job>& jobs, store::Store& store, const std::string& study,
         const RunOptions& options, RunObserver& observer, Context& context)
      : store_(store), options_(options), observer_(observer), context_(context), block_(1 << 16) {
    const int count = options.exclusive ? 1 : std::max(options.jobs, 1);
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    threads_ = options.threads_per_cell > 0 ? options.threads_per_cell : std::max(1, cores / count);
    register_cells(jobs, study);
    for (const trial::Job& job : jobs) turns_.push_back({&job, 1});
    const auto useful = std::min<std::size_t>(static_cast<std::size_t>(count), jobs.size());
    for (std::size_t i = 0; i < useful; ++i) slots_.push_back(std::make_unique<Slot>());
  }

  RunSummary run() {
    const auto start = Clock::now();
    while (true) {
      if (context_.stop.stop_requested()) stop_all();
      for (auto& slot : slots_) {
        while (!slot->turn && !turns_.empty()) begin(*slot);
      }
      if (turns_.empty() && std::none_of(slots_.begin(), slots_.end(),
                                         [](const auto& slot) { return slot->turn.has_value(); })) {
        break;
      }
      wait();
      for (auto& slot : slots_) {
        if (slot->turn) attend(*slot);
      }
      tick();
    }
    observer_.tick();
    store_.flush();
    summary_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return summary_;
  }

 private:
  void register_cells(const std::vector<trial::Job>& jobs, const std::string& study) {
    std::vector<store::CellSpec> specs;
    for (const trial::Job& job : jobs) {
      if (job.cells.empty() || (job.kind != trial::CellKind::many && job.cells.size() != 1)) {
        throw UsageError(
            fmt::format("a job of this kind has exactly one cell, not {}", job.cells.size()));
      }
      for (const trial::Cell& cell : job.cells) {
        specs.push_back({cell.variant, cell.params, cell.seed, cell.key});
      }
    }
    const std::vector<store::CellId> ids = store_.add_cells(study, specs);
    for (std::size_t i = 0; i < ids.size(); ++i) ids_[specs[i].key] = ids[i];
  }

  // Takes the leases of the next job's cells and starts it.
  void begin(Slot& slot) {
    const Turn turn = turns_.front();
    turns_.pop_front();
    std::vector<OpenRun> runs;
    for (const trial::Cell& cell : turn.job->cells) {
      const auto run = store_.claim(
          ids_.at(cell.key), {turn.job->fingerprint, options_.environment, threads_},
          turn.attempt == 1 ? std::span<const store::Status>(kFirstAttempt) : kFurtherAttempt);
      if (run) {
        runs.push_back({&cell, *run});
      } else if (turn.attempt == 1) {
        ++summary_.skipped;
        observer_.cell_skipped(cell, "held or finished by another runner");
      }
    }
    if (runs.empty()) return;
    for (const OpenRun& open : runs) observer_.cell_started(*open.cell);
    const Variables variables = variables_of(*turn.job, threads_, runs);
    const InputFile cells(turn.job->kind == trial::CellKind::many ? lines_of(runs) : "");
    slot.recorder = std::make_unique<Recorder>(store_, observer_, options_, turn.job->kind,
                                               std::move(runs), turn.job->folder);
    slot.turn = turn;
    slot.pipes = std::make_unique<Pipes>();
    try {
      launch(slot, variables, cells);
    } catch (const Error& error) {
      ProcessExit exit;
      exit.reason = ProcessExit::Reason::not_started;
      exit.status = 127;
      exit.error = error.what();
      finish(slot, exit);
    }
  }

  static void launch(Slot& slot, const Variables& variables, const InputFile& cells) {
    const trial::Job& job = *slot.turn->job;
    const InputFile input(job.stdin_text);
    std::vector<DescriptorPass> pass{{slot.pipes->output.write_end(), 1},
                                     {slot.pipes->errors.write_end(), 2},
                                     {slot.pipes->events.write_end(), kEventsDescriptor}};
    if (!job.stdin_text.empty()) pass.push_back({input.descriptor(), 0});
    if (job.kind == trial::CellKind::many) pass.push_back({cells.descriptor(), kCellsDescriptor});
    slot.launcher.start(job, variables, pass);
    slot.pipes->output.close_write();
    slot.pipes->errors.close_write();
    slot.pipes->events.close_write();
  }

  void wait() {
    std::vector<int> descriptors;
    for (const auto& slot : slots_) {
      if (!slot->turn) continue;
      slot->launcher.append_descriptors(descriptors);
      for (const Pipe* pipe : {&slot->pipes->output, &slot->pipes->errors, &slot->pipes->events}) {
        if (pipe->read_end() >= 0) descriptors.push_back(pipe->read_end());
      }
    }
    if (descriptors.empty()) return;  // everything that was begun has ended already
    std::vector<pollfd> ready;
    ready.reserve(descriptors.size());
    for (int descriptor : descriptors) ready.push_back({descriptor, POLLIN, 0});
    ::poll(ready.data(), ready.size(), 50);
  }

  bool drain(Slot& slot) {
    Recorder& recorder = *slot.recorder;
    bool more = slot.pipes->events.drain(block_, [&](auto bytes) { recorder.take_events(bytes); });
    more |= slot.pipes->output.drain(block_, [&](auto bytes) { recorder.take_output(bytes); });
    more |= slot.pipes->errors.drain(block_, [&](auto bytes) { recorder.take_errors(bytes); });
    return more;
  }

  void attend(Slot& slot) {
    drain(slot);
    const std::int64_t limit = slot.turn->job->output_limit;
    if (limit > 0 && slot.recorder->printed() > limit) {
      slot.launcher.stop(ProcessExit::Reason::output_limit);
    }
    const auto exit = slot.launcher.poll();
    if (!exit) return;
    while (drain(slot)) {
    }
    finish(slot, *exit);
  }

  void finish(Slot& slot, const ProcessExit& exit) {
    if (const std::string text = slot.launcher.worker_output(); exit.status != 0 && !text.empty()) {
      slot.recorder->take_errors("[ordo] the worker said:\n" + text);
    }
    const Turn turn = *slot.turn;
    const bool stopping = context_.stop.stop_requested();
    const bool last = turn.attempt > turn.job->retries || stopping;
    const auto counts = slot.recorder->finish(exit, turn.attempt, last);
    summary_.done += counts.done;
    summary_.interrupted += counts.interrupted;
    if (counts.failed > 0 && !last)
      turns_.push_front({turn.job, turn.attempt + 1});
    else
      summary_.failed += counts.failed;
    slot.turn.reset();
    slot.recorder.reset();
    slot.pipes.reset();
  }

  // Asks what runs to end, and forgets what waits.
  void stop_all() {
    for (const Turn& turn : turns_) {
      summary_.interrupted += static_cast<int>(turn.job->cells.size());
    }
    turns_.clear();
    for (auto& slot : slots_) {
      if (slot->turn) slot->launcher.stop(ProcessExit::Reason::stopped);
    }
  }

  void tick() {
    if (Clock::now() < next_tick_) return;
    next_tick_ = Clock::now() + kTick;
    observer_.tick();
  }

  store::Store& store_;
  const RunOptions& options_;
  RunObserver& observer_;
  Context& context_;
  std::vector<char> block_;
  int threads_ = 1;
  std::map<std::string, store::CellId> ids_;
  std::deque<Turn> turns_;
  std::vector<std::unique_ptr<Slot>> slots_;
  RunSummary summary_;
  Clock::time_point next_tick_;
};

}  // namespace

void check_commands(const std::vector<trial::Job>& jobs) {
  std::set<std::pair<std::string, std::filesystem::path>> seen;
  for (const trial::Job& job : jobs) {
    if (job.argv.empty()) throw UsageError("a job has no command");
    if (!seen.emplace(job.argv[0], job.folder).second) continue;
    Command command{.argv = job.argv, .env = {}, .folder = job.folder};
    if (const Json* path = job.env.find("PATH")) {
      command.env.emplace_back("PATH", path->as_string("env/PATH"));
    }
    find_program(command);
  }
}

RunSummary run_jobs(const std::vector<trial::Job>& jobs, store::Store& store,
                    const std::string& study, const RunOptions& options, RunObserver& observer,
                    Context& context) {
  return Runner(jobs, store, study, options, observer, context).run();
}

}  // namespace ordo::study
